import { CATALOG } from './catalog.js';
import { changePlan, check, consume, newCustomer, subscribe } from './customers.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

const EXPLAIN = `query ($input: CheckInput!, $at: DateTime) { explain(input: $input, at: $at) {
  decision { id allowed code message customerId feature limit used release revision asOf stale sources { kind id key } }
  steps { rule outcome detail source { kind id key } }
  reasons { code message source { kind id key } }
  remedies { kind plan addOn feature subscriptionId quantity availableAt message }
  since { id type subjectType subjectId customerId data actor { kind } } } }`;

function explain(input: object, at?: string, key?: string): Promise<Answer> {
  return gateway.send(EXPLAIN, { input, ...(at === undefined ? {} : { at }) }, key);
}
const hence = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
function refusalOf({ errors }: Answer): unknown {
  return errors.map(({ extensions: { code, field } }) => [code, field ?? null]);
}
function upsert(input: object): Promise<Answer> {
  return gateway.send(
    'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision } }',
    { input },
  );
}
function grant(input: object): Promise<Answer> {
  return gateway.send(
    'mutation ($input: GrantInput!) { grantEntitlement(input: $input) { revision grant { id } } }',
    { input: { idempotencyKey: newIdempotencyKey(), reason: 'an exception', ...input } },
  );
}
/** The type of the event since when the answer is what it is, as of a revision. */
async function sinceType(customerId: string, feature: string, atLeast: string): Promise<unknown> {
  const explained = await explain({ customerId, feature, atLeast });
  return explained.get('explain.since.type') ?? explained.get('explain.since');
}

describe('an explanation', () => {
  test('holds the decision of a check, its reasons, and what would allow it', async () => {
    const id = await newCustomer(gateway, 'ada', 'free');
    const asked = { customerId: 'ada', feature: 'sso' };
    const checked = (await check(gateway, asked)).get('check');
    const why = await explain(asked);
    expect(why.get('explain.decision')).toMatchObject({
      id: expect.stringMatching(/^dec_/),
      allowed: false,
      code: 'NOT_IN_PLAN',
      message: expect.stringContaining('change to one that has it'),
      release: 1,
      stale: false,
    });
    expect(checked).toMatchObject({
      code: why.get('explain.decision.code'),
      message: why.get('explain.decision.message'),
    });
    const source = { kind: 'SUBSCRIPTION', id, key: 'free' };
    expect(why.get('explain.reasons')).toEqual([
      { code: 'NOT_IN_PLAN', message: why.get('explain.decision.message'), source },
    ]);
    expect(why.get('explain.steps')).toContainEqual({
      rule: 'NOT_IN_PLAN',
      outcome: 'FAILED',
      detail: why.get('explain.decision.message'),
      source,
    });
    const told = { addOn: null, feature: null, quantity: null, availableAt: null, subscriptionId: id };
    expect(why.get('explain.remedies')).toEqual([
      { ...told, kind: 'CHANGE_PLAN', plan: 'enterprise', message: 'change from `free` to `enterprise`' },
      { ...told, kind: 'CHANGE_PLAN', plan: 'pro', message: 'change from `free` to `pro`' },
    ]);
  });

  test('a remedy that is taken at its word makes a check say yes', async () => {
    const id = await newCustomer(gateway, 'taker', 'free');
    const why = await explain({ customerId: 'taker', feature: 'api-calls', quantity: 50 });
    expect(why.get('explain.remedies.0')).toMatchObject({
      kind: 'CHANGE_PLAN',
      plan: 'pro',
      subscriptionId: id,
    });
    const changed = await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
    const atLeast = changed.text('changePlan.revision');
    const after = await check(gateway, { customerId: 'taker', feature: 'api-calls', quantity: 50, atLeast });
    expect(after.get('check.allowed')).toBe(true);
  });

  test('of what is allowed has no reasons and needs no remedies', async () => {
    await newCustomer(gateway, 'bob', 'pro');
    const why = await explain({ customerId: 'bob', feature: 'sso' });
    expect(why.get('explain')).toMatchObject({ decision: { code: 'ENTITLED' }, reasons: [], remedies: [] });
  });

  test('of a customer, or a feature, that is not there says so', async () => {
    const nobody = await explain({ customerId: 'nobody', feature: 'sso' });
    expect(nobody.errors).toEqual([]);
    expect(nobody.get('explain')).toMatchObject({
      decision: { code: 'UNKNOWN_CUSTOMER' },
      reasons: [{ code: 'UNKNOWN_CUSTOMER' }],
      remedies: [],
      since: null,
    });
    await newCustomer(gateway, 'cy', 'pro');
    const nothing = await explain({ customerId: 'cy', feature: 'teleport' });
    expect(nothing.get('explain')).toMatchObject({
      decision: { code: 'UNKNOWN_FEATURE' },
      reasons: [{ code: 'UNKNOWN_FEATURE' }],
      remedies: [],
    });
  });

  test('of a time ahead answers from what time will have made, and names no event', async () => {
    const id = await newCustomer(gateway, 'dora', 'pro');
    await gateway.send('mutation ($input: CancelInput!) { cancelSubscription(input: $input) { revision } }', {
      input: { subscriptionId: id, timing: 'AT', at: hence(3) },
    });
    const asked = { customerId: 'dora', feature: 'sso' };
    expect((await explain(asked, hence(2))).get('explain.decision.code')).toBe('ENTITLED');
    const later = await explain(asked, hence(4));
    expect(later.get('explain')).toMatchObject({
      decision: { code: 'SUBSCRIPTION_EXPIRED' },
      reasons: [{ code: 'SUBSCRIPTION_EXPIRED', source: { key: 'pro' } }],
      since: null,
    });
    expect((await check(gateway, asked)).get('check.allowed')).toBe(true);
  });

  test('sees what its caller has written', async () => {
    await newCustomer(gateway, 'eve', 'free');
    const made = await grant({ customerId: 'eve', feature: 'sso', effect: 'BLOCK' });
    const why = await explain({
      customerId: 'eve',
      feature: 'sso',
      atLeast: made.text('grantEntitlement.revision'),
    });
    expect(why.get('explain.reasons')).toMatchObject([{ code: 'BLOCKED' }, { code: 'NOT_IN_PLAN' }]);
  });
});

describe('what is refused', () => {
  test.each<[string, object, string | undefined, unknown]>([
    ['a time too far ahead', { customerId: 'ada', feature: 'sso' }, hence(40_000), ['BAD_USER_INPUT', 'at']],
    [
      'a member id that is none',
      { customerId: 'ada', feature: 'editors', memberId: '' },
      undefined,
      ['BAD_USER_INPUT', 'input.memberId'],
    ],
    [
      'an id that is none',
      { customerId: '', feature: 'sso' },
      undefined,
      ['BAD_USER_INPUT', 'input.customerId'],
    ],
    [
      'a revision that is none',
      { customerId: 'ada', feature: 'sso', atLeast: 'soon' },
      undefined,
      ['BAD_USER_INPUT', 'input.atLeast'],
    ],
  ])('%s', async (_what, input, at, refusal) => {
    expect(refusalOf(await explain(input, at))).toEqual([refusal]);
  });

  test('a customer that the key does not name', async () => {
    const { secret } = await gateway.newKey({ role: 'READER', customerIds: ['bob'] });
    expect(refusalOf(await explain({ customerId: 'ada', feature: 'sso' }, undefined, secret))).toEqual([
      ['FORBIDDEN', null],
    ]);
    expect((await explain({ customerId: 'bob', feature: 'sso' }, undefined, secret)).errors).toEqual([]);
  });
});

describe('the event since when the answer is what it is', () => {
  test('is the creation of a customer who never had anything', async () => {
    const made = await upsert({ id: 'fay' });
    expect(await sinceType('fay', 'sso', made.text('upsertCustomer.revision'))).toBe('customer.created');
  });

  test('is the newest that turned it, not one that came after', async () => {
    const subscriptionId = await newCustomer(gateway, 'gil', 'free');
    const changed = await changePlan(gateway, { subscriptionId, plan: 'pro' });
    expect(await sinceType('gil', 'sso', changed.text('changePlan.revision'))).toBe(
      'subscription.plan_changed',
    );
    expect(await sinceType('gil', 'support', changed.text('changePlan.revision'))).toBe(
      'subscription.plan_changed',
    );
    const renamed = await upsert({ id: 'gil', name: 'Gil', attributes: { size: 3 } });
    const revision = renamed.text('upsertCustomer.revision');
    expect(await sinceType('gil', 'sso', revision)).toBe('subscription.plan_changed');
    expect(await sinceType('gil', 'projects', revision)).toBe('subscription.started');
  });

  test('is a grant, and then its end', async () => {
    await newCustomer(gateway, 'hal', 'pro');
    const made = await grant({ customerId: 'hal', feature: 'sso', effect: 'BLOCK' });
    expect(await sinceType('hal', 'sso', made.text('grantEntitlement.revision'))).toBe('grant.created');
    const revoked = await gateway.send(
      'mutation ($id: ID!) { revokeGrant(grantId: $id, reason: "over") { revision } }',
      { id: made.text('grantEntitlement.grant.id') },
    );
    expect(await sinceType('hal', 'sso', revoked.text('revokeGrant.revision'))).toBe('grant.revoked');
  });

  test('is the usage that reached the limit, of which the customer sees its own', async () => {
    await newCustomer(gateway, 'ivy', 'free');
    await newCustomer(gateway, 'jan', 'free');
    const ask = { customerId: 'ivy', feature: 'api-calls' };
    for (const quantity of [4, 5]) await consume(gateway, { ...ask, quantity });
    await gateway.send(`mutation ($inputs: [ConsumeInput!]!) { consumeMany(inputs: $inputs) { consumed } }`, {
      inputs: [
        { ...ask, quantity: 1, idempotencyKey: newIdempotencyKey() },
        { customerId: 'jan', feature: 'api-calls', quantity: 2, idempotencyKey: newIdempotencyKey() },
      ],
    });
    const last = await consume(gateway, { customerId: 'jan', feature: 'api-calls', quantity: 3 });
    const why = await explain({ ...ask, atLeast: last.text('consume.revision') });
    expect(why.get('explain.decision.code')).toBe('LIMIT_EXCEEDED');
    expect(why.get('explain.since')).toMatchObject({ type: 'usage.recorded', customerId: 'ivy' });
    expect(why.get('explain.since.data')).toEqual({
      meters: [expect.objectContaining({ feature: 'api-calls', used: 10 })],
    });
    const two = await explain({ ...ask, quantity: 3, atLeast: last.text('consume.revision') });
    expect(two.get('explain.since.data.meters.0.used')).toBe(9);
    const none = await explain({ ...ask, quantity: 0 });
    expect(none.get('explain.since.type')).toBe('subscription.started');
  });

  test('is not named where time has turned it and nothing has written that down', async () => {
    await upsert({ id: 'kim' });
    const until = new Date(Date.now() + 1000).toISOString();
    const made = await grant({ customerId: 'kim', feature: 'sso', expiresAt: until });
    const asked = { customerId: 'kim', feature: 'sso', atLeast: made.text('grantEntitlement.revision') };
    // No worker runs here: the grant ends, and stays ACTIVE in its row.
    let explained = await explain(asked);
    while (explained.get('explain.decision.allowed') === true) explained = await explain(asked);
    expect(explained.get('explain')).toMatchObject({ decision: { code: 'NO_ACTIVE_PLAN' }, since: null });
  });

  test('is the cancellation of what was imported from long ago', async () => {
    await upsert({ id: 'lea' });
    const startsAt = hence(-400);
    const made = await subscribe(gateway, { customerId: 'lea', plan: 'enterprise', trial: false, startsAt });
    expect(await sinceType('lea', 'sso', made.text('subscribe.revision'))).toBe('subscription.started');
    const canceled = await gateway.send(
      'mutation ($input: CancelInput!) { cancelSubscription(input: $input) { revision } }',
      { input: { subscriptionId: made.text('subscribe.subscription.id'), timing: 'NOW' } },
    );
    expect(await sinceType('lea', 'sso', canceled.text('cancelSubscription.revision'))).toBe(
      'subscription.canceled',
    );
  });

  test('is the end of a trial, by the name under which it is heard live', async () => {
    await upsert({ id: 'nia' });
    const made = await subscribe(gateway, { customerId: 'nia', plan: 'pro', startsAt: hence(-20) });
    const revision = made.text('subscribe.revision');
    expect(await sinceType('nia', 'sso', revision)).toBe('subscription.trial_ended');
    expect(await sinceType('nia', 'projects', revision)).toBe('subscription.started');
  });

  test('is a pause, and then its end', async () => {
    const id = await newCustomer(gateway, 'ola', 'pro');
    const paused = await gateway.send(
      'mutation ($id: ID!) { pauseSubscription(subscriptionId: $id) { revision } }',
      { id },
    );
    expect(await sinceType('ola', 'sso', paused.text('pauseSubscription.revision'))).toBe(
      'subscription.paused',
    );
    const resumed = await gateway.send(
      'mutation ($id: ID!) { resumeSubscription(subscriptionId: $id) { revision } }',
      { id },
    );
    expect(await sinceType('ola', 'sso', resumed.text('resumeSubscription.revision'))).toBe(
      'subscription.resumed',
    );
  });

  test('is a fact about the customer, under a rule that reads it', async () => {
    const rules = [
      { name: 'signed', feature: 'support', when: 'has(customer.attributes.frozen)', then: 'deny' },
    ];
    await publish(gateway, { ...CATALOG, rules });
    await newCustomer(gateway, 'pia', 'pro');
    const frozen = await upsert({ id: 'pia', attributes: { frozen: 1 } });
    expect(await sinceType('pia', 'support', frozen.text('upsertCustomer.revision'))).toBe(
      'customer.updated',
    );
    expect(await sinceType('pia', 'projects', frozen.text('upsertCustomer.revision'))).toBe(
      'subscription.started',
    );
  });

  test('is an add-on that was bought, of a counted feature', async () => {
    const subscriptionId = await newCustomer(gateway, 'quy', 'pro');
    await consume(gateway, { customerId: 'quy', feature: 'api-calls', quantity: 105 });
    const bought = await gateway.send(
      'mutation ($input: AdjustSubscriptionInput!) { adjustSubscription(input: $input) { revision } }',
      {
        input: {
          subscriptionId,
          addOns: [{ addOn: 'more-calls', quantity: 1 }],
          idempotencyKey: newIdempotencyKey(),
        },
      },
    );
    const asked = {
      customerId: 'quy',
      feature: 'api-calls',
      atLeast: bought.text('adjustSubscription.revision'),
    };
    const now = await explain(asked);
    expect(now.get('explain.decision.code')).toBe('ENTITLED');
    expect(now.get('explain.since.type')).toBe('subscription.adjusted');
  });

  test('is a publication that changed the rules', async () => {
    await newCustomer(gateway, 'moe', 'pro');
    const asked = { customerId: 'moe', feature: 'sso' };
    expect((await explain(asked)).get('explain.since.type')).toBe('subscription.started');
    const rules = [{ name: 'no more', feature: 'sso', when: 'true', then: 'deny' }];
    const atLeast = await publish(gateway, { ...CATALOG, rules });
    const why = await explain({ ...asked, atLeast });
    expect(why.get('explain')).toMatchObject({
      decision: { code: 'DENIED_BY_RULE' },
      since: { type: 'release.published', customerId: null },
    });
  });
});
