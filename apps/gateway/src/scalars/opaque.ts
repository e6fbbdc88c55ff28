import { GraphQLScalarType, Kind } from 'graphql';
import { badValue, scalarLiteral } from './bad-value.js';

/** A cursor holds the id of what it stands at: a customer's of 255 characters takes up to 1,379 as base64. */
const LENGTH_MAX = 2048;

function opaque(name: string, description: string): GraphQLScalarType<string, string> {
  function read(value: unknown): string {
    if (typeof value === 'string' && value.length > 0 && value.length <= LENGTH_MAX) return value;
    throw badValue(value, `a ${name.toLowerCase()} is text, handed back as it was answered`);
  }
  return new GraphQLScalarType<string, string>({
    name,
    description,
    serialize: read,
    parseValue: read,
    parseLiteral: (node) => read(node.kind === Kind.STRING ? node.value : [scalarLiteral(node)]),
  });
}

export const RevisionScalar = opaque(
  'Revision',
  "A point in the tenant's history. Opaque: hand it back as `atLeast`, never compare or parse it. Returned by every mutation that writes and every decision.",
);
export const Cursor = opaque('Cursor', "A place in a list or in the tenant's event log. Opaque.");
