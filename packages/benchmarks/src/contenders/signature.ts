/** What is the least that a signed answer can cost: an Ed25519 signature over as many bytes. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { serve } from './measure.js';

/** Of a validation with one feature. */
const BYTES = 900;
const SIGNATURE_BYTES = 64;
const { privateKey } = generateKeyPairSync('ed25519');
const token = randomBytes(BYTES);

serve({
  pass(questions) {
    let sum = 0;
    for (let place = 0; place < questions.length; place += 1) sum += sign(null, token, privateKey).length;
    return sum;
  },
  worth: () => SIGNATURE_BYTES,
});
