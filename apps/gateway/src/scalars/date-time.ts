import { GraphQLScalarType } from 'graphql';
import { formatInstant, instant, parseInstant, type Instant } from '@licet/domain';
import { badValue, scalarLiteral } from './bad-value.js';

const WITH_TIME = /^\d{4}-\d\d-\d\d[Tt]/;

function readDateTime(value: unknown): Instant {
  const parsed = typeof value === 'string' && WITH_TIME.test(value) ? parseInstant(value) : null;
  if (parsed === null) {
    throw badValue(value, 'a time is written as in RFC 3339, such as `2026-01-31T12:00:00.000Z`');
  }
  return parsed;
}

/** Inside: an Instant. Outside: RFC 3339 in UTC, to the millisecond. */
export const DateTime = new GraphQLScalarType<Instant, string>({
  name: 'DateTime',
  serialize(value) {
    if (typeof value !== 'number')
      throw new TypeError(`DateTime is made from an Instant, not ${typeof value}`);
    return formatInstant(instant(value));
  },
  parseValue: readDateTime,
  parseLiteral: (node) => readDateTime(scalarLiteral(node)),
});
