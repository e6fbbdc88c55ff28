import { CATALOG } from './catalog.js';
import { check, newCustomer } from './customers.js';
import { startTestGateway, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

const UPDATE =
  'mutation ($input: UpdateTenantInput!) { updateTenant(input: $input) { revision tenant { name timeZone } } }';

async function resetOf(customerId: string): Promise<string> {
  const answer = await gateway.send('query ($input: CheckInput!) { check(input: $input) { resetsAt } }', {
    input: { customerId, feature: 'api-calls' },
  });
  return answer.text('check.resetsAt');
}

/** The test catalog without a time zone of its own. */
async function publishWithoutZone(): Promise<void> {
  const { timeZone: _timeZone, ...document } = CATALOG;
  await publish(gateway, document);
}

test('a tenant that moves takes the customers along who name no zone, and says so in one event', async () => {
  await newCustomer(gateway, 'ada', 'free');
  await publishWithoutZone();
  const before = await resetOf('ada');
  const moved = await gateway.send(UPDATE, { input: { timeZone: 'Asia/Kolkata' } });
  expect([moved.errors, moved.get('updateTenant.tenant')]).toEqual([
    [],
    { name: 'Meridian', timeZone: 'Asia/Kolkata' },
  ]);
  expect(Date.parse(await resetOf('ada')) - Date.parse(before)).toBe(-5.5 * 3_600_000);
  const customer = await gateway.send(
    '{ customer(id: "ada") { timeZone } tenant { timeZone } catalog { number status } }',
  );
  expect(customer.get('customer.timeZone')).toBe('Asia/Kolkata');
  expect(customer.get('tenant.timeZone')).toBe('Asia/Kolkata');
  expect(customer.get('catalog')).toEqual({ number: 2, status: 'LIVE' });
  const events = await gateway.send(
    '{ events(first: 5, types: ["tenant.updated"]) { edges { node { type subjectType actor { kind } data } } } }',
  );
  expect(events.get('events.edges')).toMatchObject([
    {
      node: {
        type: 'tenant.updated',
        subjectType: 'tenant',
        actor: { kind: 'API_KEY' },
        data: { before: { timeZone: 'UTC' }, after: { timeZone: 'Asia/Kolkata' } },
      },
    },
  ]);
});

test('another name changes nothing for customers; the same one once more makes no event', async () => {
  const named = await gateway.send(UPDATE, { input: { name: 'Meridian Ltd' } });
  expect(named.get('updateTenant.tenant.name')).toBe('Meridian Ltd');
  const again = await gateway.send(UPDATE, { input: { name: 'Meridian Ltd' } });
  expect(again.get('updateTenant.revision')).toBe(named.get('updateTenant.revision'));
  const answer = await check(gateway, { customerId: 'ada', feature: 'api-calls' });
  expect(answer.get('check')).toMatchObject({ allowed: true, release: 2 });
});
