import { createTestCustomer, subscribeTo, TEST_CATALOG } from '@licet/database/testing';
import { expectAtLast } from '../src/expect-at-last.js';
import { brokenGuard } from '../src/guards/guards.js';
import { replaySeats, type SeatsReplay } from '../src/log/replay-seats.js';
import type { RunningProgram } from '../src/program.js';
import { type MembersDone, startMembers } from '../src/seats/clients.js';
import { API_KEY, type RunningSystem, startSystem, until } from '../src/system.js';

const LIMIT = 50;
const CATALOG = {
  ...TEST_CATALOG,
  features: {
    ...TEST_CATALOG.features,
    editors: { type: 'seats', kind: 'named' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT1S' },
  },
  plans: {
    ...TEST_CATALOG.plans,
    team: { model: 'subscription', entitlements: { editors: LIMIT, viewers: LIMIT } },
  },
};

let system: RunningSystem;
let worker: RunningProgram | null = null;

beforeAll(async () => {
  // Batches wait between their decision and their commit, so that those of two gateways and expiries overlap.
  const options = { breakGuard: brokenGuard(), slow: 'insert-seats:5' };
  system = await startSystem([options, options], undefined, CATALOG);
});
afterAll(async () => {
  await system.close();
});

const PROCESSES = 4;
/** In all. */
const CALLERS = 500;
const ROUNDS = 8;

async function row<Row extends object>(sql: string, values: unknown[] = []): Promise<Row> {
  const { rows } = await system.owner.query<Row>(sql, values);
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

async function customer(id: string): Promise<void> {
  await createTestCustomer(system.tenant, id);
  await subscribeTo(system.tenant, id, 'team');
}

async function askAll(customerId: string, kind: 'NAMED' | 'FLOATING'): Promise<MembersDone> {
  const urls = system.gateways.map(({ client }) => client.url);
  const feature = kind === 'NAMED' ? 'editors' : 'viewers';
  const task = { urls, apiKey: API_KEY, customerId, feature, kind, rounds: ROUNDS };
  const done = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      startMembers({
        ...task,
        name: `client-${String(index)}`,
        seed: index + 1,
        callers: CALLERS / PROCESSES,
      }),
    ),
  );
  return {
    granted: done.reduce((sum, { granted }) => sum + granted, 0),
    denied: done.reduce((sum, { denied }) => sum + denied, 0),
    codes: [...new Set(done.flatMap(({ codes }) => codes))].sort(),
    errors: done.flatMap(({ errors }) => errors.slice(0, 3)),
  };
}

interface Pool {
  readonly used: number;
  readonly seats: number;
}

function pool(customerId: string, feature: string): Promise<Pool> {
  return row(
    `select m.used::int, (select count(*)::int from seat s where s.customer_id = $1 and s.feature = $2) as seats
     from meter m where m.customer_id = $1 and m.feature = $2`,
    [customerId, feature],
  );
}

/** How many are taken of the pool of this customer, as the log has it. */
async function takenIn({ pools }: SeatsReplay, customerId: string, feature: string): Promise<number> {
  const { subject } = await row<{ subject: string }>('select subject from customer where id = $1', [
    customerId,
  ]);
  return pools.get(`${subject} ${feature}`)?.size ?? 0;
}

test('500 callers for 50 named seats, through two gateways: the log, read alone, shows no seat beyond the limit', async () => {
  await customer('named');
  const done = await askAll('named', 'NAMED');
  expect(done.errors).toEqual([]);
  expect(done.codes).toEqual(['ENTITLED', 'NO_SEAT']);
  const log = await replaySeats(system.owner, LIMIT);
  expect(log.beyond).toEqual([]);
  expect(log.broken).toEqual([]);
  expect(log.counts['seat.released']).toBeGreaterThan(0);
  expect(done.granted).toBeGreaterThanOrEqual(log.counts['seat.assigned']);
  const held = await pool('named', 'editors');
  expect(held.used).toBe(held.seats);
  expect(await takenIn(log, 'named', 'editors')).toBe(held.seats);
});

test('500 callers for 50 floating seats that free themselves meanwhile: never beyond the limit, and none is lost', async () => {
  await customer('floating');
  worker = await system.startWorker({ breakGuard: brokenGuard() });
  const done = await askAll('floating', 'FLOATING');
  expect(done.errors).toEqual([]);
  expect(done.codes).toEqual(['ENTITLED', 'NO_SEAT']);
  await expectAtLast(async () => (await pool('floating', 'viewers')).used, 0);
  const log = await replaySeats(system.owner, LIMIT);
  expect(log.beyond).toEqual([]);
  expect(log.broken).toEqual([]);
  expect(log.counts['seat.expired']).toBeGreaterThan(0);
  expect(await pool('floating', 'viewers')).toEqual({ used: 0, seats: 0 });
  expect(await takenIn(log, 'floating', 'viewers')).toBe(0);
  await worker.stop();
  const { deadlocks } = await row<{ deadlocks: number }>(
    `select deadlocks::int from pg_stat_database where datname = current_database()`,
  );
  expect(deadlocks).toBe(0);
});

const SEAT = 'decision { allowed code } seat { id }';

async function seatOf(index: number, mutation: string, input: object): Promise<unknown> {
  const type = mutation === 'leaseSeat' ? 'LeaseSeatInput' : 'SeatInput';
  const client = system.gateways[index % 2]!.client;
  try {
    return await client.send(
      `mutation ($input: ${type}!) { answer: ${mutation}(input: $input) { ${SEAT} } }`,
      {
        input,
      },
    );
  } catch (error) {
    return String(error);
  }
}

test('one member who asks 50 times at once, through both gateways, has one seat', async () => {
  await customer('one');
  const input = { customerId: 'one', feature: 'editors', memberId: 'ann' };
  const told = await Promise.all(
    Array.from({ length: 50 }, (_, index) => seatOf(index, 'assignSeat', input)),
  );
  expect(new Set(told.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(told[0]).toMatchObject({ answer: { decision: { allowed: true } } });
  expect(await pool('one', 'editors')).toEqual({ used: 1, seats: 1 });
});

test('one member who gives back and takes 50 times at once never frees what others hold', async () => {
  await customer('turns');
  await seatOf(0, 'assignSeat', { customerId: 'turns', feature: 'editors', memberId: 'bob' });
  const input = { customerId: 'turns', feature: 'editors', memberId: 'ann' };
  await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      seatOf(index, index % 3 === 0 ? 'assignSeat' : 'releaseSeat', input),
    ),
  );
  const held = await pool('turns', 'editors');
  expect(held.used).toBe(held.seats);
  expect(held.seats).toBeGreaterThanOrEqual(1);
  expect((await replaySeats(system.owner, LIMIT)).broken).toEqual([]);
});

test('a lease that is over is free for the next member, without a worker', async () => {
  await customer('lapses');
  for (let index = 0; index < LIMIT; index += 1)
    await seatOf(index, 'leaseSeat', {
      ...{ customerId: 'lapses', feature: 'viewers', memberId: `member-${String(index)}` },
      // The last one, which nobody's asking can free before.
      ttl: index === LIMIT - 1 ? 'PT1S' : 'PT1H',
    });
  const next = { customerId: 'lapses', feature: 'viewers', memberId: 'next', ttl: 'PT1H' };
  const over = `select count(*)::int from seat where customer_id = 'lapses' and lease_expires_at <= clock_timestamp()`;
  await until(async () => (await row<{ count: number }>(over)).count === 1);
  expect(await seatOf(1, 'leaseSeat', next)).toMatchObject({ answer: { decision: { allowed: true } } });
  expect(await pool('lapses', 'viewers')).toEqual({ used: LIMIT, seats: LIMIT });
});
