import { GraphQLScalarType, valueFromASTUntyped } from 'graphql';
import { badValue } from './bad-value.js';
import { isStorable, STORABLE_WANTED } from './storable.js';

/** Deeper values are refused, so that nothing that walks them runs out of stack. */
const DEPTH_MAX = 32;

export type JsonObject = Record<string, unknown>;

function isTooDeep(value: unknown, levelsLeft: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levelsLeft === 0) return true;
  return Object.values(value).some((child) => isTooDeep(child, levelsLeft - 1));
}

function readJson(value: unknown): unknown {
  if (isTooDeep(value, DEPTH_MAX))
    throw badValue('…', `JSON is nested at most ${String(DEPTH_MAX)} levels deep`);
  requireKept(value);
  return value;
}

/** Refuses what would not come back as it was sent: numbers beyond a double's range (1e400), texts that cannot be stored. */
function requireKept(value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw badValue('…', 'a JSON number lies within the range of a double');
  if (typeof value === 'string' && !isStorable(value)) throw badValue('…', STORABLE_WANTED);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    requireKept(key);
    requireKept(child);
  }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJsonObject(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw badValue(value, 'a JSON object is wanted');
  readJson(value);
  return value;
}

export const Json = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  parseValue: readJson,
  parseLiteral: (node, variables) => readJson(valueFromASTUntyped(node, variables)),
});

export const JsonObjectScalar = new GraphQLScalarType<JsonObject, JsonObject>({
  name: 'JSONObject',
  serialize(value) {
    if (!isJsonObject(value)) throw new TypeError('JSONObject is made from an object');
    return value;
  },
  parseValue: readJsonObject,
  parseLiteral: (node, variables) => readJsonObject(valueFromASTUntyped(node, variables)),
});
