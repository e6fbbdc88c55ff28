import {
  licenseKeyDigest,
  licenseKeyHint,
  type LicenseKey,
  makeLicenseKey,
  parseLicenseKey,
} from './license-key.js';
import { deriveKey, parseMasterKey } from './master-key.js';

const KEYS = Array.from({ length: 5_000 }, makeLicenseKey);
const FEW = KEYS.slice(0, 200);
const EVERY_SYMBOL = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Pairs of which the first is read as the second. */
const SAME = new Set(['O0', 'I1', 'L1']);

function bare(key: LicenseKey): string {
  return key.replaceAll('-', '');
}

function known(text: string): LicenseKey {
  const key = parseLicenseKey(text);
  if (key === null) throw new Error(`not a key: ${text}`);
  return key;
}

test('is eight groups of four of Crockford base32, and its own canonical form', () => {
  for (const key of KEYS) {
    expect(key).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(parseLicenseKey(key)).toBe(key);
  }
  expect(new Set(KEYS).size).toBe(KEYS.length);
});

test('has 120 random bits besides its hint and its check symbol', () => {
  const seen = Array.from({ length: 32 }, (_, place) => new Set(KEYS.map((key) => bare(key)[place])).size);
  const bits = seen.slice(4, -1).reduce((sum, symbols) => sum + Math.log2(symbols), 0);
  expect(bits).toBeGreaterThanOrEqual(120);
  expect(licenseKeyHint(KEYS[0]!)).toBe(KEYS[0]!.slice(0, 4));
});

test('holds no word: no vowel, and no three letters together in a group', () => {
  for (const key of KEYS) expect(key).not.toMatch(/[AEIOUY]|[A-Z]{3}/);
});

/** What `alter` makes of keys and is taken for a key all the same. */
function unnoticed(
  keys: readonly LicenseKey[],
  alter: (symbols: string, place: number) => string[],
): string[] {
  const altered = keys
    .map(bare)
    .flatMap((symbols) => Array.from(symbols, (_, place) => alter(symbols, place)));
  return altered.flat().filter((symbols) => parseLicenseKey(symbols) !== null);
}

test('any one wrong symbol is noticed', () => {
  const wrong = (symbols: string, place: number): string[] =>
    Array.from(EVERY_SYMBOL)
      .filter((symbol) => !SAME.has(symbol + symbols.charAt(place)) && symbol !== symbols[place])
      .map((symbol) => symbols.slice(0, place) + symbol + symbols.slice(place + 1));
  expect(unnoticed(FEW, wrong)).toEqual([]);
});

test('any two neighbours that have changed places are noticed', () => {
  const exchanged = (symbols: string, place: number): string[] => {
    const [left = '', right = ''] = symbols.slice(place, place + 2);
    return left === right || right === ''
      ? []
      : [symbols.slice(0, place) + right + left + symbols.slice(place + 2)];
  };
  expect(unnoticed(KEYS, exchanged)).toEqual([]);
});

test('a missing and an additional symbol are noticed', () => {
  for (const key of FEW) {
    const symbols = bare(key);
    for (let place = 0; place < symbols.length; place++) {
      expect(parseLicenseKey(symbols.slice(0, place) + symbols.slice(place + 1))).toBeNull();
      expect(parseLicenseKey(`${symbols.slice(0, place)}7${symbols.slice(place)}`)).toBeNull();
    }
  }
});

test.each<[string, (key: string) => string]>([
  ['in lower case', (key) => key.toLowerCase()],
  ['without dashes', (key) => key.replaceAll('-', '')],
  ['with spaces for dashes', (key) => key.replaceAll('-', ' ')],
  ['with the dashes of a word processor', (key) => key.replaceAll('-', ' – ')],
  ['in other groups', (key) => key.replaceAll('-', '').replace(/.{5}/g, '$&-')],
  ['with spaces, tabs and line ends around it', (key) => ` \t${key.slice(0, 20)}\r\n${key.slice(20)}\u00a0`],
  ['with O for 0', (key) => key.replaceAll('0', 'O')],
  ['with o for 0, in lower case', (key) => key.toLowerCase().replaceAll('0', 'o')],
  ['with I for 1', (key) => key.replaceAll('1', 'I')],
  ['with l for 1', (key) => key.replaceAll('1', 'l')],
])('typed %s it is understood', (_, typed) => {
  for (const key of KEYS) expect(parseLicenseKey(typed(key))).toBe(key);
  expect(KEYS.some((key) => key.includes('0')) && KEYS.some((key) => key.includes('1'))).toBe(true);
});

test.each([
  ['nothing', ''],
  ['dashes', '-------'],
  ['another kind of key', `lk_admin_${'a'.repeat(40)}`],
  ['letters that have two capitals', 'ß'.repeat(16)],
  ['an i without its dot', '\u0131'.repeat(32)],
  ['digits of another script', '٠'.repeat(32)],
  ['much too long a text', `${'-'.repeat(200)}${'0'.repeat(32)}`],
])('%s is no key', (_, typed) => {
  expect(parseLicenseKey(typed)).toBeNull();
});

test('is found again by its keyed digest, however it was typed, and under its own purpose key alone', () => {
  const master = parseMasterKey(undefined).key;
  const key = known('bc2d-ghlk-mn2q rs3vwx4z oooo O123-BC5Q');
  const digest = licenseKeyDigest(deriveKey(master, 'license-key'), key);
  expect(digest.toString('hex')).toBe('8e524f130dca6aef8d32eaadbe4cc98dc951e4100cf562f77160a388ea68414a');
  expect(licenseKeyDigest(deriveKey(master, 'license-key'), known(key.toLowerCase()))).toEqual(digest);
  expect(licenseKeyDigest(deriveKey(master, 'api-key'), key)).not.toEqual(digest);
  expect(licenseKeyDigest(deriveKey(master, 'license-key'), KEYS[0]!)).not.toEqual(digest);
});
