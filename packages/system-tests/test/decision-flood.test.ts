import { ensureAdminKey } from '@licet/database';
import { createTestCustomer, createTestTenant, subscribeTo, type TestTenant } from '@licet/database/testing';
import { expectAtLast } from '../src/expect-at-last.js';
import { GraphqlClient } from '../src/graphql-client.js';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';
import { spread } from '../src/traffic.js';

const FLOODING_KEY = 'system-tests-flood-0123456789abcdef0123456789';
/** Each write takes so long, that what is asked piles up. */
const WRITE_MS = 300;
const FLOOD = { requests: 60, checks: 1000, lanes: 4 };
const ASKED = 5;

let system: RunningSystem;
let flooding: TestTenant;

beforeAll(async () => {
  system = await startSystem([{ breakGuard: brokenGuard(), slow: `write-decisions:${String(WRITE_MS)}` }]);
  flooding = await createTestTenant(system.databaseUrl);
  await ensureAdminKey(flooding.db, flooding.caller.tenantId, FLOODING_KEY);
  for (const tenant of [system.tenant, flooding]) {
    await createTestCustomer(tenant, 'acme');
    await subscribeTo(tenant, 'acme', 'pro');
  }
});
afterAll(async () => {
  await flooding.close();
  await system.close();
});

interface Written {
  /** Of the transaction that wrote it. */
  readonly xid: number;
  readonly first: number;
  readonly last: number;
}

/** The tenant's flushes, in their order. */
async function flushesOf({ caller }: TestTenant): Promise<Written[]> {
  const { rows } = await system.owner.query<{ xid: string; first_at: Date; last_at: Date }>(
    'select xmin::text as xid, first_at, last_at from decision_flush where tenant_id = $1 order by last_at, seq',
    [caller.tenantId],
  );
  return rows.map(({ xid, first_at, last_at }) => {
    return { xid: Number(xid), first: first_at.getTime(), last: last_at.getTime() };
  });
}

/** One check after another, each on record before the next; how long after its answer each was, in milliseconds. */
async function delaysOf(count: number): Promise<number[]> {
  const delays: number[] = [];
  const { client } = system.gateways[0]!;
  for (let asked = 0; asked < count; asked += 1) {
    const before = (await flushesOf(system.tenant)).length;
    await client.send('{ check(input: { customerId: "acme", feature: "calls" }) { id } }', {});
    const answered = performance.now();
    await until(async () => (await flushesOf(system.tenant)).length > before);
    delays.push(performance.now() - answered);
  }
  return delays;
}

async function flood(): Promise<void> {
  const client = new GraphqlClient(system.gateways[0]!.client.url, FLOODING_KEY);
  const inputs = Array.from({ length: FLOOD.checks }, () => ({ customerId: 'acme', feature: 'calls' }));
  let left = FLOOD.requests;
  await Promise.all(
    Array.from({ length: FLOOD.lanes }, async () => {
      while ((left -= 1) >= 0)
        await client.send('query ($inputs: [CheckInput!]!) { checkMany(inputs: $inputs) { id } }', {
          inputs,
        });
    }),
  );
}

test('a flood of one tenant waits for itself: what another is answered meanwhile is on record before it', async () => {
  const alone = await delaysOf(ASKED);
  const known = (await flushesOf(system.tenant)).length;
  await flood();
  const meanwhile = await delaysOf(ASKED);
  const total = FLOOD.requests * FLOOD.checks;
  await expectAtLast(async () => {
    const { rows } = await system.owner.query<{ records: string }>(
      'select sum(records) as records from decision_flush where tenant_id = $1',
      [flooding.caller.tenantId],
    );
    return Number(rows[0]?.records);
  }, total);
  const quiet = (await flushesOf(system.tenant)).slice(known);
  const flooded = await flushesOf(flooding);
  const overtaken = quiet.map(
    ({ xid, first }) => flooded.filter((other) => other.last < first && other.xid > xid).length,
  );
  process.stdout.write(
    `from answer to record, a write taking ${String(WRITE_MS)} ms: alone ${spread(alone)}; ` +
      `in a flood of ${String(total)} decisions ${spread(meanwhile)}; flushes overtaken: ${overtaken.join(' ')}\n`,
  );
  expect(overtaken).toHaveLength(ASKED);
  expect(overtaken.filter((count) => count === 0)).toEqual([]);
}, 120_000);
