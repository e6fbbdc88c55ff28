import { randomInt } from 'node:crypto';
import { keyedHash } from './master-key.js';

declare const brand: unique symbol;

/** A licence key in its canonical form, whose check symbol is right. It is a secret: no log, event or row holds it. */
export type LicenseKey = string & { readonly [brand]: 'LicenseKey' };

/** Crockford's base32 without its vowels A and E, and Y: 29 symbols, a prime, of which the check symbol is one, too. */
const SYMBOLS = '0123456789BCDFGHJKMNPQRSTVWXZ';
const DIGITS = 10;
const GROUPS = 8;
const GROUP = 4;
/** Place in each group that holds a digit, so that three letters never stand together. */
const DIGIT_AT = 2;
const LENGTH = GROUPS * GROUP;

/** Longer than any way to type a key. */
const TYPED_MAX = 128;
const BETWEEN = /[\s\p{Pd}]+/gu;
const TYPED = /^[0-9A-Za-z]+$/;

/**
 * A new key, such as `K74M-XB0Q-…`: eight groups of four. All but the last symbol are random, 138 bits; 120 of them are
 * not in the hint. There are no vowels, and no three letters in a row, so no group can be a word.
 */
export function makeLicenseKey(): LicenseKey {
  const places = Array.from({ length: LENGTH - 1 }, (_, place) =>
    randomInt(place % GROUP === DIGIT_AT ? DIGITS : SYMBOLS.length),
  );
  const check = (SYMBOLS.length - ((remainderOf(places) * 2) % SYMBOLS.length)) % SYMBOLS.length;
  const key = parseLicenseKey([...places, check].map((value) => SYMBOLS.charAt(value)).join(''));
  if (key === null) throw new Error('what is made is a licence key');
  return key;
}

/**
 * The key that somebody has typed, in its canonical form: lower case, spaces and dashes in any place or none, O for 0, I or
 * L for 1. Null for what cannot be a key, which needs no look-up to tell: any one symbol that is wrong, and any two
 * neighbours that have changed places, are noticed.
 */
export function parseLicenseKey(typed: string): LicenseKey | null {
  if (typed.length > TYPED_MAX) return null;
  const symbols = typed.replace(BETWEEN, '');
  if (symbols.length !== LENGTH || !TYPED.test(symbols)) return null;
  const read = symbols.toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1');
  const places = Array.from(read, (symbol) => SYMBOLS.indexOf(symbol));
  if (!places.every(isOfItsPlace) || remainderOf(places) !== 0) return null;
  return canonical(read);
}

function isOfItsPlace(value: number, place: number): boolean {
  return value >= 0 && (place % GROUP !== DIGIT_AT || value < DIGITS);
}

/**
 * Sum of the values, each times the power of two of its place, modulo 29: zero for a whole key. No power of two is a
 * multiple of a prime, nor is the difference of two neighbouring ones: so no single change leaves the sum, and no exchange of
 * unlike neighbours.
 */
function remainderOf(places: readonly number[]): number {
  return places.reduce((sum, value) => (sum * 2 + value) % SYMBOLS.length, 0);
}

function canonical(symbols: string): LicenseKey {
  const key = symbols.replace(/.{4}(?=.)/g, '$&-');
  if (!isCanonical(key)) throw new Error('a licence key has groups of four');
  return key;
}

function isCanonical(text: string): text is LicenseKey {
  return text.length === LENGTH + GROUPS - 1;
}

/** First group: enough to tell a customer's keys apart. */
export function licenseKeyHint(key: LicenseKey): string {
  return key.slice(0, GROUP);
}

/**
 * How a key is kept, and found again: HMAC-SHA256 under the purpose key `license-key` (32 bytes), the same each time. A
 * copy of the table cannot be searched with it.
 */
export function licenseKeyDigest(purposeKey: Buffer, key: LicenseKey): Buffer {
  return keyedHash(purposeKey, key);
}
