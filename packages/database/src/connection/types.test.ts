import { types } from 'pg';
import { setTypeParsers, typeParser } from './types.js';

const driversOwn = typeParser(types.builtins.TIMESTAMPTZ);
beforeAll(setTypeParsers);

test.each([
  '2026-01-31 09:30:00+00',
  '2026-01-31 09:30:00.5+00',
  '2026-01-31 09:30:00.289+00',
  '2026-01-31 09:30:00.999999+00',
  '1969-12-31 23:59:59.999+00',
  '9999-12-31 23:59:59.999+00',
  '2026-01-31 09:30:00.5+01',
  '2026-01-31 09:30:00-03:30',
  '0099-01-01 00:00:00+00',
  '10000-01-01 00:00:00+00',
  '0044-03-15 00:00:00+00 BC',
])('the time %s is read as the driver reads it', (text) => {
  const read = typeParser(types.builtins.TIMESTAMPTZ);
  expect(read(text)).toEqual(driversOwn(text));
});

test('every millisecond of a second is read as it was written', () => {
  const read = typeParser(types.builtins.TIMESTAMPTZ);
  for (let millisecond = 0; millisecond < 1000; millisecond += 1) {
    const written = `2026-01-31 09:30:00.${String(millisecond).padStart(3, '0')}+00`;
    expect(read(written)).toEqual(new Date(Date.UTC(2026, 0, 31, 9, 30, 0, millisecond)));
  }
});

test('a number that JavaScript cannot hold is no counter', () => {
  const read = typeParser(types.builtins.INT8);
  expect(read('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => read('9007199254740992')).toThrow(RangeError);
});
