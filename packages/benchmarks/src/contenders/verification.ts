/** What is the least that a signed snapshot can cost: the bare Ed25519 verification of that very snapshot. */
import { verify } from 'node:crypto';
import { known } from '../seed/tenant.js';
import { serve } from './measure.js';
import { CUSTOMERS } from './questions.js';
import { publicKey, signedSnapshot } from './signed-snapshot.js';
import { inSeconds, statesAt } from './states.js';

const [customerId = ''] = CUSTOMERS;
const now = inSeconds(Date.now());
const token = signedSnapshot(known(statesAt(now).get(customerId) ?? null), now);
const end = token.lastIndexOf('.');
const input = Buffer.from(token.slice(0, end));
const signature = Buffer.from(token.slice(end + 1), 'base64url');

serve({
  pass(questions) {
    let sum = 0;
    for (let place = 0; place < questions.length; place += 1)
      sum += verify(null, input, publicKey, signature) ? 1 : 0;
    return sum;
  },
  worth: () => 1,
});
