/** The SDK's start: a client that finds its snapshot on the disk, and no gateway, up to its first answer. */
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { createClient } from '@licet/sdk';
import { fileStorage } from '@licet/sdk/node';
import { announce, answerParent } from '../processes/answers.js';
import { known } from '../seed/tenant.js';
import type { Measured } from './measure.js';
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
    const client = createClient({ ...optionsWith(kept()), fetch });
    await client.ready;
    await client.refresh();
    await client.close();
  },
  /** Starts one client after the other for so many seconds; what each does after its first answer is not counted. */
  async measure(input) {
    const until = performance.now() + Number(input) * 1000;
    const disk = path.join(directory, String(process.pid));
    const measured = { took: 0, calls: 0, sum: 0 };
    do {
      // Each finds what the first has left: what those between have seen and decided does not add up.
      await cp(kept(), disk, { recursive: true });
      const began = performance.now();
      const client = createClient(optionsWith(disk));
      await client.ready;
      const { allowed, source } = client.check(feature);
      measured.took += performance.now() - began;
      if (!allowed || source !== 'kept') throw new Error(`allowed: ${String(allowed)}, from ${source}`);
      measured.calls += 1;
      measured.sum += 1;
      await client.close();
      await rm(disk, { recursive: true });
    } while (performance.now() < until);
    const { took, calls, sum } = measured;
    return { nanoseconds: (took * 1e6) / calls, calls, sum } satisfies Measured;
  },
});
announce();

function kept(): string {
  return path.join(directory, 'kept');
}

function optionsWith(disk: string) {
  return { url, apiKey: 'benchmark', customerId, live: false, storage: fileStorage(disk) } as const;
}
