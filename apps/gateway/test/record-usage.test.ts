import { check, consume, newCustomer } from './customers.js';
import { type Answer, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

interface Event {
  readonly id: string;
  readonly source?: string;
  readonly customerId: string;
  readonly feature?: string;
  readonly quantity?: number;
  readonly at?: string;
}

function recordUsage(events: readonly Event[], key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($events: [UsageEventInput!]!) { recordUsage(events: $events) {
       accepted duplicates revision rejected { index code field message } } }`,
    { events: events.map((event) => ({ feature: 'api-calls', ...event })) },
    key,
  );
}

const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();

test('usage is counted beyond the limit, and then nothing more is granted', async () => {
  await newCustomer(gateway, 'ada', 'free');
  const told = await recordUsage([
    { id: '1', customerId: 'ada', quantity: 7 },
    { id: '2', customerId: 'ada', quantity: 7 },
    { id: '1', customerId: 'ada', quantity: 7 },
    { id: '1', source: 'another', customerId: 'ada' },
  ]);
  expect(told.get('recordUsage')).toMatchObject({ accepted: 3, duplicates: 1, rejected: [] });
  const after = await check(gateway, {
    customerId: 'ada',
    feature: 'api-calls',
    atLeast: told.get('recordUsage.revision'),
  });
  expect(after.get('check')).toMatchObject({ code: 'LIMIT_EXCEEDED', used: 15 });
  const spent = await consume(gateway, { customerId: 'ada', feature: 'api-calls' });
  expect(spent.get('consume.decision.code')).toBe('LIMIT_EXCEEDED');
});

test('late usage is in the history of its window, and not in the running one', async () => {
  await newCustomer(gateway, 'bo', 'free');
  const told = await recordUsage([
    { id: 'bo 1', customerId: 'bo' },
    { id: 'bo 2', customerId: 'bo', quantity: 3, at: daysAgo(34) },
  ]);
  await check(gateway, {
    customerId: 'bo',
    feature: 'api-calls',
    atLeast: told.get('recordUsage.revision'),
  });
  const usage = await gateway.send(
    '{ customer(id: "bo") { usage(feature: "api-calls") { used history { used start end } } } }',
  );
  expect(usage.get('customer.usage')).toMatchObject({ used: 1, history: [{ used: 3 }] });
});

test('each event that is rejected says why, and at which place it stood; the others are taken', async () => {
  await newCustomer(gateway, 'cy', 'free');
  const told = await recordUsage([
    { id: 'cy 1', customerId: 'cy' },
    { id: 'cy 1', customerId: 'cy', quantity: 2 },
    { id: 'cy 3', customerId: 'nobody' },
    { id: 'cy 4', customerId: 'cy', feature: 'sso' },
    { id: 'cy 5', customerId: 'cy', feature: 'api-cals' },
    { id: 'cy 6', customerId: 'cy', quantity: 0 },
    { id: 'cy 7', customerId: 'cy', at: daysAgo(36) },
    { id: 'cy 8', customerId: 'cy', at: daysAgo(-1) },
    { id: '', customerId: 'cy' },
    { id: 'cy 10', source: 'x'.repeat(256), customerId: 'cy' },
    { id: 'cy 11', customerId: '' },
    { id: 'cy 12', customerId: 'cy' },
  ]);
  expect(told.get('recordUsage.accepted')).toBe(2);
  const rejected = [
    [1, 'CONFLICT', 'id'],
    [2, 'NOT_FOUND', 'customerId'],
    [3, 'BAD_USER_INPUT', 'feature'],
    [4, 'BAD_USER_INPUT', 'feature'],
    [5, 'BAD_USER_INPUT', 'quantity'],
    [6, 'BAD_USER_INPUT', 'at'],
    [7, 'BAD_USER_INPUT', 'at'],
    [8, 'BAD_USER_INPUT', 'id'],
    [9, 'BAD_USER_INPUT', 'source'],
    [10, 'BAD_USER_INPUT', 'customerId'],
  ].map(([index, code, field]) => ({ index, code, field, message: expect.any(String) }));
  expect(told.get('recordUsage.rejected')).toEqual(rejected);
});

test('a key that is for other customers, or reads alone, records nothing', async () => {
  await newCustomer(gateway, 'di', 'free');
  const narrowed = await gateway.newKey({ role: 'SERVICE', customerIds: ['di'] });
  const told = await recordUsage(
    [
      { id: 'di 1', customerId: 'di' },
      { id: 'di 2', customerId: 'ada' },
    ],
    narrowed.secret,
  );
  expect(told.get('recordUsage')).toMatchObject({ accepted: 1, rejected: [{ index: 1, code: 'FORBIDDEN' }] });
  const reader = await gateway.newKey({ role: 'READER' });
  const refused = await recordUsage([{ id: 'di 3', customerId: 'di' }], reader.secret);
  expect(refused.errors[0]?.extensions.code).toBe('FORBIDDEN');
});

test('more than 1,000 events at a time are refused', async () => {
  const many = Array.from({ length: 1001 }, (_, index) => ({ id: String(index), customerId: 'ada' }));
  const refused = await recordUsage(many);
  expect(refused.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'events' });
});
