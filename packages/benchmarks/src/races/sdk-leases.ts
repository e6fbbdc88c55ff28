import type { Client } from 'pg';
import { rowOf } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { askSdkSpend, type SdkSpendReport } from '../load/sdk-spend.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race } from '../race.js';
import { UNITS } from '../seed/catalog.js';
import { addCustomers, API_KEY, customerName, withTenant } from '../seed/tenant.js';

const CUSTOMER = customerName(1);
const LEASED_SPENDS = 1_000;
/** Each is a request and a commit. */
const ASKED_SPENDS = 100;

/** The same client with and without leases, one spend after the other; the counter holds what was spent. */
export const sdkLeases: Race = {
  name: 'sdk-leases',
  question: 'How many requests do 1,000 spends of leased units take, and how long does one?',
  async run({ rounds, warmSeconds, ...setting }) {
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      withTenant(url, async (tenant) => {
        await addCustomers(tenant, 1);
        const starting = [Program.startApp('gateway', url), Program.start('load/sdk-spender')] as const;
        return withPrograms(starting, async ([gateway, spender]) => {
          const order = { url: await gateway.url, apiKey: API_KEY, customerId: CUSTOMER };
          const spend = async (spends: number, isLeased: boolean): Promise<SdkSpendReport> => {
            const before = await countedOf(tenant.owner);
            const report = await askSdkSpend(spender, { ...order, spends, isLeased });
            const counted = (await countedOf(tenant.owner)) - before;
            if (counted === spends) return report;
            throw new Error(`${String(spends)} units were spent, and the database has ${String(counted)}`);
          };
          const leased = new Side(() => spend(LEASED_SPENDS, true));
          const asked = new Side(() => spend(ASKED_SPENDS, false));
          if (warmSeconds > 0) for (const isLeased of [true, false]) await spend(ASKED_SPENDS, isLeased);
          await interleaved(rounds, [leased, asked]);
          const race = 'sdk-leases';
          const name = 'one spend at the gateway';
          return {
            kind: 'RUN',
            rows: [
              rowOf({
                ...{ race, measure: '1,000 spends of leases', unit: 'requests' },
                own: leased.results.map(({ requests }) => requests),
                peer: { name, values: asked.results.map(({ requests }) => requests / ASKED_SPENDS) },
                goal: { bound: 'atMost', ratio: 2 },
              }),
              rowOf({
                ...{ race, measure: 'one spend of a lease', unit: 'us' },
                own: leased.results.map(({ seconds }) => (seconds * 1e6) / LEASED_SPENDS),
                peer: { name, values: asked.results.map(({ seconds }) => (seconds * 1e6) / ASKED_SPENDS) },
              }),
            ],
          };
        });
      }),
    );
  },
};

/** A lease that is all spent is not returned: it counts as held until it ends, and then as spent. */
async function countedOf(owner: Client): Promise<number> {
  const { rows } = await owner.query<{ counted: string }>(
    'select used + reserved as counted from meter where customer_id = $1 and feature = $2',
    [CUSTOMER, UNITS],
  );
  return Number(rows[0]?.counted);
}
