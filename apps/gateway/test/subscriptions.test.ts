import { changePlan, check, newCustomer } from './customers.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

const FIELDS = 'revision subscription { id status pausedAt resumesAt trialEndsAt currentPeriodEnd }';
const PAUSE = `mutation ($id: ID!, $resumeAt: DateTime) { result: pauseSubscription(subscriptionId: $id, resumeAt: $resumeAt) { ${FIELDS} } }`;
const RESUME = `mutation ($id: ID!) { result: resumeSubscription(subscriptionId: $id) { ${FIELDS} } }`;

const hence = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
const refusal = ({ errors }: Answer): unknown =>
  errors.map(({ extensions: { code, field } }) => [code, field ?? null]);

describe('a pause', () => {
  test('takes what the subscription gives until it is resumed', async () => {
    const id = await newCustomer(gateway, 'ada', 'pro');
    const resumeAt = hence(3);
    const paused = await gateway.send(PAUSE, { id, resumeAt });
    expect(paused.get('result.subscription')).toMatchObject({ status: 'PAUSED', resumesAt: resumeAt });
    expect(paused.text('result.subscription.pausedAt')).toMatch(/Z$/);
    const since = paused.text('result.revision');
    const denied = await check(gateway, { customerId: 'ada', feature: 'sso', atLeast: since });
    expect(denied.get('check')).toMatchObject({
      allowed: false,
      code: 'SUBSCRIPTION_PAUSED',
      message: 'the subscription that gives `sso` is paused; resume it',
      validUntil: resumeAt,
      sources: [{ kind: 'SUBSCRIPTION', id, key: 'pro' }],
    });
    const resumed = await gateway.send(RESUME, { id });
    expect(resumed.get('result.subscription')).toMatchObject({
      status: 'ACTIVE',
      pausedAt: null,
      resumesAt: null,
    });
    const atLeast = resumed.text('result.revision');
    const allowed = await check(gateway, { customerId: 'ada', feature: 'sso', atLeast });
    expect(allowed.get('check.allowed')).toBe(true);
  });

  test('asked for again with another end is told, with the same end, or none, it is not', async () => {
    const id = await newCustomer(gateway, 'bea', 'pro');
    await gateway.send(PAUSE, { id });
    const resumeAt = hence(2);
    await gateway.send(PAUSE, { id, resumeAt });
    const before = await gateway.countEvents();
    await gateway.send(PAUSE, { id, resumeAt });
    const omitted = await gateway.send(PAUSE, { id });
    expect(omitted.get('result.subscription.resumesAt')).toBe(resumeAt);
    expect(await gateway.countEvents()).toBe(before);
    const cleared = await gateway.send(PAUSE, { id, resumeAt: null });
    expect(cleared.get('result.subscription.resumesAt')).toBeNull();
  });

  test('shows the trial that it holds, and gives it back', async () => {
    const id = await newCustomer(gateway, 'cem', 'pro', { trial: true });
    const paused = await gateway.send(PAUSE, { id });
    const end = paused.text('result.subscription.trialEndsAt');
    const resumed = await gateway.send(RESUME, { id });
    expect(resumed.get('result.subscription.status')).toBe('TRIALING');
    expect(resumed.text('result.subscription.trialEndsAt') > end).toBe(true);
  });

  test('is refused where there is nothing to pause, or no time to wait for', async () => {
    const id = await newCustomer(gateway, 'dov', 'pro');
    expect(refusal(await gateway.send(PAUSE, { id, resumeAt: hence(-1) }))).toEqual([
      ['BAD_USER_INPUT', 'resumeAt'],
    ]);
    expect(refusal(await gateway.send(PAUSE, { id: 'sub_none' }))).toEqual([['NOT_FOUND', 'subscriptionId']]);
    const ahead = await newCustomer(gateway, 'eli', 'pro', { startsAt: hence(5) });
    expect(refusal(await gateway.send(PAUSE, { id: ahead }))).toEqual([['CONFLICT', null]]);
    expect(refusal(await gateway.send(RESUME, { id: ahead }))).toEqual([['CONFLICT', null]]);
  });

  test('needs a key that may sell', async () => {
    const id = await newCustomer(gateway, 'fin', 'pro');
    const { secret } = await gateway.newKey({ role: 'SERVICE' });
    expect(refusal(await gateway.send(PAUSE, { id }, secret))).toEqual([['FORBIDDEN', null]]);
  });
});

describe('a cancellation', () => {
  const CANCEL = `mutation ($input: CancelInput!) { result: cancelSubscription(input: $input) {
    revision subscription { status cancelAt } } }`;

  test('asked for again under its key answers as the first time', async () => {
    const subscriptionId = await newCustomer(gateway, 'cleo', 'pro');
    const input = { subscriptionId, timing: 'NOW', idempotencyKey: newIdempotencyKey() };
    const first = await gateway.send(CANCEL, { input });
    expect(first.get('result.subscription.status')).toBe('CANCELED');
    await newCustomer(gateway, 'cleo-beside', 'pro');
    const before = await gateway.countEvents();
    expect((await gateway.send(CANCEL, { input })).get('result')).toEqual(first.get('result'));
    expect(refusal(await gateway.send(CANCEL, { input: { ...input, timing: 'PERIOD_END' } }))).toEqual([
      ['CONFLICT', 'input.idempotencyKey'],
    ]);
    expect(refusal(await gateway.send(CANCEL, { input: { ...input, idempotencyKey: '' } }))).toEqual([
      ['BAD_USER_INPUT', 'input.idempotencyKey'],
    ]);
    expect(await gateway.countEvents()).toBe(before);
  });
});

describe('what is bought with a plan', () => {
  const ADJUST = `mutation ($input: AdjustSubscriptionInput!) { result: adjustSubscription(input: $input) { revision subscription {
    addOns { addOn quantity } quantities { feature quantity } scheduledChange { plan at addOns { addOn quantity } quantities { feature quantity } } } } }`;
  const adjust = (input: object): Promise<Answer> =>
    gateway.send(ADJUST, { input: { idempotencyKey: newIdempotencyKey(), ...input } });

  test('is adjusted now: add-ons count at once, a number is the one bought', async () => {
    const subscriptionId = await newCustomer(gateway, 'gil', 'team', {
      quantities: [{ feature: 'editors', quantity: 30 }],
    });
    const done = await adjust({ subscriptionId, addOns: [{ addOn: 'more-calls', quantity: 2 }] });
    expect(done.get('result.subscription')).toEqual({
      addOns: [{ addOn: 'more-calls', quantity: 2 }],
      quantities: [{ feature: 'editors', quantity: 30 }],
      scheduledChange: null,
    });
    const atLeast = done.text('result.revision');
    const calls = await check(gateway, { customerId: 'gil', feature: 'api-calls', atLeast });
    expect(calls.get('check.limit')).toBe(300);
    const fewer = await adjust({ subscriptionId, addOns: [], quantities: [] });
    expect(fewer.get('result.subscription')).toMatchObject({
      addOns: [],
      quantities: [{ feature: 'editors', quantity: 20 }],
    });
  });

  test('is adjusted later, alone or with another plan, and shows until then', async () => {
    const subscriptionId = await newCustomer(gateway, 'hua', 'pro');
    const waits = await adjust({ subscriptionId, timing: 'PERIOD_END', addOns: [{ addOn: 'more-calls' }] });
    expect(waits.get('result.subscription')).toMatchObject({
      addOns: [],
      scheduledChange: { plan: 'pro', addOns: [{ addOn: 'more-calls', quantity: 1 }], quantities: null },
    });
    const quantities = [{ feature: 'editors', quantity: 9 }];
    await changePlan(gateway, {
      subscriptionId,
      plan: 'team',
      timing: 'AT',
      at: hence(3),
      addOns: [],
      quantities,
    });
    const shown = await gateway.send(
      'query ($id: ID!) { subscription(id: $id) { plan { key } scheduledChange { plan addOns { addOn } quantities { feature quantity } } } }',
      { id: subscriptionId },
    );
    expect(shown.get('subscription')).toEqual({
      plan: { key: 'pro' },
      scheduledChange: { plan: 'team', addOns: [], quantities },
    });
  });

  test('is told as an event, once for each key', async () => {
    const subscriptionId = await newCustomer(gateway, 'ivo', 'pro');
    const input = { subscriptionId, addOns: [{ addOn: 'more-calls' }], idempotencyKey: newIdempotencyKey() };
    await adjust(input);
    await adjust(input);
    const events = await gateway.send(
      '{ events(customerId: "ivo", types: ["subscription.adjusted"]) { edges { node { data } } } }',
    );
    expect(events.get('events.edges.0.node.data')).toMatchObject({
      before: { addOns: [] },
      after: { addOns: [{ addOn: 'more-calls', quantity: 1 }] },
    });
    expect(events.get('events.edges.1')).toBeUndefined();
  });

  test('is refused with the field to correct', async () => {
    const subscriptionId = await newCustomer(gateway, 'jan', 'team');
    const few = [{ feature: 'editors', quantity: 4 }];
    expect(refusal(await adjust({ subscriptionId, quantities: few }))).toEqual([
      ['BAD_USER_INPUT', 'input.quantities.0.quantity'],
    ]);
    expect(refusal(await adjust({ subscriptionId, timing: 'AT' }))).toEqual([['BAD_USER_INPUT', 'input.at']]);
    expect(refusal(await adjust({ subscriptionId: 'sub_none' }))).toEqual([
      ['NOT_FOUND', 'input.subscriptionId'],
    ]);
  });
});
