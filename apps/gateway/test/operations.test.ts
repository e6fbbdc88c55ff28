import { changePlan, check, consume, newCustomer, subscribe } from './customers.js';
import { newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

test('a customer is made, changed field by field, and found again', async () => {
  const upsert =
    'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision customer { id name attributes timeZone createdAt } } }';
  const made = await gateway.send(upsert, {
    input: { id: 'ada', name: 'Ada', attributes: { country: 'DE' } },
  });
  expect(made.errors).toEqual([]);
  const changed = await gateway.send(upsert, { input: { id: 'ada', timeZone: 'Europe/Berlin' } });
  expect(changed.get('upsertCustomer.customer')).toMatchObject({
    name: 'Ada',
    attributes: { country: 'DE' },
    timeZone: 'Europe/Berlin',
  });
  const found = await gateway.send(
    '{ customer(id: "ada") { id name } nobody: customer(id: "nobody") { id } }',
  );
  expect(found.get('customer')).toEqual({ id: 'ada', name: 'Ada' });
  expect(found.get('nobody')).toBeNull();
});

test('what is sold is listed: plans, features, the live release, the tenant', async () => {
  const answer = await gateway.send(`{
    plans { key name family model version entitlements { feature { key type } value limit unlimited enforcement overage } }
    features { key name type unit whenUnknown }
    catalog { number status document checksum createdBy { kind } publishedAt }
    tenant { id name timeZone approvalsFor decisionRetention eventRetention } }`);
  expect(answer.errors).toEqual([]);
  const softLimit = {
    feature: { key: 'api-calls', type: 'METERED' },
    value: null,
    limit: 100,
    unlimited: false,
    enforcement: 'SOFT',
    overage: 10,
  };
  const pro = { key: 'pro', name: 'Pro', family: 'cloud', model: 'SUBSCRIPTION', version: 1 };
  const entitlements: unknown = expect.arrayContaining([softLimit]);
  expect(answer.get('plans')).toEqual(expect.arrayContaining([{ ...pro, entitlements }]));
  expect(answer.get('catalog')).toMatchObject({ number: 1, status: 'LIVE', createdBy: { kind: 'SYSTEM' } });
  expect(answer.get('catalog.document.name')).toBe('Gateway tests');
  expect(answer.get('tenant')).toMatchObject({ name: 'Meridian', timeZone: 'UTC', approvalsFor: [] });
});

test('a check is allowed, or denied with its reason, and says what it rests on', async () => {
  const subscription = await newCustomer(gateway, 'bo', 'pro');
  const allowed = await check(gateway, { customerId: 'bo', feature: 'sso' });
  expect(allowed.get('check')).toMatchObject({
    allowed: true,
    code: 'ENTITLED',
    customerId: 'bo',
    feature: 'sso',
    sources: [{ kind: 'SUBSCRIPTION', id: subscription, key: 'pro' }],
    release: 1,
    stale: false,
  });
  await newCustomer(gateway, 'cy', 'free');
  const denied = await check(gateway, { customerId: 'cy', feature: 'sso' });
  expect(denied.get('check')).toMatchObject({ allowed: false, code: 'NOT_IN_PLAN' });
  const limited = await check(gateway, { customerId: 'cy', feature: 'api-calls', quantity: 11 });
  expect(limited.get('check')).toMatchObject({ allowed: false, code: 'LIMIT_EXCEEDED', limit: 10, used: 0 });
  const config = await check(gateway, { customerId: 'cy', feature: 'support' });
  expect(config.get('check.value')).toBe('community');
});

test('a check with `atLeast` sees the write that returned it', async () => {
  const id = await newCustomer(gateway, 'di', 'free');
  const changed = await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  const atLeast = changed.text('changePlan.revision');
  const answer = await check(gateway, { customerId: 'di', feature: 'sso', atLeast });
  expect(answer.get('check.allowed')).toBe(true);
});

test('many checks are answered in order on one release and one revision', async () => {
  const inputs = ['sso', 'no-such', 'projects'].map((feature) => ({ customerId: 'bo', feature }));
  const answer = await gateway.send(
    'query ($inputs: [CheckInput!]!) { checkMany(inputs: $inputs) { feature code revision } }',
    { inputs },
  );
  expect(answer.get('checkMany.0.code')).toBe('ENTITLED');
  expect(answer.get('checkMany.1.code')).toBe('UNKNOWN_FEATURE');
  expect(answer.get('checkMany.2.feature')).toBe('projects');
  expect(answer.get('checkMany.0.revision')).toBe(answer.get('checkMany.2.revision'));
});

test('entitlements hold one entry for each feature', async () => {
  const answer = await gateway.send(
    '{ entitlements(customerId: "bo") { customerId release revision validUntil entitlements { feature type allowed code limit } } }',
  );
  const entries = JSON.stringify(answer.get('entitlements.entitlements'));
  for (const feature of ['sso', 'projects', 'api-calls', 'support', 'ai-credits', 'editors'])
    expect(entries).toContain(`"${feature}"`);
});

test('consuming counts, refuses beyond the limit, and spends once for each key', async () => {
  await newCustomer(gateway, 'eva', 'free');
  const idempotencyKey = newIdempotencyKey();
  const first = await consume(gateway, {
    customerId: 'eva',
    feature: 'api-calls',
    quantity: 8,
    idempotencyKey,
  });
  expect(first.get('consume')).toMatchObject({
    consumed: 8,
    replayed: false,
    decision: { allowed: true, used: 8, remaining: 2 },
  });
  const again = await consume(gateway, {
    customerId: 'eva',
    feature: 'api-calls',
    quantity: 8,
    idempotencyKey,
  });
  expect(again.get('consume')).toMatchObject({
    consumed: 8,
    replayed: true,
    decision: { id: first.get('consume.decision.id') },
  });
  const denied = await consume(gateway, { customerId: 'eva', feature: 'api-calls', quantity: 3 });
  expect(denied.errors).toEqual([]);
  expect(denied.get('consume')).toMatchObject({
    consumed: 0,
    decision: { allowed: false, code: 'LIMIT_EXCEEDED' },
  });
});

test('consumeMany answers each for itself', async () => {
  await newCustomer(gateway, 'fay', 'free');
  const one = { customerId: 'fay', feature: 'api-calls', quantity: 1 };
  const inputs = [
    { ...one, idempotencyKey: newIdempotencyKey() },
    { ...one, quantity: 0, idempotencyKey: newIdempotencyKey() },
    { ...one, feature: 'sso', idempotencyKey: newIdempotencyKey() },
    { ...one, feature: 'no-such', idempotencyKey: newIdempotencyKey() },
    { ...one, quantity: 2, idempotencyKey: newIdempotencyKey() },
  ];
  const answer = await gateway.send(
    'mutation ($inputs: [ConsumeInput!]!) { consumeMany(inputs: $inputs) { consumed decision { code used } } }',
    { inputs },
  );
  expect(answer.get('consumeMany')).toMatchObject([
    { consumed: 1 },
    null,
    null,
    { consumed: 0, decision: { code: 'UNKNOWN_FEATURE' } },
    { consumed: 2, decision: { used: 3 } },
  ]);
  expect(answer.errors.map(({ path, extensions }) => [path?.[1], extensions.code, extensions.field])).toEqual(
    [
      [1, 'BAD_USER_INPUT', 'inputs.1.quantity'],
      [2, 'BAD_USER_INPUT', 'inputs.2.feature'],
    ],
  );
});

test('the level of a LIMIT feature goes up and down, never below 0, and is read as usage', async () => {
  await newCustomer(gateway, 'gus', 'free');
  await consume(gateway, { customerId: 'gus', feature: 'projects', quantity: 3 });
  const released = await gateway.send(
    'mutation ($input: ReleaseUsageInput!) { releaseUsage(input: $input) { decision { code used } } }',
    { input: { customerId: 'gus', feature: 'projects', quantity: 2, idempotencyKey: newIdempotencyKey() } },
  );
  expect(released.get('releaseUsage.decision')).toEqual({ code: 'DONE', used: 1 });
  await consume(gateway, { customerId: 'gus', feature: 'api-calls', quantity: 4 });
  const usage = await gateway.send(`{ customer(id: "gus") {
    projects: usage(feature: "projects") { used limit remaining windowStart rolledOver history { used } }
    calls: usage(feature: "api-calls") { used windowStart windowEnd history(first: 2) { start used } }
    sso: usage(feature: "sso") { used }
    check(feature: "api-calls", quantity: 7) { code } } }`);
  expect(usage.errors).toEqual([]);
  expect(usage.get('customer.projects')).toEqual({
    used: 1,
    limit: 3,
    remaining: 2,
    windowStart: null,
    rolledOver: 0,
    history: [],
  });
  expect(usage.get('customer.calls')).toMatchObject({ used: 4, history: [] });
  expect(usage.text('customer.calls.windowStart') < usage.text('customer.calls.windowEnd')).toBe(true);
  expect(usage.get('customer.sso')).toBeNull();
  expect(usage.get('customer.check.code')).toBe('LIMIT_EXCEEDED');
});

test('a subscription is tried, lengthened, paid for, changed, cancelled and taken back', async () => {
  await gateway.send('mutation { upsertCustomer(input: { id: "hal" }) { revision } }');
  const sold = await subscribe(gateway, { customerId: 'hal', plan: 'pro' });
  expect(sold.get('subscribe.subscription')).toMatchObject({
    status: 'TRIALING',
    plan: { key: 'pro' },
    customer: { id: 'hal' },
  });
  const id = sold.text('subscribe.subscription.id');
  const until = new Date(Date.now() + 30 * 86_400_000).toISOString();
  const longer = await gateway.send(
    'mutation ($id: ID!, $until: DateTime!) { extendTrial(subscriptionId: $id, until: $until) { subscription { trialEndsAt } } }',
    { id, until },
  );
  expect(longer.get('extendTrial.subscription.trialEndsAt')).toBe(until);
  const moved = await changePlan(gateway, { subscriptionId: id, plan: 'enterprise', from: 'pro' });
  expect(moved.get('changePlan.subscription')).toMatchObject({
    status: 'ACTIVE',
    plan: { key: 'enterprise' },
  });
  const later = await changePlan(gateway, { subscriptionId: id, plan: 'free' });
  expect(later.get('changePlan.subscription.scheduledChange.plan')).toBe('free');
  const withdrawn = await gateway.send(
    'mutation ($id: ID!) { withdrawScheduledChange(subscriptionId: $id) { subscription { scheduledChange { plan } } } }',
    { id },
  );
  expect(withdrawn.get('withdrawScheduledChange.subscription.scheduledChange')).toBeNull();
  const cancel =
    'mutation ($input: CancelInput!) { cancelSubscription(input: $input) { subscription { status cancelAt } } }';
  const canceled = await gateway.send(cancel, { input: { subscriptionId: id, reason: 'too dear' } });
  expect(canceled.get('cancelSubscription.subscription.status')).toBe('ACTIVE');
  expect(canceled.get('cancelSubscription.subscription.cancelAt')).not.toBeNull();
  const back = await gateway.send(
    'mutation ($id: ID!) { uncancelSubscription(subscriptionId: $id) { subscription { cancelAt } } }',
    { id },
  );
  expect(back.get('uncancelSubscription.subscription.cancelAt')).toBeNull();
  const ended = await gateway.send(cancel, { input: { subscriptionId: id, timing: 'NOW' } });
  expect(ended.get('cancelSubscription.subscription.status')).toBe('CANCELED');
  const lists = await gateway.send(
    '{ customer(id: "hal") { live: subscriptions { id } all: subscriptions(ended: true) { id planVersion { plan { key } version entitlements { limit } } } } }',
  );
  expect(lists.get('customer.live')).toEqual([]);
  expect(lists.get('customer.all.0')).toMatchObject({
    id,
    planVersion: { plan: { key: 'enterprise' }, version: 1 },
  });
});

test('a failed payment begins the grace period and a later one ends it', async () => {
  const id = await newCustomer(gateway, 'ivy', 'pro');
  const report =
    'mutation ($input: ReportPaymentInput!) { reportPayment(input: $input) { subscription { status graceEndsAt } } }';
  const failed = await gateway.send(report, {
    input: { subscriptionId: id, outcome: 'FAILED', idempotencyKey: newIdempotencyKey() },
  });
  expect(failed.get('reportPayment.subscription.status')).toBe('PAST_DUE');
  const paid = await gateway.send(report, {
    input: { subscriptionId: id, outcome: 'SUCCEEDED', idempotencyKey: newIdempotencyKey() },
  });
  expect(paid.get('reportPayment.subscription')).toEqual({ status: 'ACTIVE', graceEndsAt: null });
  const found = await gateway.send(
    'query ($id: ID!) { subscription(id: $id) { id status } none: subscription(id: "sub_none") { id } }',
    { id },
  );
  expect(found.get('subscription.status')).toBe('ACTIVE');
  expect(found.get('none')).toBeNull();
});

test('customers are listed page by page, and searched by the beginning of id or name', async () => {
  for (const id of ['zed-1', 'zed-2', 'zed-3']) {
    await gateway.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', { id });
  }
  const page =
    'query ($after: Cursor) { customers(first: 2, after: $after, search: "zed") { edges { node { id } cursor } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount } }';
  const first = await gateway.send(page);
  expect(first.get('customers.pageInfo.hasNextPage')).toBe(true);
  const second = await gateway.send(page, { after: first.text('customers.pageInfo.endCursor') });
  expect(second.get('customers')).toMatchObject({
    edges: [{ node: { id: 'zed-3' } }],
    pageInfo: { hasNextPage: false, hasPreviousPage: true },
    totalCount: null,
  });
});

test('events tell what happened, by whom, in which request', async () => {
  const answer = await gateway.send(
    `{ events(customerId: "ivy", types: ["subscription.payment_failed"]) { edges { node {
       id cursor type subjectType subjectId customerId actor { kind id } requestId at recordedAt data } } pageInfo { hasNextPage } } }`,
  );
  expect(answer.errors).toEqual([]);
  expect(answer.get('events.edges.0.node')).toMatchObject({
    type: 'subscription.payment_failed',
    customerId: 'ivy',
    actor: { kind: 'API_KEY' },
    data: { before: { status: 'ACTIVE' }, after: { status: 'PAST_DUE' } },
  });
  expect(answer.get('events.edges.1')).toBeUndefined();
});

test('a key is made once, its secret shown once, listed, and revoked', async () => {
  const input = { name: 'billing', role: 'OPERATOR', idempotencyKey: newIdempotencyKey() };
  const make =
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id role hint operations createdBy { kind } } } }';
  const made = await gateway.send(make, { input });
  expect(made.text('createApiKey.secret')).toMatch(/^lk_operator_/);
  const replayed = await gateway.send(make, { input });
  expect(replayed.get('createApiKey.secret')).toBeNull();
  expect(replayed.get('createApiKey.apiKey.id')).toBe(made.get('createApiKey.apiKey.id'));
  const id = made.text('createApiKey.apiKey.id');
  const revoked = await gateway.send(
    'mutation ($id: ID!) { revokeApiKey(id: $id) { secret apiKey { revokedAt } } }',
    { id },
  );
  expect(revoked.get('revokeApiKey.apiKey.revokedAt')).not.toBeNull();
  const list = 'query ($revoked: Boolean!) { apiKeys(revoked: $revoked) { edges { node { id } } } }';
  const used = await gateway.send('{ apiKeys { edges { node { lastUsedAt } } } }');
  expect(used.get('apiKeys.edges.0.node.lastUsedAt')).toEqual(expect.stringMatching(/^\d{4}-/));
  expect(JSON.stringify((await gateway.send(list, { revoked: false })).get('apiKeys'))).not.toContain(id);
  expect(JSON.stringify((await gateway.send(list, { revoked: true })).get('apiKeys'))).toContain(id);
});

test('each of several mutations in one document answers with what stands after it', async () => {
  const nested =
    'customer { name check(feature: "projects") { code limit used revision } subscriptions { id } }';
  const answer = await gateway.send(
    `mutation ($a: String!, $b: String!) {
       made: upsertCustomer(input: { id: "in-a-row", name: "one" }) { ${nested} }
       sold: subscribe(input: { customerId: "in-a-row", plan: "free", idempotencyKey: $a }) { revision subscription { ${nested} } }
       spent: consume(input: { customerId: "in-a-row", feature: "projects", quantity: 2, idempotencyKey: $b }) { consumed }
       renamed: upsertCustomer(input: { id: "in-a-row", name: "two" }) { ${nested} }
     }`,
    { a: newIdempotencyKey(), b: newIdempotencyKey() },
  );
  expect(answer.errors).toEqual([]);
  expect(answer.get('made.customer')).toMatchObject({ check: { code: 'NO_ACTIVE_PLAN' }, subscriptions: [] });
  expect(answer.get('sold.subscription.customer')).toMatchObject({
    name: 'one',
    check: { code: 'ENTITLED', limit: 3, used: 0, revision: answer.get('sold.revision') },
    subscriptions: [{}],
  });
  expect(answer.get('renamed.customer')).toMatchObject({
    name: 'two',
    check: { used: 2 },
    subscriptions: [{}],
  });
});

test('the share of a soft limit is what a check would reckon', async () => {
  const answer = await gateway.send('{ plans { key entitlements { limit overage } } }');
  const bulk = { key: 'bulk', entitlements: [{ limit: 10_000, overage: 57 }] };
  expect(answer.get('plans')).toEqual(expect.arrayContaining([bulk]));
});

test('a metered feature that the customer has not has no window; one that it has, has', async () => {
  await gateway.send('mutation { upsertCustomer(input: { id: "planless" }) { revision } }');
  await newCustomer(gateway, 'planned', 'free');
  const query =
    'query ($id: ID!) { customer(id: $id) { usage(feature: "api-calls") { used windowStart windowEnd } } }';
  const usage = async (id: string): Promise<unknown> =>
    (await gateway.send(query, { id })).get('customer.usage');
  expect(await usage('planless')).toEqual({ used: 0, windowStart: null, windowEnd: null });
  expect(await usage('planned')).toMatchObject({ windowStart: expect.any(String) });
});

test.each(['enterprise', 'nope', 'NO!'])(
  'a change from %s, where the subscription is not, is CONFLICT',
  async (from) => {
    const subscriptionId = await newCustomer(gateway, `from-${from.length}`, 'free');
    const answer = await changePlan(gateway, { subscriptionId, plan: 'pro', from });
    expect(answer.errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.from' });
  },
);

test('decisions of checks and of spends are named alike', async () => {
  await newCustomer(gateway, 'named', 'free');
  const spent = await consume(gateway, { customerId: 'named', feature: 'projects', quantity: 1 });
  expect(spent.text('consume.decision.id')).toMatch(/^dec_[0-9a-f-]{36}$/);
  const asked = await gateway.send('{ check(input: { customerId: "named", feature: "projects" }) { id } }');
  expect(asked.text('check.id')).toMatch(/^dec_[0-9a-f-]{36}$/);
});
