import { type Curve, type Row, rowOf } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { median } from '../harness/statistics.js';
import { askLoad, type LoadResult } from '../load/load.js';
import { mostPopular } from '../load/workload.js';
import type { BenchPostgres } from '../processes/postgres.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race, Size } from '../race.js';
import { askAbout } from './check-http.js';
import { FEATURES, UNITS } from '../seed/catalog.js';
import { addCustomers, addUsageRecords, API_KEY, withTenant } from '../seed/tenant.js';

const CUSTOMERS: Readonly<Record<Size, readonly number[]>> = {
  full: [1000, 10_000, 100_000, 1_000_000],
  quick: [1000, 100_000],
  smoke: [100, 1000],
};
const RECORDS_EACH = 10;
/** Few enough that what is measured is an answer, and not the queue before it. */
const CONNECTIONS = 4;
const WARM_SECONDS: Readonly<Record<Size, number>> = { full: 10, quick: 5, smoke: 0 };
/** How many customers a gateway keeps that serves a million: nine checks of ten are of one of them. */
const KEPT = 300_000;
/** Of these every feature has been asked for. */
const REGULARS = 50_000;

/**
 * The same gateway on databases of different sizes. Customers are drawn as real traffic draws them (Zipf, 0.99): few
 * are asked for often, most hardly ever, and the gateways have been asked about those before. Drawn evenly from a million, nearly every check is of a customer that nobody
 * has asked for before: that is shown, too, without a goal.
 */
export const checkCustomers: Race = {
  name: 'check-customers',
  question: 'Is a check as fast with a million customers and ten million usage records as with a thousand?',
  async run(setting) {
    const postgres = await setting.postgres();
    return withDatabases(postgres, CUSTOMERS[setting.size], (sizes) =>
      withPrograms(
        [
          Program.start('load/http'),
          ...sizes.map(({ url }) =>
            Program.startApp('gateway', url, { env: { LICET_STATES_KEPT: String(KEPT) } }),
          ),
        ],
        async ([client, ...gateways]) => {
          const asked = sizes.map(({ customers }, index) => ({ customers, gateway: gateways[index] }));
          if (setting.warmSeconds > 0)
            for (const { customers, gateway } of asked) await makeKnown(customers, gateway);
          const outcomes: Drawn[] = [];
          for (const draw of ['zipf', 'even'] as const) {
            const sides = asked.map(({ customers, gateway }) => {
              const ask = asker(client, gateway, customers, draw);
              return { customers, ask, side: new Side(() => ask(setting.seconds)) };
            });
            const warmSeconds = WARM_SECONDS[setting.size];
            if (warmSeconds > 0) for (const { ask } of sides) await ask(warmSeconds);
            await interleaved(
              setting.rounds,
              sides.map(({ side }) => side),
            );
            outcomes.push({
              draw,
              sizes: sides.map(({ customers, side }) => ({ customers, runs: side.results })),
            });
          }
          return { kind: 'RUN', rows: outcomes.flatMap(rowsOf), curves: outcomes.flatMap(curvesOf) };
        },
      ),
    );
  },
};

interface Drawn {
  readonly draw: 'zipf' | 'even';
  /** From the smallest database to the largest. */
  readonly sizes: readonly { readonly customers: number; readonly runs: readonly LoadResult[] }[];
}

interface SeededDatabase {
  readonly customers: number;
  readonly url: string;
}

/** Seeds a database of each size and runs `work` while all of them are there. */
async function withDatabases<T>(
  postgres: BenchPostgres,
  counts: readonly number[],
  work: (databases: readonly SeededDatabase[]) => Promise<T>,
): Promise<T> {
  const [customers, ...rest] = counts;
  if (customers === undefined) return work([]);
  return postgres.withDatabase('migrated', async (url) => {
    await withTenant(url, async (tenant) => {
      await addCustomers(tenant, customers);
      await addUsageRecords(tenant, customers, RECORDS_EACH);
    });
    return withDatabases(postgres, rest, (others) => work([{ customers, url }, ...others]));
  });
}

/** A gateway that has been running knows those who are asked for all the time. */
async function makeKnown(customers: number, gateway: Program | undefined): Promise<void> {
  if (!gateway) return;
  const [url, popular] = [await gateway.url, mostPopular(customers, KEPT)];
  await askAbout(url, popular.toReversed(), [UNITS]);
  await askAbout(url, popular.slice(0, REGULARS).toReversed(), FEATURES);
}

function asker(
  client: Program,
  gateway: Program | undefined,
  customers: number,
  draw: Drawn['draw'],
): (seconds: number) => Promise<LoadResult> {
  if (!gateway) throw new Error('a database needs a gateway');
  const workload = { kind: 'check', customers, draw, apiKey: API_KEY, constant: null } as const;
  // Drawn anew each time, or a cache would come to know everybody who is ever drawn.
  let seed = 0;
  return async (seconds) =>
    askLoad(client, {
      urls: [await gateway.url],
      connections: CONNECTIONS,
      seconds,
      workload: { ...workload, seed: (seed += 1) },
    });
}

const DRAWN = { zipf: 'Zipf', even: 'even' };

function rowsOf({ draw, sizes }: Drawn): Row[] {
  const [smallest, largest] = [sizes[0], sizes.at(-1)];
  if (!smallest || !largest) return [];
  const p50 = (runs: readonly LoadResult[]): number[] => runs.map((run) => run.p50);
  const [many, records, few] = [largest.customers, largest.customers * RECORDS_EACH, smallest.customers].map(
    (count) => count.toLocaleString('en'),
  );
  return [
    rowOf({
      race: 'check-customers',
      measure: `p50 at ${String(many)} customers, ${String(records)} records, ${DRAWN[draw]}`,
      unit: 'ms',
      own: p50(largest.runs),
      peer: { name: `the same at ${String(few)} customers`, values: p50(smallest.runs) },
      ...(draw === 'zipf' ? { goal: { bound: 'atMost', ratio: 1.3 } as const } : {}),
    }),
  ];
}

function curvesOf({ draw, sizes }: Drawn): Curve[] {
  const curve = (chart: string, y: string, of: (result: LoadResult) => number): Curve => ({
    race: 'check-customers',
    chart,
    x: 'customers',
    y,
    series: DRAWN[draw],
    points: sizes.map(({ customers, runs }) => [customers, median(runs.map(of))]),
  });
  return [
    curve('Throughput of checks by customers', 'checks/s', ({ perSecond }) => perSecond),
    curve('p99 of checks by customers', 'ms', ({ p99 }) => p99),
  ];
}
