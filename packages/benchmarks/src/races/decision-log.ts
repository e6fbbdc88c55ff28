import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { interleaved, Side } from '../harness/rounds.js';
import { type Row, rowOf } from '../harness/results.js';
import { askCost, type LoadCost } from '../load/cost.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race } from '../race.js';
import { addCustomers, API_KEY, withTenant } from '../seed/tenant.js';
import { askEverything, CHECKED_CUSTOMERS } from './check-http.js';

const CONNECTIONS = 64;
const RECORDED_WITHIN_MILLISECONDS = 10_000;
const WITHOUT = path.resolve(__dirname, '../processes/without-decisions.js');

/** The same gateway three times: what records is taken out of one of them from outside, as guards are in tests. */
export const decisionLog: Race = {
  name: 'decision-log',
  question: 'What does it cost to have every check on record, at once or before it is answered?',
  async run({ size, seconds, warmSeconds, rounds, ...setting }) {
    const customers = CHECKED_CUSTOMERS[size];
    const workload = {
      ...({ kind: 'check', customers, draw: 'even', seed: 1 } as const),
      ...{ apiKey: API_KEY, constant: null },
    };
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, customers);
        const starting = [
          Program.start('load/http'),
          Program.startApp('gateway', url, { nodeArgs: ['--require', WITHOUT] }),
          Program.startApp('gateway', url),
          Program.startApp('gateway', url, { env: { LICET_DECISION_LOG: 'strict' } }),
        ] as const;
        return withPrograms(starting, async ([client, bare, waiting, strict]) => {
          const ask =
            (gateway: Program, isRecorded: boolean) =>
            async (time: number): Promise<LoadCost> => {
              const before = await recorded(tenant.owner);
              const order = { connections: CONNECTIONS, seconds: time, workload };
              const result = await askCost(client, gateway, order);
              await requireRecorded(tenant.owner, before + (isRecorded ? result.answers : 0));
              return result;
            };
          const asking = [ask(bare, false), ask(waiting, true), ask(strict, true)] as const;
          if (warmSeconds > 0) {
            for (const gateway of [bare, waiting, strict]) await askEverything(await gateway.url, customers);
            await delay(RECORDED_WITHIN_MILLISECONDS / 10);
            for (const warm of asking) await warm(warmSeconds);
          }
          const [off, async, durable] = asking.map((side) => new Side(() => side(seconds)));
          if (!off || !async || !durable) throw new RangeError('three sides');
          await interleaved(rounds, [off, async, durable]);
          return {
            kind: 'RUN',
            rows: [
              rowOf({ ...throughput('async', async, 'no log', off), goal: atLeast(0.9) }),
              rowOf({ ...cpu('async', async, 'no log', off) }),
              rowOf({ ...throughput('strict', durable, 'async', async), goal: atLeast(0.8) }),
              rowOf({ ...cpu('strict', durable, 'async', async) }),
            ],
          };
        });
      }),
    );
  },
};

function atLeast(ratio: number): Row['goal'] {
  return { bound: 'atLeast', ratio };
}

function throughput(mode: string, own: Side<LoadCost>, against: string, peer: Side<LoadCost>) {
  const of = ({ perSecond }: LoadCost): number => perSecond;
  return { ...figures(own, against, peer, of), measure: `checks, ${mode}`, unit: 'checks/s' };
}

function cpu(mode: string, own: Side<LoadCost>, against: string, peer: Side<LoadCost>) {
  const of = (result: LoadCost): number => result.cpu;
  return { ...figures(own, against, peer, of), measure: `gateway's CPU for each, ${mode}`, unit: 'us' };
}

function figures(own: Side<LoadCost>, against: string, peer: Side<LoadCost>, of: (cost: LoadCost) => number) {
  const values = peer.results.map(of);
  return { race: 'decision-log', own: own.results.map(of), peer: { name: against, values } };
}

async function recorded(owner: Client): Promise<number> {
  const { rows } = await owner.query<{ records: string }>(
    'select coalesce(sum(records), 0) as records from decision_flush',
  );
  return Number(rows[0]?.records);
}

/** As many are on record as were answered: those that are on their way are waited for. */
async function requireRecorded(owner: Client, records: number): Promise<void> {
  const until = performance.now() + RECORDED_WITHIN_MILLISECONDS;
  let found = await recorded(owner);
  while (found < records && performance.now() < until) {
    await delay(20);
    found = await recorded(owner);
  }
  if (found === records) return;
  throw new Error(`${String(records)} checks follow from the answers, and ${String(found)} are on record`);
}
