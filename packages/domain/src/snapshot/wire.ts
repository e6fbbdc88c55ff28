import { instant, type Instant, parseDuration, parseTimeZone } from '../time/instant.js';
import { type Codec, integer, list, Misfit, pair, text, translated } from './codec.js';

/** The smallest pieces of a snapshot, read and written by one codec each. Mappings are lists of pairs: their order counts. */

/** A text that its parser takes. */
export function word<T extends string>(parse: (text: string) => T | null): Codec<T, string> {
  return translated<T, string, string>(text, {
    read: (written) => {
      const value = parse(written);
      if (value !== null) return value;
      throw new Misfit('a text of another form stands here');
    },
    write: (value) => value,
  });
}

export const duration = word(parseDuration);
export const timeZone = word(parseTimeZone);

/** Beyond it there are no dates. */
const LAST = 8.64e15;

/** Whole milliseconds since 1970. */
export const time = translated<Instant, number, number>(integer(), {
  read: (milliseconds) => {
    if (Math.abs(milliseconds) <= LAST) return instant(milliseconds);
    throw new Misfit('no date is that far away');
  },
  write: (at) => at,
});
/** Seconds since 1970, as tokens give times. */
export const seconds = translated<Instant, number, number>(integer(0), {
  read: (value) => time.read(value * 1000),
  write: (at) => Math.floor(at / 1000),
});

export const nonEmpty = translated<string, string, string>(text, {
  read: (written) => {
    if (written !== '') return written;
    throw new Misfit('a text that is not empty is wanted here');
  },
  write: (value) => value,
});
export const count = integer(0);
export const timeOrNull = time.nullable();
export const durationOrNull = duration.nullable();

export function mapOf<K, KeyText, V, Written>(
  key: Codec<K, KeyText>,
  value: Codec<V, Written>,
): Codec<ReadonlyMap<K, V>, readonly [KeyText, Written][]> {
  return translated(list(pair(key, value)), {
    read: (pairs): ReadonlyMap<K, V> => new Map(pairs),
    write: (map) => [...map],
  });
}

export function setOf<V, W>(item: Codec<V, W>): Codec<ReadonlySet<V>, readonly W[]> {
  return translated(list(item), {
    read: (items): ReadonlySet<V> => new Set(items),
    write: (set) => [...set],
  });
}
