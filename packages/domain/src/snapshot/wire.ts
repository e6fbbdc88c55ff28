import { z } from 'zod';
import { instant, type Instant, parseDuration, parseTimeZone } from '../time/instant.js';

/** The smallest pieces of a snapshot, read and written by one schema each. Mappings are lists of pairs: their order counts. */

/** A text that its parser takes. */
export function word<T extends string>(parse: (text: string) => T | null) {
  return z.codec(z.string(), z.custom<T>(), {
    decode: (text, context) => {
      const value = parse(text);
      if (value !== null) return value;
      context.issues.push({ code: 'custom', message: 'a text of another form stands here', input: text });
      return z.NEVER;
    },
    encode: (value) => value,
  });
}

export const duration = word(parseDuration);
export const timeZone = word(parseTimeZone);

/** Beyond it there are no dates. */
const LAST = 8.64e15;

/** Whole milliseconds since 1970. */
export const time = z.codec(z.int(), z.custom<Instant>(), {
  decode: (milliseconds, context) => {
    if (Math.abs(milliseconds) <= LAST) return instant(milliseconds);
    context.issues.push({ code: 'custom', message: 'no date is that far away', input: milliseconds });
    return z.NEVER;
  },
  encode: (at) => at,
});
/** Seconds since 1970, as tokens give times. */
export const seconds = z.codec(
  z
    .int()
    .min(0)
    .max(LAST / 1000),
  z.custom<Instant>(),
  {
    decode: (value) => instant(value * 1000),
    encode: (at) => Math.floor(at / 1000),
  },
);

export const count = z.int().min(0);
export const timeOrNull = time.nullable();
export const durationOrNull = duration.nullable();

export function list<T extends z.ZodType>(item: T) {
  return z.array(item).readonly();
}

export function mapOf<K, KeyText, V, Written>(key: z.ZodType<K, KeyText>, value: z.ZodType<V, Written>) {
  return z.codec(z.array(z.tuple([key, value])), z.custom<ReadonlyMap<K, V>>(), {
    decode: (pairs) => new Map(pairs),
    encode: (map) => [...map],
  });
}

export function setOf<T extends z.ZodType>(item: T) {
  return z.codec(z.array(item), z.custom<ReadonlySet<z.output<T>>>(), {
    decode: (items) => new Set(items),
    encode: (set) => [...set],
  });
}
