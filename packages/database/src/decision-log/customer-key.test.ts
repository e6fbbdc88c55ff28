import { nameHash } from './customer-key.js';

test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('the hash of %p is that of FNV-1a, as a signed number', (text, hash) => {
  expect(nameHash(text)).toBe(hash | 0);
});
