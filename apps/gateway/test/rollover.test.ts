import { setTimeout as delay } from 'node:timers/promises';
import { applyDueBatch } from '@licet/database';
import { tenantRows } from '@licet/database/testing';
import { consume, newCustomer } from './customers.js';
import { startTestGateway, type TestGateway } from './gateway.js';

const YAML = `
catalog: 1
name: Rollover
features:
  calls: { type: metered, window: P7D, rollover: { atMost: 8, for: P30D } }
plans:
  free: { model: subscription, entitlements: { calls: 10 } }
`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const drafted = await gateway.send(
    'mutation ($yaml: String!) { draftRelease(yaml: $yaml) { release { number } } }',
    { yaml: YAML },
  );
  await gateway.send('mutation ($release: Int!) { publishRelease(release: $release) { revision } }', {
    release: drafted.get('draftRelease.release.number'),
  });
});
afterAll(() => gateway.close());

/** Makes the customer's running window one that is nearly over. No event tells of it: nobody may have asked before. */
async function endSoon(customer: string, after: number): Promise<number> {
  const end = Date.now() + after;
  const at = (ms: number): string => `to_timestamp(${String(ms)} / 1000.0)`;
  const start = end - 7 * 86_400_000;
  await sql(
    `update customer set version = version + 1, next_due_at = ${at(end)}, window_anchors = '{"calls": ${String(start)}}' where id = '${customer}'`,
  );
  await sql(
    `update meter set state_version = state_version + 1, window_start = ${at(start)}, window_end = ${at(end)} where customer_id = '${customer}'`,
  );
  return end;
}

async function sql(text: string): Promise<void> {
  const { tenantId, services } = gateway;
  const actor = { kind: 'API_KEY', id: 'key_test', name: 'test' } as const;
  const caller = { tenantId, actor, requestId: 'req-test' };
  await tenantRows({ db: services.db, caller, close: () => Promise.resolve() }, text);
}

async function usage(customer: string): Promise<unknown> {
  const answer = await gateway.send(
    `query ($id: ID!) { customer(id: $id) {
       usage(feature: "calls") { used limit remaining rolledOver history { used } } } }`,
    { id: customer },
  );
  return answer.get('customer.usage');
}

test('what a window leaves over is part of the next one’s limit, at once and when it is written', async () => {
  await newCustomer(gateway, 'ada', 'free');
  await consume(gateway, { customerId: 'ada', feature: 'calls', quantity: 4 });
  // Long enough for what is asked before.
  const end = await endSoon('ada', 3000);
  expect(await usage('ada')).toEqual({ used: 4, limit: 10, remaining: 6, rolledOver: 0, history: [] });
  const ahead = await gateway.send(`{ customer(id: "ada") { upcoming(first: 1) { kind data } } }`);
  expect(ahead.get('customer.upcoming')).toMatchObject([
    { kind: 'usage.window_closed', data: { used: 4, rolledIn: 0, rolledOver: 6 } },
  ]);
  await delay(end - Date.now() + 50);
  expect(await usage('ada')).toEqual({ used: 0, limit: 16, remaining: 16, rolledOver: 6, history: [] });
  const spent = await consume(gateway, { customerId: 'ada', feature: 'calls', quantity: 15 });
  expect(spent.get('consume.decision')).toMatchObject({ code: 'ENTITLED', used: 15 });
  const closed = [{ used: 4 }];
  expect(await usage('ada')).toEqual({ used: 15, limit: 16, remaining: 1, rolledOver: 6, history: closed });
});

test('`explain` names the window whose rest allows what is asked, and says how much it is', async () => {
  await newCustomer(gateway, 'bo', 'free');
  const end = await endSoon('bo', 400);
  await delay(end - Date.now() + 50);
  await applyDueBatch(gateway.services.db, gateway.tenantId, 10);
  const why = await gateway.send(
    `query ($input: CheckInput!) { explain(input: $input) { decision { code limit } since { type } steps { rule detail } } }`,
    { input: { customerId: 'bo', feature: 'calls', quantity: 12 } },
  );
  expect(why.errors).toEqual([]);
  expect(why.get('explain.decision')).toEqual({ code: 'ENTITLED', limit: 18 });
  expect(why.get('explain.since')).toEqual({ type: 'usage.window_closed' });
  expect(why.get('explain.steps')).toContainEqual({
    rule: 'COMBINATION',
    detail: 'rolled over from earlier windows: 8',
  });
});
