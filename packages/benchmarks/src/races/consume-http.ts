import type { Client } from 'pg';
import { interleaved, Side } from '../harness/rounds.js';
import { rowOf } from '../harness/results.js';
import { askLoad, type LoadResult } from '../load/load.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race, Setting, Size } from '../race.js';
import { UNITS } from '../seed/catalog.js';
import { addCustomers, API_KEY, customerName, withTenant } from '../seed/tenant.js';

/** Over both gateways. */
const CONNECTIONS: Readonly<Record<Size, number>> = { full: 256, quick: 256, smoke: 32 };
const [OWN, PEER] = [customerName(1), customerName(2)];

/** Two gateways on one database, all callers on one customer's counter; the baseline has a counter of its own. */
export const consumeHttp: Race = {
  name: 'consume-http',
  question: 'How many spends on one hot counter do two gateways do, beside one transaction for each?',
  async run(setting) {
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, 2);
        const { owner, caller } = tenant;
        const env = { DATABASE_URL: url, TENANT_ID: caller.tenantId };
        const starting = [
          Program.start('load/http'),
          Program.startApp('gateway', url),
          Program.startApp('gateway', url),
          Program.start('peers/row-locking', { env }),
          Program.start('peers/row-locking', { env }),
        ] as const;
        return withPrograms(starting, async ([client, first, second, ...plain]) => {
          const own = spends(setting, owner, client, { customer: OWN, servers: [first, second] });
          const peer = spends(setting, owner, client, { customer: PEER, servers: plain });
          const sides = [own, peer].map((spend) => new Side(() => spend(setting.seconds)));
          if (setting.warmSeconds > 0) for (const warm of [own, peer]) await warm(setting.warmSeconds);
          await interleaved(setting.rounds, sides);
          const [ours = [], peers = []] = sides.map((side) => side.results);
          const figures = (of: (result: LoadResult) => number) => ({
            race: 'consume-http',
            own: ours.map(of),
            peer: { name: 'one row-locking transaction per call', values: peers.map(of) },
          });
          return {
            kind: 'RUN',
            rows: [
              rowOf({
                ...figures((result) => result.perSecond),
                measure: 'one hot counter, two gateways',
                unit: 'spends/s',
                goal: { bound: 'atLeast', ratio: 5 },
              }),
              rowOf({ ...figures((result) => result.p99), measure: 'p99', unit: 'ms' }),
            ],
          };
        });
      }),
    );
  },
};

interface Hot {
  readonly customer: string;
  readonly servers: readonly Program[];
}

/** Spends for so many seconds, and then looks whether the counter has risen by what was answered. */
function spends(
  { size }: Setting,
  owner: Client,
  client: Program,
  { customer, servers }: Hot,
): (seconds: number) => Promise<LoadResult> {
  let turns = 0;
  return async (seconds) => {
    const before = await counted(owner, customer);
    const keys = `${customer} ${String((turns += 1))}`;
    const result = await askLoad(client, {
      urls: await Promise.all(servers.map((server) => server.url)),
      connections: CONNECTIONS[size],
      seconds,
      workload: { kind: 'consume', customer, keys, apiKey: API_KEY },
    });
    const after = await counted(owner, customer);
    if (after.used - before.used !== result.answers || after.used !== after.recorded)
      throw new Error(
        `${String(result.answers)} spends were answered; the database has ${JSON.stringify({ before, after })}`,
      );
    return result;
  };
}

/** The counter, and the sum of its records; the first unit is the model's. */
async function counted(owner: Client, customer: string): Promise<{ used: number; recorded: number }> {
  const { rows } = await owner.query<{ used: string; recorded: string }>(
    `select used, (select 1 + coalesce(sum(quantity), 0) from operation where customer_id = $1 and feature = $2) as recorded
     from meter where customer_id = $1 and feature = $2`,
    [customer, UNITS],
  );
  return { used: Number(rows[0]?.used), recorded: Number(rows[0]?.recorded) };
}
