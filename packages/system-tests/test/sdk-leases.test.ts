import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestCustomer, subscribeTo, TEST_CATALOG } from '@licet/database/testing';
import { createClient } from '@licet/sdk';
import { fileStorage } from '@licet/sdk/node';
import { randomNumbers } from '../src/crash/random.cjs';
import { expectAtLast } from '../src/expect-at-last.js';
import { brokenGuard } from '../src/guards/guards.js';
import { replayLog } from '../src/log/replay.js';
import { Spender } from '../src/sdk-leases/spenders.js';
import { API_KEY, type RunningSystem, startSystem, until } from '../src/system.js';

const SPENDERS = Number(process.env['LICET_SPENDERS'] ?? 20);
const KILLED = Math.floor(SPENDERS / 2);
/** Less than is wanted: two units for each spend, on average. */
const SPENDS = 30;
const LIMIT = SPENDERS * 20;
const LEASE = { ttl: 2_000, first: 4, most: 10 };
const MOST_UNTIL_KILLED_MS = 1_500;

const { free } = TEST_CATALOG.plans;
const CATALOG = {
  ...TEST_CATALOG,
  plans: { ...TEST_CATALOG.plans, free: { ...free, entitlements: { ...free.entitlements, calls: LIMIT } } },
};

let system: RunningSystem;

beforeAll(async () => {
  const breakGuard = brokenGuard();
  system = await startSystem([{ breakGuard }, { breakGuard }], undefined, CATALOG);
  await system.startWorker({ breakGuard });
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'free');
});
afterAll(() => system.close());

function urlOf(index: number): string {
  const { client } = system.gateways[index % system.gateways.length]!;
  return new URL(client.url).origin;
}

/** Each of the first at a moment of its own, once it has spent from a lease. */
async function killSome(spenders: readonly Spender[]): Promise<void> {
  const random = randomNumbers(11);
  await Promise.all(
    spenders.slice(0, KILLED).map(async (spender) => {
      const moment = random(MOST_UNTIL_KILLED_MS);
      await until(() => spender.spent.lease > 0 || spender.hasEnded);
      await Promise.race([delay(moment), spender.ended]);
      spender.kill();
    }),
  );
}

/** By the log alone. */
interface LoggedLease {
  readonly id: string;
  readonly quantity: number;
  readonly expired: number;
  /** Null: nobody has returned it. */
  readonly spent: number | null;
  readonly late: boolean | null;
}

async function loggedLeases(): Promise<LoggedLease[]> {
  const { rows } = await system.owner.query<LoggedLease>(
    `with told as (
       select type, subject_id as id, convert_from(body, 'UTF8')::jsonb -> 'data' as data from event where type like 'quota.%')
     select l.id, (l.data ->> 'quantity')::int as quantity,
            (select count(*)::int from told e where e.id = l.id and e.type = 'quota.expired') as expired,
            (r.data ->> 'spent')::int as spent, (r.data ->> 'late')::boolean as late
     from told l left join told r on r.id = l.id and r.type = 'quota.returned' where l.type = 'quota.leased'`,
  );
  return rows;
}

interface Counter {
  readonly used: number;
  readonly reserved: number;
  /** Leases that nothing has ended yet. */
  readonly open: number;
}

async function counter(): Promise<Counter> {
  const { rows } = await system.owner.query<Counter>(
    `select used::int, reserved::int, (select count(*)::int from reservation where status = 'OPEN') as open from meter`,
  );
  const [row] = rows;
  if (!row) throw new Error('there is one counter');
  return row;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

test('clients that spend from leases on one limit, half of them killed: nothing beyond it, and what nobody returned is spent', async () => {
  const task = { apiKey: API_KEY, customerId: 'acme', feature: 'calls', spends: SPENDS, lease: LEASE };
  // Who stops early gives back what is left of its lease; the others may use theirs up.
  const thrifty = new Spender({ ...task, spends: 1, seed: 0, url: urlOf(0) });
  await thrifty.ended;
  const wasteful = Array.from(
    { length: SPENDERS },
    (_, index) => new Spender({ ...task, seed: index + 1, url: urlOf(index) }),
  );
  const spenders = [...wasteful, thrifty];
  await killSome(spenders);
  await Promise.all(spenders.map(({ ended }) => ended));
  expect(spenders.flatMap(({ errors }) => errors)).toEqual([]);
  await expectAtLast(async () => (await counter()).open, 0);

  const { used, reserved } = await counter();
  const { beyond, broken } = await replayLog(system.owner, () => LIMIT);
  expect({ beyond, broken, reserved }).toEqual({ beyond: [], broken: [], reserved: 0 });
  expect(used).toBeLessThanOrEqual(LIMIT);

  const leases = await loggedLeases();
  // Each has ended in one way: returned, or else spent when it was over.
  expect(leases.filter(({ expired, spent, late }) => expired !== (spent === null || late ? 1 : 0))).toEqual(
    [],
  );
  const byLease = sum(leases.map(({ quantity, spent }) => spent ?? quantity));
  const told = sum(spenders.map(({ spent }) => spent.lease));
  const asked = sum(spenders.map(({ spent }) => spent.gateway));
  // Whoever was killed may have spent what he did not come to tell.
  expect(told).toBeLessThanOrEqual(byLease);
  expect(told + asked).toBeLessThanOrEqual(used);
  expect(byLease + asked).toBeLessThanOrEqual(used);
  // All that there is to see has happened.
  const killed = spenders.filter(({ hasEnded }) => !hasEnded);
  expect(killed.length).toBeGreaterThanOrEqual(KILLED / 2);
  expect(leases.filter(({ spent }) => spent === null).length).toBeGreaterThan(0);
  expect(leases.filter(({ spent }) => spent !== null).length).toBeGreaterThan(0);
  expect(sum(spenders.map(({ denied }) => denied))).toBeGreaterThan(0);
});

test('what a client decides without the gateway is on record once, as local, when it is there again', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'licet-sdk-'));
  try {
    const gateway = await system.startGateway();
    const { origin, port } = new URL(gateway.client.url);
    const options = { url: origin, apiKey: API_KEY, customerId: 'acme', live: false, retryMax: 100 };
    const start = () => createClient({ ...options, storage: fileStorage(directory, { place: 'here' }) });
    const first = start();
    await first.ready;
    await gateway.stop('SIGKILL');
    first.check('sso', { memberId: 'ann', context: { country: 'AT' } });
    first.check('none', { quantity: 7 });
    await first.close();
    expect(first.reports).toMatchObject({ waiting: 2, reported: 0 });
    await system.startGateway({ port: Number(port) });
    const second = start();
    await until(() => second.reports.reported === 2);
    await second.close();
    const third = start();
    await third.ready;
    await third.close();
    const found = await system.gateways[0]!.client.send(
      `query { sso: ${decisionsOf('sso')} none: ${decisionsOf('none')} }`,
      {},
    );
    const local = { operation: 'reportDecisions', local: true };
    const input = { memberId: 'ann', context: { country: 'AT' } };
    expect(found).toMatchObject({
      sso: { edges: [{ node: { ...local, input, decision: { code: 'NOT_IN_PLAN' } } }] },
      none: {
        edges: [{ node: { ...local, input: { quantity: 7 }, decision: { code: 'UNKNOWN_FEATURE' } } }],
      },
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});

function decisionsOf(feature: string): string {
  return `decisions(customerId: "acme", feature: "${feature}") { edges { node { operation local input decision { code } } } }`;
}
