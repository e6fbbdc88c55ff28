import { ApiError, badInput } from '../errors/api-error.js';
import { JsonObjectScalar, Quantity, type JsonObject } from '../scalars/index.js';

/** A JSON object within the bounds of those in GraphQL, else BAD_USER_INPUT. */
export function readObject(field: string, value: unknown): JsonObject {
  return read(field, () => JsonObjectScalar.parseValue(value));
}

/** Units, 0 to 2^53-1; undefined and null: `otherwise`. */
export function readQuantity(field: string, value: unknown, otherwise: number): number {
  return value == null ? otherwise : read(field, () => Quantity.parseValue(value));
}

/** Null where there is none. */
export function readText(field: string, value: unknown): string | null {
  if (value == null) return null;
  if (typeof value === 'string') return value;
  throw badInput(field, 'a text is wanted');
}

function read<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badInput(field, error instanceof Error ? error.message : String(error));
  }
}
