import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { commit, release, reserve } from '../src/reservations/ask.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  const options = { breakGuard: brokenGuard(), slow: 'insert-spends:5' };
  system = await startSystem([options, options]);
});
afterAll(async () => {
  await system.close();
});

const gateway = (index: 0 | 1) => system.gateways[index]!.client;
const KEYS = Array.from({ length: 50 }, (_, index) => `key-${String(index)}`);

interface Counted {
  readonly used: number;
  readonly reserved: number;
  readonly units: number;
  readonly operations: number;
  readonly reservations: number;
}

async function counted(customer: string): Promise<Counted> {
  const { rows } = await system.owner.query<Counted>(
    `select used::int, reserved::int, (select sum(quantity)::int from operation where customer_id = $1) as units,
            (select count(*)::int from operation where customer_id = $1 and quantity is not null) as operations,
            (select count(*)::int from reservation where customer_id = $1) as reservations
     from meter where customer_id = $1`,
    [customer],
  );
  return rows[0]!;
}

/** 50 reservations of two units each. */
async function reserved(customer: string): Promise<string[]> {
  await createTestCustomer(system.tenant, customer);
  await subscribeTo(system.tenant, customer, 'pro');
  return Promise.all(
    KEYS.map((key, index) => reserve(gateway(index % 2 ? 1 : 0), customer, 2, `${customer}-${key}`)),
  );
}

test('each of 50 keys reserves once, sent through both gateways at once', async () => {
  await createTestCustomer(system.tenant, 'reserves');
  await subscribeTo(system.tenant, 'reserves', 'pro');
  // One unit each, so that a second time would fit, too.
  const made = await Promise.all(
    KEYS.map((key) =>
      Promise.all([reserve(gateway(0), 'reserves', 1, key), reserve(gateway(1), 'reserves', 1, key)]),
    ),
  );
  expect(made.filter(([one, other]) => one !== other)).toEqual([]);
  expect(new Set(made.map(([id]) => id)).size).toBe(50);
  expect(await counted('reserves')).toEqual({
    used: 0,
    reserved: 50,
    units: 0,
    operations: 50,
    reservations: 50,
  });
});

test('each of 50 reservations is committed once, asked for through both gateways at once', async () => {
  const ids = await reserved('commits');
  const told = await Promise.all(
    ids.map((id) => Promise.all([commit(gateway(0), id, 2), commit(gateway(1), id, 2)])),
  );
  expect(told.flat().filter((outcome) => outcome !== 'spent 2')).toEqual([]);
  expect(await counted('commits')).toMatchObject({ used: 100, reserved: 0, units: 100, operations: 100 });
});

test('of two commits with other quantities, sent through both gateways at once, one is CONFLICT', async () => {
  const ids = await reserved('differs');
  const told = await Promise.all(
    ids.map(async (id) => (await Promise.all([commit(gateway(0), id, 1), commit(gateway(1), id, 2)])).sort()),
  );
  expect(told.filter(([loser, winner]) => loser !== 'CONFLICT' || !winner.startsWith('spent'))).toEqual([]);
  const units = told.reduce((total, [, winner]) => total + (winner === 'spent 2' ? 2 : 1), 0);
  expect(await counted('differs')).toMatchObject({ used: units, reserved: 0, units, operations: 100 });
});

test('of a commit and a release, sent through both gateways at once, one is CONFLICT', async () => {
  const ids = await reserved('either');
  const told = await Promise.all(
    ids.map(async (id) => (await Promise.all([commit(gateway(0), id, 2), release(gateway(1), id)])).sort()),
  );
  expect(told.filter(([loser, winner]) => loser !== 'CONFLICT' || winner === 'CONFLICT')).toEqual([]);
  const units = told.filter(([, winner]) => winner === 'spent 2').length * 2;
  expect(await counted('either')).toMatchObject({ used: units, reserved: 0, units, operations: 100 });
});

test('without a worker: what time has freed can be spent at once, and its commit is decided anew', async () => {
  await createTestCustomer(system.tenant, 'late');
  await subscribeTo(system.tenant, 'late', 'free');
  const id = await reserve(gateway(0), 'late', 10, 'late-reserves', 'PT0.1S');
  await until(async () => {
    const { rows } = await system.owner.query(
      `select 1 from reservation where id = $1 and expires_at < clock_timestamp()`,
      [id],
    );
    return rows.length > 0;
  });
  expect(await gateway(1).consume('late', 'calls', 'late-consumes')).toMatchObject({ consumed: 1 });
  expect(await commit(gateway(0), id, 10)).toBe('spent 0');
  expect(await commit(gateway(1), id, 9)).toBe('spent 9');
  expect(await counted('late')).toMatchObject({ used: 10, reserved: 0, units: 10 });
});
