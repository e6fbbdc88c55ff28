import { Kind, print, type ValueNode } from 'graphql';

/**
 * A value that a scalar refuses, with what it wants instead. No GraphQLError: the library then adds the node, by which
 * the path of the argument is found.
 */
export function badValue(value: unknown, wanted: string): TypeError {
  const text = JSON.stringify(value) ?? typeof value;
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new TypeError(`${wanted}; not \`${shown}\``);
}

/** What a literal in a document says, as JSON would: numbers and strings; anything else as its text in an array. */
export function scalarLiteral(node: ValueNode): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    default:
      return [print(node)];
  }
}
