import { types } from 'pg';

/** Counters are at most 2^53-1 (a check in the domain), so `bigint` columns are read as numbers. */
export function parseBigIntAsNumber(): void {
  types.setTypeParser(types.builtins.INT8, (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is beyond 2^53-1`);
    return value;
  });
}
