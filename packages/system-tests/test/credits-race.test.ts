import { fork } from 'node:child_process';
import path from 'node:path';
import { createTestCustomer, TEST_CATALOG } from '@licet/database/testing';
import { expectAtLast } from '../src/expect-at-last.js';
import { brokenGuard } from '../src/guards/guards.js';
import { startCallers } from '../src/reservations/clients.js';
import { API_KEY, type RunningSystem, startSystem, until } from '../src/system.js';

const CATALOG = {
  ...TEST_CATALOG,
  features: { ...TEST_CATALOG.features, credits: { type: 'metered', prepaid: true } },
};

let system: RunningSystem;

beforeAll(async () => {
  const breakGuard = brokenGuard();
  // Batches wait between their decision and their commit, so that those of two gateways and an expiry overlap.
  const options = { breakGuard, slow: 'insert-spends:5' };
  system = await startSystem([options, options], undefined, CATALOG);
  await system.startWorker({ breakGuard });
});
afterAll(async () => {
  await system.close();
});

const PROCESSES = 4;
const CALLERS = 500;
const BLOCK = 20;
const BLOCKS = 30;
/** A block that is not spent by then ends while everybody spends. */
const EXPIRES_AFTER_MS = 2000;

async function addCredits(index: number, expiresAt: string | null): Promise<void> {
  await system.gateways[0]!.client.send(
    'mutation ($input: AddCreditsInput!) { addCredits(input: $input) { revision } }',
    {
      input: {
        customerId: 'acme',
        feature: 'credits',
        quantity: BLOCK,
        priority: index % 5,
        expiresAt,
        idempotencyKey: `block ${String(index)}`,
      },
    },
  );
}

const urls = (): string[] => system.gateways.map((gateway) => gateway.client.url);

/** One client process that consumes a unit with each key, all at once, through both gateways in turn. */
function consumers(keys: readonly string[]): Promise<readonly { readonly error?: string }[]> {
  const child = fork(path.join(__dirname, '../src/clients.cjs'));
  child.send({ urls: urls(), apiKey: API_KEY, customerId: 'acme', feature: 'credits', keys });
  return new Promise((resolve, reject) => {
    child.once('message', (answers: readonly { readonly error?: string }[]) => resolve(answers));
    child.once('error', reject);
  });
}

function reservers(index: number) {
  return startCallers({
    name: `client-${String(index)}`,
    seed: index + 1,
    urls: urls(),
    apiKey: API_KEY,
    customerId: 'acme',
    feature: 'credits',
    callers: CALLERS / PROCESSES,
    rounds: 1,
  });
}

interface LogRow {
  readonly type: string;
  readonly data: {
    readonly meters?: readonly { readonly used: number; readonly reserved: number }[];
    readonly after?: { readonly quantity: number };
    readonly lost?: number;
    readonly reserved?: number;
  };
}

/** Where the log, read alone, shows more spent and held than was given and not lost. */
async function beyondCredits(): Promise<{ beyond: string[]; used: number }> {
  const { rows } = await system.owner.query<LogRow>(
    `select type, convert_from(body, 'UTF8')::jsonb -> 'data' as data from event
     where type in ('credits.added', 'credits.expired', 'usage.recorded', 'usage.reservation_expired') order by position`,
  );
  const beyond: string[] = [];
  let [limit, used, reserved] = [0, 0, 0];
  for (const { type, data } of rows) {
    if (type === 'credits.added') limit += data.after?.quantity ?? 0;
    if (type === 'credits.expired') limit -= data.lost ?? 0;
    for (const meter of data.meters ?? []) ({ used, reserved } = meter);
    reserved = data.reserved ?? reserved;
    if (used + reserved > limit)
      beyond.push(`${type}: ${String(used)} + ${String(reserved)} of ${String(limit)}`);
  }
  return { beyond, used };
}

interface Totals {
  readonly used: number;
  readonly reserved: number;
  readonly units: number;
  readonly given: number;
  readonly left: number;
  readonly held: number;
  /** Spent of blocks that have not ended. */
  readonly spent: number;
}

async function totals(): Promise<Totals> {
  const { rows } = await system.owner.query<Totals>(
    `select used::int, reserved::int, (select sum(quantity)::int from operation where quantity is not null) as units,
       b.* from meter, (select sum(quantity)::int as given, sum(remaining)::int as left, sum(held)::int as held,
         sum(quantity - remaining) filter (where status = 'LIVE')::int as spent from credit_block) b`,
  );
  return rows[0]!;
}

test('500 callers reserve and settle, 500 consume, blocks end and are added: spent to zero, and no unit twice', async () => {
  await createTestCustomer(system.tenant, 'acme');
  const isEnding = (index: number): boolean => index % 10 === 9;
  const indices = Array.from({ length: BLOCKS }, (_, index) => index);
  for (const index of indices) if (!isEnding(index)) await addCredits(index, null);
  // Last of all, so that on a busy machine they are not over before anybody spends.
  const soon = new Date(Date.now() + EXPIRES_AFTER_MS).toISOString();
  await Promise.all(indices.filter(isEnding).map((index) => addCredits(index, soon)));
  const more = Array.from({ length: 5 }, (_, index) => addCredits(BLOCKS + index, null));
  const keys = (name: string): string[] =>
    Array.from({ length: CALLERS / 2 }, (_, index) => `${name} ${String(index)}`);
  const [reserved, consumed] = await Promise.all([
    Promise.all(Array.from({ length: PROCESSES }, (_, index) => reservers(index))),
    Promise.all([consumers(keys('one')), consumers(keys('two'))]),
    Promise.all(more),
  ]);
  expect(reserved.flatMap(({ errors }) => errors.slice(0, 3))).toEqual([]);
  expect(consumed.flat().filter(({ error }) => error !== undefined)).toEqual([]);
  await until(() => Date.parse(soon) < Date.now());
  await expectAtLast(async () => (await totals()).reserved, 0);
  // What is left when all is settled is spent as well.
  await Promise.all([consumers(keys('last one')), consumers(keys('last two'))]);

  const { beyond, used } = await beyondCredits();
  expect(beyond).toEqual([]);
  const { rows: ended } = await system.owner.query(`select 1 from event where type = 'credits.expired'`);
  expect(ended).toHaveLength(BLOCKS / 10);
  const end = await totals();
  expect(end).toMatchObject({ used, units: used, reserved: 0, held: 0, left: 0 });
  const { rows } = await system.owner.query<{ live: number }>(
    `select sum(quantity)::int as live from credit_block where status = 'LIVE'`,
  );
  expect(end.spent).toBe(rows[0]?.live);
  expect(end.used).toBeGreaterThanOrEqual(end.spent);
  expect(end.used).toBeLessThanOrEqual(end.given);
});
