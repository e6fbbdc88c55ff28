import { ApiError, badInput } from '../errors/api-error.js';
import { JsonObjectScalar, Quantity, type JsonObject } from '../scalars/index.js';

/** A JSON object within the bounds of those in GraphQL, else BAD_USER_INPUT. */
export function readObject(field: string, value: unknown): JsonObject {
  if (value == null) throw badInput(field, 'it is missing; a JSON object is wanted');
  return read(field, () => JsonObjectScalar.parseValue(value));
}

/** Units, 0 to 2^53-1; undefined and null: `otherwise`. */
export function readQuantity(field: string, value: unknown, otherwise: number): number {
  return value == null ? otherwise : read(field, () => Quantity.parseValue(value));
}

/** A text that must be there, and say something; else BAD_USER_INPUT. */
export function readName(field: string, value: unknown): string {
  const text = readText(field, value);
  if (text !== null && text !== '') return text;
  throw badInput(field, 'it is missing; a text is wanted');
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
