/** The SDK's start: a client that finds its snapshot on the disk, and no gateway, up to its first answer. */
import { createClient } from '@licet/sdk';
import { fileStorage } from '@licet/sdk/node';
import { announce, answerParent } from '../processes/answers.js';
import { known } from '../seed/tenant.js';
import { keptIn, onCopies } from './kept-copy.js';
import { CUSTOMERS, FEATURES } from './questions.js';
import { gatewayOf, signedSnapshot } from './signed-snapshot.js';
import { inSeconds, statesAt } from './states.js';

/** Nobody listens there. */
const url = 'http://127.0.0.1:4';
const [customerId = ''] = CUSTOMERS;
const [feature = ''] = FEATURES;
let directory = '';

answerParent({
  /** What another process has kept. */
  use(input) {
    directory = String(input);
  },
  /** Has a client keep its snapshot in this directory, as one does that has reached the gateway. */
  async keep(input) {
    directory = String(input);
    const now = inSeconds(Date.now());
    const fetch = gatewayOf(signedSnapshot(known(statesAt(now).get(customerId) ?? null), now));
    const client = createClient({ ...optionsWith(keptIn(directory)), fetch });
    await client.ready;
    await client.refresh();
    await client.close();
  },
  /** Starts one client after the other for so many seconds; what each does after its first answer is not counted. */
  measure: (input) => onCopies(directory, Number(input), start),
});
announce();

async function start(disk: string): Promise<number> {
  const began = performance.now();
  const client = createClient(optionsWith(disk));
  await client.ready;
  const { allowed, source } = client.check(feature);
  const took = performance.now() - began;
  if (!allowed || source !== 'kept') throw new Error(`allowed: ${String(allowed)}, from ${source}`);
  await client.close();
  return took;
}

function optionsWith(disk: string) {
  return { url, apiKey: 'benchmark', customerId, live: false, storage: fileStorage(disk) } as const;
}
