import { documentProblem } from './document-limits.js';

test('an ordinary request passes', () => {
  expect(documentProblem('{"query":"{ plans { key } }","variables":{"a":[1,{"b":"\\\\n"}]}}')).toBeNull();
});

test.each([
  ['too many open brackets', '['.repeat(201)],
  ['a NUL character', 'a\0b'],
  ['an escaped NUL character', '{"id":"a\\u0000b"}'],
  ['a NUL character as GraphQL writes it', '{ customer(id: "\\u{0}") { id } }'],
])('%s is refused', (_name, text) => {
  expect(documentProblem(text)).not.toBeNull();
});

const DEEP = '['.repeat(201);

test.each([
  ['a text', `{ a(b: "${DEEP}") }`],
  ['a text after an escaped quote', `{ a(b: "\\"${DEEP}") }`],
  ['a block of text', `{ a(b: """ " \\""" ${DEEP}""") }`],
  ['a comment', `{ a } # "${DEEP}`],
])('brackets in %s are no depth', (_name, document) => {
  expect(documentProblem(document)).toBeNull();
});

test.each([
  ['a text', `{ a(b: "", c: ${DEEP}`],
  ['a text that ends in a backslash', `{ a(b: "\\\\", c: ${DEEP}`],
  ['a block of text', `{ a(b: """ \\""" """, c: ${DEEP}`],
  ['a comment', `{ a # "\n (b: ${DEEP}`],
])('brackets after %s are counted', (_name, document) => {
  expect(documentProblem(document)).not.toBeNull();
});

test('many brackets side by side are no depth', () => {
  expect(documentProblem('[]'.repeat(10_000))).toBeNull();
});
