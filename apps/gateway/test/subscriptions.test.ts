import { check, newCustomer } from './customers.js';
import { startTestGateway, type Answer, type TestGateway } from './gateway.js';

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
