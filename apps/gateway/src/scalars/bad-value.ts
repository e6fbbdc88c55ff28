import { Kind, print, type ValueNode } from 'graphql';

/**
 * A value that a scalar refuses, with what it wants instead. No GraphQLError: the library then adds the node, by which
 * the path of the argument is found.
 */
export function badValue(value: unknown, wanted: string): TypeError {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new TypeError(`${wanted}; not \`${shown}\``);
}

/** What a literal in a document says, as JSON would: numbers and strings; anything else as its text in an array. */
export function scalarLiteral(node: ValueNode): unknown {
  if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return Number(node.value);
  return node.kind === Kind.STRING || node.kind === Kind.BOOLEAN ? node.value : [print(node)];
}
