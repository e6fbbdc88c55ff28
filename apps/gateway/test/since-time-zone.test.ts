import { newCustomer } from './customers.js';
import { startTestGateway, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

const BERLIN = 'Europe/Berlin';
const document = (timeZone?: string) => ({
  catalog: 1,
  name: 'Zones',
  ...(timeZone === undefined ? {} : { timeZone }),
  features: { sso: { type: 'boolean' } },
  plans: {
    free: {
      family: 'cloud',
      model: 'subscription',
      entitlements: { sso: true },
      rules: [{ name: 'home', feature: 'sso', when: `customer.timeZone == "${BERLIN}"`, then: 'deny' }],
    },
  },
});

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await publish(gateway, document());
});
afterAll(() => gateway.close());

async function moveTenant(timeZone: string): Promise<string> {
  const moved = await gateway.send(
    'mutation ($input: UpdateTenantInput!) { updateTenant(input: $input) { revision } }',
    { input: { timeZone } },
  );
  return moved.text('updateTenant.revision');
}

async function move(id: string, timeZone: string | null): Promise<string> {
  const moved = await gateway.send(
    'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision } }',
    { input: { id, timeZone } },
  );
  return moved.text('upsertCustomer.revision');
}

async function since(customerId: string, atLeast: string): Promise<unknown[]> {
  const why = await gateway.send(
    'query ($input: CheckInput!) { explain(input: $input) { decision { code } since { type } } }',
    { input: { customerId, feature: 'sso', atLeast } },
  );
  return [why.get('explain.decision.code'), why.get('explain.since.type') ?? why.get('explain.since')];
}

test('what another time zone has turned is not said of another event', async () => {
  for (const id of ['ada', 'bob', 'cid']) await newCustomer(gateway, id, 'free');
  const cid = await move('cid', 'America/New_York');
  // Where the zone moved nothing older can be told.
  expect(await since('cid', cid)).toEqual(['ENTITLED', null]);

  const ada = await move('ada', BERLIN);
  expect(await since('ada', ada)).toEqual(['DENIED_BY_RULE', null]);
  expect(await since('bob', ada)).toEqual(['ENTITLED', 'subscription.started']);

  await gateway.send(
    'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision } }',
    {
      input: { id: 'eve', timeZone: 'America/New_York' },
    },
  );
  await newCustomer(gateway, 'eve', 'free');
  const tenant = await moveTenant(BERLIN);
  expect(await since('bob', tenant)).toEqual(['DENIED_BY_RULE', null]);
  expect(await since('eve', tenant)).toEqual(['ENTITLED', 'subscription.started']);

  const catalog = await publish(gateway, document('America/New_York'));
  expect(await since('bob', catalog)).toEqual(['ENTITLED', null]);
  expect(await since('eve', catalog)).toEqual(['ENTITLED', 'subscription.started']);

  // The catalog's zone is in force: the tenant's moves nobody.
  const again = await moveTenant('Asia/Tokyo');
  expect(await since('eve', again)).toEqual(['ENTITLED', 'subscription.started']);
  await newCustomer(gateway, 'fay', 'free');
  const named = await move('fay', 'America/New_York');
  expect(await since('fay', named)).toEqual(['ENTITLED', 'subscription.started']);
  expect(await since('fay', await moveTenant('UTC'))).toEqual(['ENTITLED', 'subscription.started']);
});
