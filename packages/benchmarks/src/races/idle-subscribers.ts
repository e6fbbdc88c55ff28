import { setTimeout as delay } from 'node:timers/promises';
import { interleaved, Side } from '../harness/rounds.js';
import { rowOf } from '../harness/results.js';
import { openSubscribers } from '../load/live.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race, Size } from '../race.js';
import { addCustomers, API_KEY, withTenant } from '../seed/tenant.js';

const SUBSCRIBERS: Readonly<Record<Size, number>> = { full: 10_000, quick: 2000, smoke: 50 };
/** V8 gives back what it grew by in a burst a few collections later, when it has seen that nothing more comes. */
const COLLECTIONS: Readonly<Record<Size, number>> = { full: 4, quick: 4, smoke: 1 };
const REST_MILLISECONDS: Readonly<Record<Size, number>> = { full: 6000, quick: 6000, smoke: 0 };
const COLLECTING = { nodeArgs: ['--expose-gc'] };

/** New processes in every round: what one of them holds more than when it was empty, at rest both times. */
export const idleSubscribers: Race = {
  name: 'idle-subscribers',
  question: 'How much memory does a subscriber take that waits, beside a bare socket?',
  async run(setting) {
    const customers = SUBSCRIBERS[setting.size];
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, customers);
        const own = new Side(() =>
          bytesEach(() => Program.startApp('gateway', url, COLLECTING), customers, setting.size),
        );
        const bare = new Side(() =>
          bytesEach(() => Program.start('peers/bare-sockets', COLLECTING), customers, setting.size),
        );
        await interleaved(setting.rounds, [own, bare]);
        return {
          kind: 'RUN',
          rows: [
            rowOf({
              race: 'idle-subscribers',
              measure: `memory each, ${customers.toLocaleString('en')} on one gateway`,
              unit: 'KB',
              own: own.results.map((bytes) => bytes / 1000),
              peer: { name: 'bare ws server', values: bare.results.map((bytes) => bytes / 1000) },
              goal: { bound: 'atMost', ratio: 2 },
            }),
          ],
        };
      }),
    );
  },
};

async function bytesEach(start: () => Promise<Program>, customers: number, size: Size): Promise<number> {
  return withPrograms(
    [start(), Program.start('load/subscribers')] as const,
    async ([server, subscribers]) => {
      const url = await server.url;
      const empty = await bytesAtRest(server, size);
      await openSubscribers(subscribers, { url, apiKey: API_KEY, customers });
      return ((await bytesAtRest(server, size)) - empty) / customers;
    },
  );
}

/** After the last of some full collections with a rest before each. */
async function bytesAtRest(program: Program, size: Size): Promise<number> {
  let bytes = 0;
  for (let collection = 0; collection < COLLECTIONS[size]; collection++) {
    await delay(REST_MILLISECONDS[size]);
    bytes = await program.memoryBytes();
  }
  return bytes;
}
