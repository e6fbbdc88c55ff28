import { createTestCustomer } from '@licet/database/testing';
import { catalogWith, draft, publish } from '../src/catalogs.js';
import type { GraphqlClient } from '../src/graphql-client.js';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  const breakGuard = brokenGuard();
  // On the third a subscription waits between its decision and its commit, so that a publication falls in between.
  system = await startSystem([
    { breakGuard },
    { breakGuard },
    { breakGuard, slow: 'update-subscriptions:30' },
  ]);
});
afterAll(async () => {
  await system.close();
});

async function codeOf(publication: Promise<void>): Promise<string> {
  try {
    await publication;
    return 'published';
  } catch (error) {
    return /"code":"(\w+)"/.exec(String(error))?.[1] ?? String(error);
  }
}

async function live(): Promise<number> {
  const { rows } = await system.owner.query<{ number: number }>(
    `select number from catalog_release where status = 'LIVE'`,
  );
  return rows[0]?.number ?? 0;
}

test('of two releases that two gateways publish at once one goes live, and the other is CONFLICT', async () => {
  const [one, other] = system.gateways.map((gateway) => gateway.client);
  for (let round = 0; round < 10; round += 1) {
    const first = await draft(one!, catalogWith(10 + round, 'stay'));
    const second = await draft(other!, catalogWith(30 + round, 'stay'));
    const codes = await Promise.all([codeOf(publish(one!, first)), codeOf(publish(other!, second))]);
    expect([...codes].sort()).toEqual(['CONFLICT', 'published']);
    expect(await live()).toBe(codes[0] === 'published' ? first : second);
  }
});

async function subscribe(client: GraphqlClient, customerId: string): Promise<void> {
  await client.send('mutation ($input: SubscribeInput!) { subscribe(input: $input) { revision } }', {
    input: { customerId, plan: 'free', idempotencyKey: customerId },
  });
}

interface Entry {
  readonly type: string;
  readonly release: number | null;
  readonly version: number | null;
}

test('publications race subscriptions: the log, read alone, shows none that was sold by a former release', async () => {
  const [publisher, , slow] = system.gateways.map((gateway) => gateway.client);
  const names = Array.from({ length: 60 }, (_, index) => `buyer-${String(index)}`);
  for (const name of names) await createTestCustomer(system.tenant, name);
  const sold = Promise.all(
    [0, 1, 2, 3].map(async (lane) => {
      for (const name of names.slice(lane * 15, lane * 15 + 15)) await subscribe(slow!, name);
    }),
  );
  for (let round = 0; round < 10; round += 1) {
    await publish(publisher!, await draft(publisher!, catalogWith(60 + round, 'stay')));
  }
  await sold;
  const { rows } = await system.owner.query<Entry>(
    `select type, (body #>> '{data,after,number}')::int as release, (body #>> '{data,after,planVersion}')::int as version
     from (select position, type, convert_from(body, 'UTF8')::jsonb as body from event
           where type in ('release.published', 'subscription.started')) e order by position`,
  );
  const versions = await system.owner.query<{ release: number; version: number }>(
    `select release, version from release_plan where plan = 'free'`,
  );
  const soldBy = new Map(versions.rows.map((row) => [row.release, row.version]));
  let current: number | undefined;
  const late: Entry[] = [];
  for (const row of rows) {
    if (row.release !== null) current = soldBy.get(row.release);
    else if (row.version !== current) late.push(row);
  }
  expect(rows.filter((row) => row.version !== null)).toHaveLength(names.length);
  expect(late).toEqual([]);
});
