/** What is the least that a signed snapshot can cost: the bare Ed25519 verification of that very snapshot. */
import { verify } from 'node:crypto';
import { announce, answerParent } from '../processes/answers.js';
import { known } from '../seed/tenant.js';
import { onCopies } from './kept-copy.js';
import { CUSTOMERS } from './questions.js';
import { publicKey, signedSnapshot } from './signed-snapshot.js';
import { inSeconds, statesAt } from './states.js';

const [customerId = ''] = CUSTOMERS;
const now = inSeconds(Date.now());
const token = signedSnapshot(known(statesAt(now).get(customerId) ?? null), now);
const end = token.lastIndexOf('.');
const input = Buffer.from(token.slice(0, end));
const signature = Buffer.from(token.slice(end + 1), 'base64url');
let directory = '';

answerParent({
  /** What is copied before each one, as it is before each start. */
  use(given) {
    directory = String(given);
  },
  /** Verifies it again and again for so many seconds, by a key that is ready. */
  measure: (seconds) => onCopies(directory, Number(seconds), verification),
});
announce();

function verification(): number {
  const began = performance.now();
  const isGood = verify(null, input, publicKey, signature);
  const took = performance.now() - began;
  if (!isGood) throw new Error('the signature is good');
  return took;
}
