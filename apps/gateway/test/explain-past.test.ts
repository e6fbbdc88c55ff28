import { CATALOG } from './catalog.js';
import { changePlan, check, consume, newCustomer } from './customers.js';
import { type Answer, at, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const EXPLAIN = `query ($input: CheckInput!, $at: DateTime) { explain(input: $input, at: $at) {
  decision { id allowed code message customerId feature limit used reserved remaining release revision asOf }
  steps { rule outcome detail source { kind id key } }
  reasons { code message source { kind id key } }
  remedies { kind }
  since { type } } }`;

async function explain(input: object, moment: unknown, key?: string): Promise<Answer> {
  await gateway.services.decisions.settled();
  return gateway.send(EXPLAIN, { input, at: moment }, key);
}

function refusalOf({ errors }: Answer): unknown {
  return errors.map(({ extensions: { code, field } }) => [code, field ?? null]);
}

const change = (field: string, input: object): Promise<Answer> =>
  gateway.send(`mutation ($input: ${INPUTS[field] ?? ''}!) { ${field}(input: $input) { revision } }`, {
    input,
  });
const INPUTS: Readonly<Record<string, string>> = {
  upsertCustomer: 'UpsertCustomerInput',
  grantEntitlement: 'GrantInput',
  cancelSubscription: 'CancelInput',
  addCredits: 'AddCreditsInput',
  assignSeat: 'SeatInput',
  releaseUsage: 'ReleaseUsageInput',
};

/** Every answer that is on record, newest first. */
async function records(customerId: string): Promise<unknown[]> {
  await gateway.services.decisions.settled();
  const answer = await gateway.send(
    `query ($customerId: ID!) { decisions(customerId: $customerId, first: 100) { edges { node {
       operation at input decision { id allowed code message feature } } } } }`,
    { customerId },
  );
  const edges = answer.get('decisions.edges');
  return Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node')) : [];
}

/** When that was, by the database's clock: this process's own is a millisecond ahead of it, or behind. */
async function lastAnswerOf(customerId: string): Promise<unknown> {
  return at((await records(customerId))[0], 'at');
}

describe('an explanation of the past', () => {
  test('is of the answer that was given last by then, with what it rested on then', async () => {
    const subscriptionId = await newCustomer(gateway, 'ada', 'free');
    const asked = { customerId: 'ada', feature: 'sso' };
    const denied = (await check(gateway, asked)).get('check');
    const [first] = await records('ada');
    await changePlan(gateway, { subscriptionId, plan: 'pro' });
    await check(gateway, asked);
    const why = await explain(asked, at(first, 'at'));
    const message = at(denied, 'message');
    const source = { kind: 'SUBSCRIPTION', id: subscriptionId, key: 'free' };
    expect(why.get('explain')).toMatchObject({
      decision: { id: at(denied, 'id'), allowed: false, code: 'NOT_IN_PLAN', message },
      reasons: [{ code: 'NOT_IN_PLAN', message, source }],
      remedies: [],
      since: null,
    });
    expect(why.get('explain.steps')).toContainEqual({
      ...{ rule: 'NOT_IN_PLAN', outcome: 'FAILED', detail: message, source },
    });
    const now = (await explain(asked, await lastAnswerOf('ada'))).get('explain');
    expect(now).toMatchObject({ decision: { code: 'ENTITLED' }, reasons: [] });
  });

  test('counts what was used then, not what is used now', async () => {
    await newCustomer(gateway, 'bea', 'free');
    const asked = { customerId: 'bea', feature: 'api-calls' };
    await consume(gateway, { ...asked, quantity: 8 });
    await check(gateway, { ...asked, quantity: 3 });
    const [denied, spent] = await records('bea');
    await consume(gateway, { ...asked, quantity: 2 });
    const why = await explain({ ...asked, quantity: 1 }, at(denied, 'at'));
    expect(why.get('explain.decision')).toMatchObject({ code: 'LIMIT_EXCEEDED', used: 8, remaining: 2 });
    expect(why.get('explain.reasons.0.message')).toBe(at(denied, 'decision.message'));
    const granted = await explain(asked, at(spent, 'at'));
    expect(granted.get('explain.decision')).toMatchObject({ allowed: true, used: 8 });
    expect(granted.get('explain.steps')).toContainEqual({
      ...{ rule: 'LIMIT_EXCEEDED', outcome: 'PASSED', source: null, detail: '8 on top of 0 fit, of 10' },
    });
  });

  test('of a customer who was not there yet says so', async () => {
    await check(gateway, { customerId: 'cleo', feature: 'sso' });
    const [asked] = await records('cleo');
    await newCustomer(gateway, 'cleo', 'pro');
    const why = await explain({ customerId: 'cleo', feature: 'sso' }, at(asked, 'at'));
    expect(why.get('explain')).toMatchObject({
      decision: { code: 'UNKNOWN_CUSTOMER' },
      reasons: [{ code: 'UNKNOWN_CUSTOMER' }],
    });
    expect(why.get('explain.steps')).not.toEqual([]);
  });

  test('is by the facts on record, and of the member that is named', async () => {
    await newCustomer(gateway, 'dan', 'pro');
    const asked = { customerId: 'dan', feature: 'editors' };
    await change('assignSeat', { ...asked, memberId: 'ann' });
    await check(gateway, { ...asked, memberId: 'ann' });
    await check(gateway, { ...asked, memberId: 'ben' });
    const moment = await lastAnswerOf('dan');
    expect((await explain(asked, moment)).get('explain.decision.code')).toBe('NO_SEAT');
    const ann = await explain({ ...asked, memberId: 'ann' }, moment);
    expect(ann.get('explain')).toMatchObject({ decision: { code: 'ENTITLED' }, reasons: [] });
    expect(refusalOf(await explain({ ...asked, memberId: 'cy' }, moment))).toEqual([['NOT_FOUND', 'at']]);
  });

  test('tells no more than was answered where no event tells what was before', async () => {
    await newCustomer(gateway, 'eli', 'free');
    const asked = { customerId: 'eli', feature: 'sso' };
    await check(gateway, asked);
    const [record] = await records('eli');
    await change('upsertCustomer', { id: 'eli', timeZone: 'Asia/Tokyo' });
    const why = await explain(asked, at(record, 'at'));
    const message = at(record, 'decision.message');
    expect(why.get('explain')).toMatchObject({
      decision: { id: at(record, 'decision.id') },
      steps: [],
      reasons: [{ code: 'NOT_IN_PLAN', message, source: null }],
    });
  });

  test('is not recorded, and answers no question of a time ahead', async () => {
    await newCustomer(gateway, 'flo', 'free');
    const asked = { customerId: 'flo', feature: 'sso' };
    await gateway.send(EXPLAIN, { input: asked, at: new Date(Date.now() + 86_400_000).toISOString() });
    const before = await records('flo');
    const moment = at(before[0], 'at');
    expect(refusalOf(await explain(asked, moment))).toEqual([['NOT_FOUND', 'at']]);
    await check(gateway, asked);
    await explain(asked, await lastAnswerOf('flo'));
    expect(await records('flo')).toHaveLength(before.length + 1);
  });
});

describe('what is refused', () => {
  test.each<[string, object, string, unknown]>([
    [
      'a time before the first answer',
      { customerId: 'ada', feature: 'sso' },
      hoursAgo(1),
      ['NOT_FOUND', 'at'],
    ],
    [
      'a feature that nobody asked about',
      { customerId: 'ada', feature: 'seo' },
      hoursAgo(0),
      ['NOT_FOUND', 'at'],
    ],
    [
      'a time of which nothing is kept',
      { customerId: 'ada', feature: 'sso' },
      hoursAgo(24 * 91),
      ['BAD_USER_INPUT', 'at'],
    ],
  ])('%s', async (_what, input, moment, refusal) => {
    const answer = await explain(input, moment);
    expect(refusalOf(answer)).toEqual([refusal]);
    expect(answer.errors[0]?.message).toMatch(/give (a|the) time/);
  });

  test('a customer that the key does not name', async () => {
    const { secret } = await gateway.newKey({ role: 'READER', customerIds: ['bob'] });
    const answer = await explain({ customerId: 'ada', feature: 'sso' }, hoursAgo(0), secret);
    expect(refusalOf(answer)).toEqual([['FORBIDDEN', null]]);
  });
});

function hoursAgo(hours: number): string {
  return new Date(Date.now() - hours * 3_600_000).toISOString();
}

/** Repeatable chance. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const FEATURES = ['sso', 'projects', 'api-calls', 'support', 'editors', 'viewers', 'ai-credits', 'teleport'];
const PLANS = ['free', 'pro', 'enterprise', 'team', 'metered'];

/** What may happen between two questions. Some of it is refused, which changes nothing. */
function happenings(customerId: string, pick: (below: number) => number): (() => Promise<unknown>)[] {
  let subscriptionId = '';
  const feature = (): string => FEATURES[pick(FEATURES.length - 1)] ?? '';
  const plan = (): string => PLANS[pick(PLANS.length)] ?? '';
  const onId = (name: string, argument: string, id: string, more = ''): Promise<Answer> =>
    gateway.send(`mutation ($id: ID!) { ${name}(${argument}: $id${more}) { revision } }`, { id });
  let grantId = '';
  let licenseId = '';
  return [
    async () => {
      const made = await gateway.send(
        'mutation ($input: IssueLicenseInput!) { issueLicense(input: $input) { license { id } } }',
        {
          input: {
            customerId,
            plan: pick(2) === 0 ? 'desktop' : 'boxed',
            idempotencyKey: newIdempotencyKey(),
          },
        },
      );
      licenseId = made.text('issueLicense.license.id');
    },
    () => onId('suspendLicense', 'licenseId', licenseId, ', reason: "unpaid"'),
    () => onId('reinstateLicense', 'licenseId', licenseId),
    async () => {
      const made = await gateway.send(
        `mutation ($input: SubscribeInput!) { subscribe(input: $input) { subscription { id } } }`,
        { input: { customerId, plan: plan(), trial: pick(2) === 0, idempotencyKey: newIdempotencyKey() } },
      );
      if (made.errors.length === 0) subscriptionId = made.text('subscribe.subscription.id');
    },
    () => changePlan(gateway, { subscriptionId, plan: plan() }),
    () => onId('pauseSubscription', 'subscriptionId', subscriptionId),
    () => onId('resumeSubscription', 'subscriptionId', subscriptionId),
    () => change('cancelSubscription', { subscriptionId, timing: pick(2) === 0 ? 'NOW' : 'PERIOD_END' }),
    () => change('upsertCustomer', { id: customerId, attributes: { size: pick(3) } }),
    async () => {
      const effect = pick(2) === 0 ? 'BLOCK' : 'ADD';
      const value = effect === 'ADD' ? { value: pick(2) === 0 ? true : 5 } : {};
      const made = await gateway.send(
        'mutation ($input: GrantInput!) { grantEntitlement(input: $input) { grant { id } } }',
        {
          input: {
            customerId,
            feature: feature(),
            effect,
            ...value,
            reason: 'x',
            idempotencyKey: newIdempotencyKey(),
          },
        },
      );
      if (made.errors.length === 0) grantId = made.text('grantEntitlement.grant.id');
    },
    () => onId('revokeGrant', 'grantId', grantId, ', reason: "over"'),
    () =>
      change('addCredits', {
        ...{ customerId, feature: 'ai-credits', quantity: 1 + pick(9), idempotencyKey: newIdempotencyKey() },
      }),
    () => change('assignSeat', { customerId, feature: 'editors', memberId: `m${String(pick(3))}` }),
    () => consume(gateway, { customerId, feature: feature(), quantity: 1 + pick(8) }),
    () => consume(gateway, { customerId, feature: 'ai-credits', quantity: 1 + pick(8) }),
    () =>
      change('releaseUsage', {
        ...{ customerId, feature: 'projects', quantity: 1, idempotencyKey: newIdempotencyKey() },
      }),
    async () => {
      const when = `has(customer.attributes.size) && customer.attributes.size > ${String(pick(3))}`;
      const rule = { name: 'too large', feature: feature(), when, then: 'deny' };
      const drafted = await gateway.send(
        'mutation ($document: JSONObject!) { draftRelease(document: $document) { release { number } } }',
        { document: { ...CATALOG, rules: pick(2) === 0 ? [] : [rule] } },
      );
      return gateway.send('mutation ($release: Int!) { publishRelease(release: $release) { revision } }', {
        release: drafted.get('draftRelease.release.number'),
      });
    },
  ];
}

test.each([1, 2, 3, 4, 5, 6])('every answer on record explains itself (history %i)', async (seed) => {
  const pick = chance(seed);
  const customerId = `random-${String(seed)}`;
  await newCustomer(gateway, customerId, PLANS[pick(3)] ?? '');
  const may = happenings(customerId, pick);
  const before = await gateway.countEvents();
  for (let step = 0; step < 45; step += 1) {
    await may[pick(may.length)]?.();
    const memberId = pick(3) === 0 ? { memberId: `m${String(pick(3))}` } : {};
    const feature = FEATURES[pick(FEATURES.length)];
    await check(gateway, { customerId, feature, quantity: pick(12), ...memberId });
  }
  const asked = (await records(customerId)).filter((record) =>
    ['check', 'consume'].includes(String(at(record, 'operation'))),
  );
  expect(asked.length).toBeGreaterThan(40);
  expect((await gateway.countEvents()) - before).toBeGreaterThan(15);
  const untold: unknown[] = [];
  for (const record of asked) {
    const feature = at(record, 'decision.feature');
    const why = await explain({ customerId, feature }, at(record, 'at'));
    const { id, allowed, code, message } = { ...pickDecision(record) };
    expect(why.get('explain.decision')).toMatchObject({ id, allowed, code, message });
    if (allowed !== true) expect(why.get('explain.reasons.0')).toMatchObject({ code, message });
    else expect(why.get('explain.reasons')).toEqual([]);
    if (at(why.get('explain.steps'), '0') === undefined) untold.push(record);
  }
  expect(untold).toEqual([]);
});

function pickDecision(record: unknown): Record<string, unknown> {
  return {
    id: at(record, 'decision.id'),
    allowed: at(record, 'decision.allowed'),
    code: at(record, 'decision.code'),
    message: at(record, 'decision.message'),
  };
}
