import { GraphQLScalarType, Kind } from 'graphql';
import { badValue, scalarLiteral } from './bad-value.js';

const WANTED = 'a quantity is a whole number from 0 to 9007199254740991';

function readQuantity(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw badValue(value, WANTED);
  return value;
}

export const Quantity = new GraphQLScalarType<number, number>({
  name: 'Quantity',
  description: 'Whole number, 0 to 2^53-1.',
  serialize(value) {
    return readQuantity(value);
  },
  parseValue: readQuantity,
  parseLiteral(node) {
    return node.kind === Kind.INT ? readQuantity(Number(node.value)) : readQuantity([scalarLiteral(node)]);
  },
});
