import { setTimeout as delay } from 'node:timers/promises';
import { createTestCustomer, subscribeTo, TEST_CATALOG } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { type Replay, replayLog } from '../src/log/replay.js';
import type { RunningProgram } from '../src/program.js';
import { type CallersDone, startCallers } from '../src/reservations/clients.js';
import { API_KEY, type RunningSystem, startSystem, until } from '../src/system.js';

const LIMITS: Readonly<Record<string, number>> = { free: 40, pro: 60 };
const { free, pro } = TEST_CATALOG.plans;
/** A downgrade lowers the limit below what is used; an upgrade begins a window. */
const CATALOG = {
  ...TEST_CATALOG,
  plans: {
    free: { ...free, entitlements: { ...free.entitlements, calls: LIMITS['free'] } },
    pro: { ...pro, entitlements: { ...pro.entitlements, calls: LIMITS['pro'] } },
  },
  transitions: [
    { from: 'pro', to: 'free', usage: 'carry' },
    { from: 'free', to: 'pro', usage: 'reset' },
  ],
};

let system: RunningSystem;
let worker: RunningProgram;

beforeAll(async () => {
  const breakGuard = brokenGuard();
  // Batches wait between their decision and their commit, so that those of two gateways, changes and expiries overlap.
  const options = { breakGuard, slow: 'insert-spends:5' };
  // The third changes plans: its connections are not all taken by waiting spends.
  system = await startSystem([options, options, { breakGuard }], undefined, CATALOG);
  worker = await system.startWorker({ breakGuard });
});
afterAll(async () => {
  await system.close();
});

const PROCESSES = 4;
/** In all. */
const CALLERS = 500;
const ROUNDS = 6;

async function row<Row extends object>(sql: string): Promise<Row> {
  const { rows } = await system.owner.query<Row>(sql);
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

async function count(what: string): Promise<number> {
  return (await row<{ count: number }>(`select count(*)::int from ${what}`)).count;
}

function startAll(customerId: string): Promise<CallersDone[]> {
  const urls = system.gateways.slice(0, 2).map((gateway) => gateway.client.url);
  const task = { urls, apiKey: API_KEY, customerId, feature: 'calls', rounds: ROUNDS };
  return Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      startCallers({
        ...task,
        name: `client-${String(index)}`,
        seed: index + 1,
        callers: CALLERS / PROCESSES,
      }),
    ),
  );
}

/** Down, and up again, until `work` is done. */
async function changingPlans<Done>(subscriptionId: string, work: Promise<Done>): Promise<Done> {
  const { client } = system.gateways[2]!;
  const state = { isOver: false };
  const change = async (): Promise<void> => {
    for (let changes = 0; !state.isOver; changes += 1) {
      await client.changePlan(
        subscriptionId,
        changes % 2 === 0 ? 'free' : 'pro',
        `change-${String(changes)}`,
      );
      await delay(20);
    }
  };
  const over = work.finally(() => (state.isOver = true));
  const [done] = await Promise.all([over, change()]);
  return done;
}

interface Tables {
  readonly used: number;
  readonly reserved: number;
  /** Used in windows that are over. */
  readonly closed: number;
  /** Of all operations. */
  readonly units: number;
  readonly reservations: number;
}

function tables(): Promise<Tables> {
  return row(
    `select used::int, reserved::int, (select coalesce(sum(used), 0)::int from meter_window) as closed,
            (select coalesce(sum(quantity), 0)::int from operation) as units,
            (select count(*)::int from operation where kind = 'reserve') as reservations from meter`,
  );
}

interface BatchRow {
  readonly batch: string;
  readonly operations: number;
  readonly units: number;
}

/** Batches by their usage records: those that the log tells otherwise. */
async function otherBatches({ batches }: Replay): Promise<BatchRow[]> {
  const { rows } = await system.owner.query<BatchRow>(
    `select batch_id as batch, count(*)::int as operations, sum(quantity)::int as units from operation
     where quantity is not null group by batch_id`,
  );
  expect(rows).toHaveLength(batches.size);
  return rows.filter(({ batch, operations, units }) => {
    const told = batches.get(batch);
    return told?.operations !== operations || told.units !== units;
  });
}

/** Longer than any worker takes; a reservation whose time was lost stays open for ever. */
const FREED_MILLISECONDS = 60_000;

/** Reservations that are open still when time has had its chance to free them. */
async function leftOpen(): Promise<number> {
  const last = Date.now() + FREED_MILLISECONDS;
  for (;;) {
    const open = await count(`reservation where status = 'OPEN'`);
    if (open === 0 || Date.now() > last) return open;
    await delay(20);
  }
}

/** Programs that end hand in what the server has counted for them. */
async function deadlocks(): Promise<number> {
  await Promise.all([...system.gateways, worker].map((program) => program.stop()));
  await until(
    async () =>
      (await count(
        `pg_stat_activity where datname = current_database() and application_name in ('licet-gateway', 'licet-worker')`,
      )) === 0,
  );
  const { deadlocks: ended } = await row<{ deadlocks: number }>(
    `select deadlocks::int from pg_stat_database where datname = current_database()`,
  );
  return ended;
}

test('500 callers reserve and settle while plans change and time frees: the log, read alone, shows nothing beyond the limit', async () => {
  await createTestCustomer(system.tenant, 'acme');
  const subscription = await subscribeTo(system.tenant, 'acme', 'pro');
  const done = await changingPlans(subscription.id, startAll('acme'));
  expect(done.flatMap(({ errors }) => errors.slice(0, 3))).toEqual([]);
  expect(await leftOpen()).toBe(0);

  const log = await replayLog(system.owner, (plan = '') => LIMITS[plan] ?? 0);
  expect(log.beyond).toEqual([]);
  expect(log.broken).toEqual([]);
  // Both have come in between.
  expect(log.closed.size).toBeGreaterThan(1);
  expect(await count(`event where type = 'usage.reservation_expired'`)).toBeGreaterThan(0);

  const held = await tables();
  const [counter] = log.counters.values();
  expect(counter).toMatchObject({ used: held.used, reserved: held.reserved });
  expect(held.reserved).toBe(0);
  expect(sum([...log.closed.values()].map(({ used }) => used))).toBe(held.closed);
  expect(held.units).toBe(held.used + held.closed);
  expect(held.units).toBe(sum(done.map(({ committed }) => committed)));
  expect(held.reservations).toBe(sum(done.map(({ reserved }) => reserved)));
  expect(await otherBatches(log)).toEqual([]);
  expect(await deadlocks()).toBe(0);
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
