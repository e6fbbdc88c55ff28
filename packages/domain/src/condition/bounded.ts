/** A list, text or object of facts is at most this long; what is longer cannot be evaluated, so that no check takes long. */
export const LONGEST_LIST = 1000;
const LONGEST_TEXT = 4096;

/** A fact that is too long for a condition. */
export class TooLongError extends Error {
  constructor(name: string) {
    super(
      `\`${name}\` is too long: a list or an object holds at most ${String(LONGEST_LIST)} items here, a text ${String(LONGEST_TEXT)} characters`,
    );
    this.name = 'TooLongError';
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

/** The same facts, where reading what is too long throws TooLongError. Facts that are all short are handed back as they are. */
export function boundedFacts(facts: JsonObject, name: string): JsonObject {
  return isShort(facts) ? facts : guarded(facts, name);
}

function isShort(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_TEXT;
  if (typeof value !== 'object' || value === null) return true;
  const parts: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return parts.length <= LONGEST_LIST && parts.every(isShort);
}

function guarded(facts: JsonObject, name: string): JsonObject {
  const copy = {};
  for (const [key, value] of Object.entries(facts)) {
    const path = `${name}.${key}`;
    if (isShort(value)) Object.defineProperty(copy, key, { value, enumerable: true });
    else Object.defineProperty(copy, key, { get: () => inner(value, path), enumerable: true });
  }
  return copy;
}

/** Of an object with a part that is too long the other parts can be read. */
function inner(value: unknown, path: string): JsonObject {
  if (isObject(value) && Object.keys(value).length <= LONGEST_LIST) return guarded(value, path);
  throw new TooLongError(path);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
