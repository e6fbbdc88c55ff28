import { setTimeout as delay } from 'node:timers/promises';
import { interleaved, Side } from '../harness/rounds.js';
import { rowOf } from '../harness/results.js';
import { openSubscribers } from '../load/live.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race, Size } from '../race.js';
import { addCustomers, API_KEY, withTenant } from '../seed/tenant.js';

const SUBSCRIBERS: Readonly<Record<Size, number>> = { full: 10_000, quick: 2000, smoke: 50 };
/** Buffers of the opening are given back meanwhile. */
const REST_MILLISECONDS: Readonly<Record<Size, number>> = { full: 5000, quick: 2000, smoke: 0 };
const COLLECTING = { nodeArgs: ['--expose-gc'] };

/** New processes in every round: what one of them holds more than when it was empty, after a full collection. */
export const idleSubscribers: Race = {
  name: 'idle-subscribers',
  question: 'How much memory does a subscriber take that waits, beside a bare socket?',
  async run(setting) {
    const customers = SUBSCRIBERS[setting.size];
    const rest = REST_MILLISECONDS[setting.size];
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, customers);
        const own = new Side(() =>
          bytesEach(() => Program.startApp('gateway', url, COLLECTING), customers, rest),
        );
        const bare = new Side(() =>
          bytesEach(() => Program.start('peers/bare-sockets', COLLECTING), customers, rest),
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

async function bytesEach(start: () => Promise<Program>, customers: number, rest: number): Promise<number> {
  return withPrograms(
    [start(), Program.start('load/subscribers')] as const,
    async ([server, subscribers]) => {
      const url = await server.url;
      const empty = await server.memoryBytes();
      await openSubscribers(subscribers, { url, apiKey: API_KEY, customers });
      await delay(rest);
      return ((await server.memoryBytes()) - empty) / customers;
    },
  );
}
