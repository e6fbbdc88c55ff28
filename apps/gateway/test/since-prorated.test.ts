import { changePlan, consume, newCustomer } from './customers.js';
import { startTestGateway, type TestGateway } from './gateway.js';

const YAML = `
catalog: 1
name: Prorated
features:
  calls: { type: metered, window: P1M, anchor: calendar }
  pages: { type: metered, window: P1M, anchor: calendar }
plans:
  free: { family: cloud, model: subscription, entitlements: { calls: 10, pages: 10 } }
  pro: { family: cloud, model: subscription, entitlements: { calls: 100000, pages: 20 } }
transitions:
  - { from: free, to: pro, usage: prorate }
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

test('behind a change that prorates `since` is found: the change where it has turned the answer, else what was before', async () => {
  const subscriptionId = await newCustomer(gateway, 'ada', 'free');
  await consume(gateway, { customerId: 'ada', feature: 'calls', quantity: 10 });
  const changed = await changePlan(gateway, { subscriptionId, plan: 'pro' });
  const atLeast = changed.get('changePlan.revision');
  const since = async (feature: string): Promise<unknown> => {
    const why = await gateway.send(
      'query ($input: CheckInput!) { explain(input: $input) { decision { code } since { type } } }',
      { input: { customerId: 'ada', feature, atLeast } },
    );
    return why.get('explain');
  };
  expect(await since('calls')).toEqual({
    decision: { code: 'ENTITLED' },
    since: { type: 'subscription.plan_changed' },
  });
  expect(await since('pages')).toEqual({
    decision: { code: 'ENTITLED' },
    since: { type: 'subscription.started' },
  });
});
