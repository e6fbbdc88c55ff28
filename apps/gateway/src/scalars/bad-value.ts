import { GraphQLError, Kind, print, type ValueNode } from 'graphql';

/** A value that a scalar refuses, with what it wants instead. */
export function badValue(value: unknown, wanted: string): GraphQLError {
  const text = JSON.stringify(value) ?? typeof value;
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new GraphQLError(`${wanted}; not \`${shown}\``, { extensions: { code: 'BAD_USER_INPUT' } });
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
