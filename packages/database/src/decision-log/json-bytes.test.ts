import fc from 'fast-check';
import { JsonBytes } from './json-bytes.js';

function written(value: unknown): string {
  const json = new JsonBytes(Buffer.alloc(1));
  json.value(value);
  return json.bytes.toString();
}

test('any JSON is written as JSON.stringify writes it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }), (value) => {
      expect(written(value)).toBe(JSON.stringify(value));
    }),
    { numRuns: 2000 },
  );
});

test('text is escaped as JSON.stringify escapes it, halves of surrogate pairs too', () => {
  for (let code = 0; code < 0x180; code += 1) {
    const text = `a${String.fromCharCode(code)}b`;
    expect(written(text)).toBe(JSON.stringify(text));
  }
  for (const text of ['', '\ud800', 'a\udc00', '\u2028', '漢字', '\u{1f600}', '"\\"', 'x'.repeat(10_000)])
    expect(written([text, text])).toBe(JSON.stringify([text, text]));
});

test('numbers have the digits that JSON.stringify gives them', () => {
  const near = [0, 1, 9, 10, 99_999_999, 1e8, 1e8 + 1, 123_456_789_012, 1e15, 1e16, Number.MAX_SAFE_INTEGER];
  const numbers = near.flatMap((number) => [number, number - 1, number + 1, -number, number / 3]);
  for (const number of [...numbers, -0, 5e-324, 1e300, NaN, Infinity, -Infinity])
    expect(written(number)).toBe(JSON.stringify(number));
  fc.assert(
    fc.property(fc.maxSafeInteger(), (number) => {
      expect(written(number)).toBe(JSON.stringify(number));
    }),
  );
});

test('what JSON has no word for is left out, or null, or says itself what it is, as in JSON.stringify', () => {
  const odd = [
    undefined,
    () => 1,
    Symbol('s'),
    new Date(0),
    new Map([[1, 2]]),
    Object.create(null),
    Object(1),
  ];
  const members = Object.fromEntries(odd.map((value, index) => [`member${String(index)}`, value]));
  for (const value of [odd, members, { only: undefined }, JSON.parse('{"__proto__":{"a":1},"2":0,"1":0}')])
    expect(written(value)).toBe(JSON.stringify(value));
  expect(() => written({ big: 1n })).toThrow(TypeError);
});

test('what was written stays where it was when more is written, and is forgotten from where one says', () => {
  const json = new JsonBytes(Buffer.alloc(1));
  json.value(['first']);
  const { length } = json;
  json.value('x'.repeat(5000));
  json.truncate(length);
  json.value('é');
  expect(json.bytes.toString()).toBe('["first"]"é"');
});
