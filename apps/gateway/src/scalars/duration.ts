import { GraphQLScalarType } from 'graphql';
import { parseDuration, type IsoDuration } from '@licet/domain';
import { badValue, scalarLiteral } from './bad-value.js';

function readDuration(value: unknown): IsoDuration {
  const parsed = typeof value === 'string' ? parseDuration(value) : null;
  if (parsed === null)
    throw badValue(value, 'a duration is positive and written as in ISO 8601, such as `P1M`');
  return parsed;
}

/** ISO 8601, positive. */
export const Duration = new GraphQLScalarType<IsoDuration, string>({
  name: 'Duration',
  serialize(value) {
    if (typeof value !== 'string') throw new TypeError(`Duration is made from text, not ${typeof value}`);
    return value;
  },
  parseValue: readDuration,
  parseLiteral: (node) => readDuration(scalarLiteral(node)),
});
