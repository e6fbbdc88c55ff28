import { setTimeout as delay } from 'node:timers/promises';
import { createTestCustomer, subscribeTo, TEST_CATALOG } from '@licet/database/testing';
import { expectAtLast } from '../src/expect-at-last.js';
import { brokenGuard } from '../src/guards/guards.js';
import { randomNumbers } from '../src/crash/random.cjs';
import { type Replay, replayLog } from '../src/log/replay.js';
import { Holder, type ToldLease } from '../src/quota-leases/holders.js';
import { API_KEY, type RunningSystem, startSystem, until } from '../src/system.js';

const LIMIT = 300;
const { free } = TEST_CATALOG.plans;
const CATALOG = {
  ...TEST_CATALOG,
  plans: { ...TEST_CATALOG.plans, free: { ...free, entitlements: { ...free.entitlements, calls: LIMIT } } },
};

let system: RunningSystem;

beforeAll(async () => {
  const breakGuard = brokenGuard();
  // Batches wait between their decision and their commit, so that those of two gateways and expiries overlap.
  const options = { breakGuard, slow: 'insert-spends:5' };
  system = await startSystem([options, options], undefined, CATALOG);
  await system.startWorker({ breakGuard });
});
afterAll(async () => {
  await system.close();
});

const HOLDERS = 50;
const KILLED = 20;
const ROUNDS = 5;
const MOST_UNTIL_KILLED_MS = 4000;

/** How a lease has gone, by the log alone. */
interface LoggedLease {
  readonly id: string;
  readonly quantity: number;
  readonly asked: number;
  readonly expired: number;
  /** Null: nobody has returned it. */
  readonly spent: number | null;
  readonly late: boolean | null;
}

async function loggedLeases(): Promise<LoggedLease[]> {
  const { rows } = await system.owner.query<LoggedLease>(
    `with told as (
       select type, subject_id as id, convert_from(body, 'UTF8')::jsonb -> 'data' as data from event where type like 'quota.%')
     select l.id, (l.data ->> 'quantity')::int as quantity, (l.data ->> 'asked')::int as asked,
            (select count(*)::int from told e where e.id = l.id and e.type = 'quota.expired') as expired,
            (r.data ->> 'spent')::int as spent, (r.data ->> 'late')::boolean as late
     from told l left join told r on r.id = l.id and r.type = 'quota.returned' where l.type = 'quota.leased'`,
  );
  return rows;
}

/** What it counts in the end: what was told of it, or else all of it. */
function countsAs({ quantity, spent }: LoggedLease): number {
  return spent ?? quantity;
}

interface Tables {
  readonly used: number;
  readonly reserved: number;
  /** Of all operations. */
  readonly units: number;
  readonly open: number;
}

async function tables(): Promise<Tables> {
  const { rows } = await system.owner.query<Tables>(
    `select used::int, reserved::int, (select coalesce(sum(quantity), 0)::int from operation) as units,
            (select count(*)::int from reservation where status = 'OPEN') as open from meter`,
  );
  const [row] = rows;
  if (!row) throw new Error('there is one counter');
  return row;
}

function startHolders(): Holder[] {
  const urls = system.gateways.map(({ client }) => client.url);
  const task = { urls, apiKey: API_KEY, customerId: 'acme', feature: 'calls', rounds: ROUNDS };
  return Array.from(
    { length: HOLDERS },
    (_, index) => new Holder({ ...task, name: `holder-${String(index)}`, seed: index + 1 }),
  );
}

/** Each of the first at a moment of its own, once it has a lease. */
async function killSome(holders: readonly Holder[]): Promise<void> {
  const random = randomNumbers(7);
  await Promise.all(
    holders.slice(0, KILLED).map(async (holder) => {
      const moment = random(MOST_UNTIL_KILLED_MS);
      await until(() => holder.leases.size > 0 || holder.hasEnded);
      await Promise.race([delay(moment), holder.ended]);
      holder.kill();
    }),
  );
}

async function giveBack(id: string, spent: number): Promise<unknown> {
  return system.gateways[0]?.client.send(
    'mutation ($id: ID!, $spent: Quantity!) { returnQuota(leaseId: $id, spent: $spent) { decision { code } } }',
    { id, spent },
  );
}

test('50 holders of leases on one limit, 20 of them killed: the log, read alone, shows nothing beyond it, and every lease settled', async () => {
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'free');
  const holders = startHolders();
  await killSome(holders);
  await Promise.all(holders.map(({ ended }) => ended));
  expect(holders.flatMap(({ errors }) => errors)).toEqual([]);
  await expectAtLast(async () => (await tables()).open, 0);

  await expectSoundLog();

  const told = new Map<string, ToldLease>(holders.flatMap(({ leases }) => [...leases]));
  const spentByHolders = sum([...told.values()].map(({ spent }) => spent));
  const leases = await loggedLeases();
  // Each has ended in one way, whoever was killed.
  expect(leases.filter(({ expired, spent, late }) => expired !== (spent === null || late ? 1 : 0))).toEqual(
    [],
  );
  expect(leases.filter(({ id, spent }) => spent !== null && spent < (told.get(id)?.spent ?? 0))).toEqual([]);
  // Who was told that a lease is returned finds it so.
  expect(leases.filter(({ id, spent }) => spent === null && told.get(id)?.returned === true)).toEqual([]);
  // All that there is to see has happened.
  const unreturned = leases.filter(({ spent }) => spent === null);
  expect(unreturned.length).toBeGreaterThanOrEqual(KILLED / 2);
  expect(leases.filter(({ late }) => late).length).toBeGreaterThan(0);
  expect(leases.filter(({ quantity, asked }) => quantity < asked).length).toBeGreaterThan(0);
  const before = await tables();
  expect(before).toMatchObject({ used: sum(leases.map(countsAs)), reserved: 0 });
  expect(before.used).toBeLessThanOrEqual(LIMIT);
  expect(spentByHolders).toBeLessThanOrEqual(before.used);

  // What the dead have spent is returned for them, a while after.
  for (const { id } of unreturned) await giveBack(id, told.get(id)?.spent ?? 0);
  const after = await tables();
  const settled = await loggedLeases();
  expect(settled.filter(({ spent }) => spent === null)).toEqual([]);
  expect(after.used).toBe(sum(settled.map(countsAs)));
  expect(after.used).toBe(spentByHolders);
  expect(after.units + sum(settled.map(({ quantity, expired }) => quantity * expired))).toBe(after.used);

  const { counters } = await expectSoundLog();
  expect([...counters.values()]).toMatchObject([{ used: after.used, reserved: 0 }]);
});

/** No more than the limit anywhere, and no entry that does not follow from those before it. */
async function expectSoundLog(): Promise<Replay> {
  const log = await replayLog(system.owner, () => LIMIT);
  expect(log.beyond).toEqual([]);
  expect(log.broken).toEqual([]);
  return log;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
