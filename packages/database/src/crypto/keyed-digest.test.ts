import { createHmac, randomBytes } from 'node:crypto';
import { keyedDigest } from './keyed-digest.js';

test('is HMAC-SHA256, for texts of any length and alphabet', () => {
  const key = randomBytes(32);
  const digest = keyedDigest(key);
  const texts = ['', 'a', 'ä€😀', 'x'.repeat(64), 'long '.repeat(500), '€'.repeat(2_000), 'short again'];
  for (const text of texts)
    expect(digest(text)).toBe(createHmac('sha256', key).update(text).digest().toString('latin1'));
});
