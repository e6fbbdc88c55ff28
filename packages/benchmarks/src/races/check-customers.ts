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
/** The part of its customers that a gateway has room for which has not room for all: nine checks of ten are of one of them. */
const SOME = 0.3;
/** V8 ends at 4 GB where nobody tells it otherwise, and a million states take more. */
const ROOM = ['--max-old-space-size=14000'];
/** Of these every feature has been asked for. */
const REGULARS = 50_000;

/**
 * The same gateway on databases of different sizes. Customers are drawn as real traffic draws them (Zipf, 0.99): few
 * are asked for often, most hardly ever, and the gateways have been asked about them before. On the largest database there is a second
 * gateway that has no room for all: what is asked seldom it has to read again. That, and customers drawn evenly, is shown without a goal.
 */
export const checkCustomers: Race = {
  name: 'check-customers',
  question: 'Is a check as fast with a million customers and ten million usage records as with a thousand?',
  async run(setting) {
    const postgres = await setting.postgres();
    return withDatabases(postgres, CUSTOMERS[setting.size], (sizes) => {
      const largest = sizes.slice(-1);
      const kinds = [
        ...sizes.map((database) => ({ ...database, kept: database.customers })),
        ...largest.map((database) => ({ ...database, kept: Math.ceil(database.customers * SOME) })),
      ];
      return withPrograms(
        [Program.start('load/http'), ...kinds.map((kind) => startGateway(kind))],
        async ([client, ...gateways]) => {
          const asked = gateways.flatMap((gateway, index): Asked[] => {
            const kind = kinds[index];
            return kind ? [{ ...kind, gateway }] : [];
          });
          if (setting.warmSeconds > 0) for (const each of asked) await makeKnown(each);
          const outcomes: Drawn[] = [];
          for (const draw of ['zipf', 'even'] as const) {
            const sides = asked.map((each) => {
              const ask = asker(client, each, draw);
              return { ...each, ask, side: new Side(() => ask(setting.seconds)) };
            });
            const warmSeconds = WARM_SECONDS[setting.size];
            if (warmSeconds > 0) for (const { ask } of sides) await ask(warmSeconds);
            await interleaved(
              setting.rounds,
              sides.map(({ side }) => side),
            );
            outcomes.push({
              draw,
              sizes: sides.map(({ customers, kept, side }) => ({ customers, kept, runs: side.results })),
            });
          }
          const rows = [...outcomes.flatMap(rowsOf), ...(await memoryOf(asked))];
          return { kind: 'RUN', rows, curves: outcomes.flatMap(curvesOf) };
        },
      );
    });
  },
};

interface SeededDatabase {
  readonly customers: number;
  readonly url: string;
}

/** A gateway on it that has room for the states of so many. */
interface Kind extends SeededDatabase {
  readonly kept: number;
}

interface Asked extends Kind {
  readonly gateway: Program;
}

interface Drawn {
  readonly draw: 'zipf' | 'even';
  /** From the smallest database to the largest; last of all the one that keeps some. */
  readonly sizes: readonly {
    readonly customers: number;
    readonly kept: number;
    readonly runs: readonly LoadResult[];
  }[];
}

function startGateway({ url, kept }: Kind): Promise<Program> {
  return Program.startApp('gateway', url, { nodeArgs: ROOM, env: { LICET_STATES_KEPT: String(kept) } });
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
async function makeKnown({ gateway, customers, kept }: Asked): Promise<void> {
  const [url, popular] = [await gateway.url, mostPopular(customers, kept)];
  await askAbout(url, popular.toReversed(), [UNITS]);
  await askAbout(url, popular.slice(0, REGULARS).toReversed(), FEATURES);
}

function asker(
  client: Program,
  { gateway, customers }: Asked,
  draw: Drawn['draw'],
): (seconds: number) => Promise<LoadResult> {
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

const english = (count: number): string => count.toLocaleString('en');

function rowsOf({ draw, sizes }: Drawn): Row[] {
  const [smallest] = sizes;
  if (!smallest) return [];
  const p50 = (runs: readonly LoadResult[]): number[] => runs.map((run) => run.p50);
  return sizes.slice(-2).map(({ customers, kept, runs }) => {
    const keepsAll = kept === customers;
    const of = `${english(customers)} customers, ${english(customers * RECORDS_EACH)} records`;
    const room = keepsAll ? '' : `, room for ${english(kept)} states`;
    return rowOf({
      race: 'check-customers',
      measure: `p50 at ${of}${room}, ${DRAWN[draw]}`,
      unit: 'ms',
      own: p50(runs),
      peer: { name: `the same at ${english(smallest.customers)} customers`, values: p50(smallest.runs) },
      ...(draw === 'zipf' && keepsAll ? { goal: { bound: 'atMost', ratio: 1.3 } as const } : {}),
    });
  });
}

/** What the states take that are kept, and what a gateway takes besides. */
async function memoryOf(asked: readonly Asked[]): Promise<Row[]> {
  const largest = asked.findLast(({ customers, kept }) => kept === customers);
  if (!largest) return [];
  const megabytes = (await largest.gateway.memoryBytes()) / 1_000_000;
  const measure = `memory of the gateway that keeps ${english(largest.customers)} customers`;
  return [rowOf({ race: 'check-customers', measure, unit: 'MB', own: [megabytes] })];
}

function curvesOf({ draw, sizes }: Drawn): Curve[] {
  const curve = (chart: string, y: string, of: (result: LoadResult) => number): Curve => ({
    race: 'check-customers',
    chart,
    x: 'customers',
    y,
    series: DRAWN[draw],
    points: sizes
      .filter(({ customers, kept }) => kept === customers)
      .map(({ customers, runs }) => [customers, median(runs.map(of))]),
  });
  return [
    curve('Throughput of checks by customers', 'checks/s', ({ perSecond }) => perSecond),
    curve('p99 of checks by customers', 'ms', ({ p99 }) => p99),
  ];
}
