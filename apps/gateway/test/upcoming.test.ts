import { changePlan, newCustomer } from './customers.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

const AHEAD = `query ($id: ID!, $until: DateTime, $first: Int! = 20) { customer(id: $id) {
  upcoming(until: $until, first: $first) { at kind subjectType subjectId message data } } }`;
const ahead = (id: string, variables: object = {}): Promise<Answer> =>
  gateway.send(AHEAD, { id, ...variables });
const hence = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

test('what time will do is listed in its order, with the event that it will be', async () => {
  const id = await newCustomer(gateway, 'ada', 'pro', { trial: true });
  const at = hence(3);
  await gateway.send(`mutation ($input: GrantInput!) { grantEntitlement(input: $input) { revision } }`, {
    input: {
      customerId: 'ada',
      feature: 'projects',
      value: 1,
      reason: 'a promise',
      expiresAt: at,
      idempotencyKey: newIdempotencyKey(),
    },
  });
  const listed = await ahead('ada', { first: 2 });
  expect(listed.get('customer.upcoming')).toEqual([
    expect.objectContaining({
      at,
      kind: 'grant.expired',
      subjectType: 'grant',
      message: 'the grant of `projects` ends',
    }),
    expect.objectContaining({ kind: 'subscription.trial_ended', subjectType: 'subscription', subjectId: id }),
  ]);
  expect(listed.get('customer.upcoming.1.data.before.status')).toBe('TRIALING');
  expect((await ahead('ada', { until: hence(4) })).get('customer.upcoming')).toHaveLength(1);
});

test('a scheduled change is foretold, and shows at once', async () => {
  const subscriptionId = await newCustomer(gateway, 'bea', 'pro');
  await changePlan(gateway, { subscriptionId, plan: 'free' });
  const listed = await ahead('bea', { first: 1 });
  expect(listed.get('customer.upcoming.0')).toMatchObject({
    kind: 'subscription.plan_changed',
    message: '`pro` becomes `free`',
  });
});

test.each<[string, object, string]>([
  ['a time that is over', { until: hence(-1) }, 'until'],
  ['none of them', { first: 0 }, 'first'],
])('%s is refused', async (_what, variables, field) => {
  await newCustomer(gateway, `cem-${field}`, 'free');
  const { errors } = await ahead(`cem-${field}`, variables);
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }]);
});
