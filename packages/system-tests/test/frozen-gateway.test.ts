import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  const guard = { breakGuard: brokenGuard() };
  // The first one stands between two statements for a while, with its locks held.
  system = await startSystem([{ ...guard, slow: 'lock-meters:3000:client' }, guard]);
});
afterAll(async () => {
  await system.close();
});

async function holdsLocks(): Promise<boolean> {
  const { rows } = await system.owner.query(
    `select 1 from pg_stat_activity where datname = current_database() and application_name = 'licet-gateway'
     and state = 'idle in transaction' and backend_xid is not null`,
  );
  return rows.length > 0;
}

test('a gateway that is frozen inside a transaction stops its tenant for 5 seconds at most', async () => {
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'pro');
  const [frozen, sound] = system.gateways;
  // The counter exists before anything freezes.
  expect(await sound!.client.consume('acme', 'calls', 'first')).toMatchObject({ consumed: 1 });
  const held = frozen!.client.consume('acme', 'calls', 'held').catch((error: unknown) => error);
  await until(holdsLocks);
  process.kill(frozen!.pid, 'SIGSTOP');
  try {
    const second = sound!.client.consume('acme', 'calls', 'second').catch((error: unknown) => error);
    expect(await second).toMatchObject({ consumed: 1, decision: { allowed: true } });
  } finally {
    process.kill(frozen!.pid, 'SIGCONT');
  }
  // Awake again, it finds its connection gone, and runs its transaction anew on another.
  expect(await held).toMatchObject({ consumed: 1 });
  const { rows } = await system.owner.query(`select used::int as used from meter`);
  expect(rows).toEqual([{ used: 3 }]);
});
