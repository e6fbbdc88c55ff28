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

test('many brackets side by side are no depth', () => {
  expect(documentProblem('[]'.repeat(10_000))).toBeNull();
});
