import { repeatedName } from './unique-names.js';

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":{"b":1,"c":[{"d":1}, {"d":1, "e":"d", "d":2}]}}', 'd'],
  ['{"a":1, "\\u0061":2}', 'a'],
  ['{"":1,"":2}', ''],
  ['{"a\\"":1,"b":",\\"a","a\\"":2}', 'a"'],
])('%s names %s twice', (text, name) => {
  expect(repeatedName(text)).toBe(name);
});

test.each([
  '{"a":"a","b":"a"}',
  '[{"a":1},{"a":1}]',
  '{"a":["a","a"]}',
  '"a"',
  '{"a":{"a":{"a":1}}}',
  'null',
])('%s names nothing twice', (text) => {
  expect(repeatedName(text)).toBeNull();
});
