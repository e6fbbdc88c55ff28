import { grantOf, type GivenState, releaseFrom, stateFrom } from '../../testing/states.js';
import { featureKey, time } from '../../testing/subscriptions.js';
import { applyDue, nextDue } from '../subscription/due.js';
import { instant } from '../time/instant.js';
import { withMeter } from '../usage/recount.js';
import { decide } from './decide.js';
import { entitlementsOf } from './entitlement-set.js';
import { ceilingOf } from './entitlement.js';

const RELEASE = releaseFrom(`
catalog: 1
name: rules
features:
  sso: { type: boolean }
  hosting: { type: boolean }
  beta: { type: boolean }
  desk: { type: boolean }
  legacy: { type: boolean }
  support: { type: config, values: [low, high] }
  level: { type: limit }
  exports: { type: limit, combine: sum }
  calls: { type: metered, window: P1M, anchor: calendar }
plans:
  free: { family: cloud, model: subscription, entitlements: { level: 3, support: low } }
  pro:
    family: cloud
    model: subscription
    grace: P7D
    entitlements: { sso: true, level: 50, exports: { limit: 10, enforce: soft, overage: 5 }, support: high, calls: 100, legacy: true }
    rules:
      - { name: EU only, feature: hosting, when: 'customer.attributes.country in ["DE", "FR"]', then: allow }
      - { name: or by contract, feature: hosting, when: has(customer.attributes.contract) && customer.attributes.contract, then: allow }
      - { name: testers, feature: beta, when: context.tester, then: allow }
      - { name: no testers at night, feature: beta, when: has(context.night) && context.night, then: deny }
      - { name: desk by request, feature: desk, when: has(context.desk), then: allow }
      - { name: listed and asked for, feature: legacy, when: has(customer.attributes.legacy), then: allow }
      - { name: support after hours, feature: support, when: has(context.night) && context.night, then: deny }
      - { name: slow when young, feature: calls, when: now - customer.createdAt < duration("72h"), then: { limit: 5 } }
      - { name: fast lane, feature: calls, when: has(context.lane) && context.lane == "fast", then: { limit: 500, enforce: soft, overage: 10% } }
      - { name: crowded, feature: exports, when: usage.level.used > 40, then: { limit: 2 } }
      - { name: small teams, feature: level, when: customer.attributes.team < 5, then: { limit: 7 } }
      - { name: broken for some, feature: level, when: customer.attributes.team < customer.attributes.max, then: { limit: 9 } }
  side: { model: subscription, entitlements: { exports: 4, level: 6 } }
  twice:
    model: subscription
    rules:
      - { name: both, feature: hosting, when: customer.attributes.tier > 1 && customer.attributes.age > 2, then: allow }
      - { name: from both, feature: beta, when: 'context.region == "eu" && customer.attributes.tier < context.age', then: allow }
addOns:
  more: { with: [pro], entitlements: { calls: 50, exports: 10 } }
  hosted: { with: [pro], entitlements: { hosting: true } }
rules:
  - { name: embargo, feature: sso, when: 'has(customer.attributes.country) && customer.attributes.country in ["XX"]', then: deny }
  - { name: region must be sent, feature: desk, when: context.region == "xx", then: deny }
  - { name: at most 12, feature: exports, when: has(customer.attributes.capped), then: { limit: 12 } }
  - { name: at most 8, feature: exports, when: has(customer.attributes.capped) && customer.attributes.capped == "hard", then: { limit: 8 } }
`);
const NOW = time('2026-01-15T12:00:00Z');
const ON = { kind: 'ADD', value: { kind: 'ON' } } as const;
const units = (limit: number) => ({ kind: 'ADD', value: { kind: 'UNITS', limit } }) as const;
const pro = (given: Omit<GivenState, 'at' | 'subscriptions'> = {}): Omit<GivenState, 'at'> => ({
  subscriptions: [{ plan: 'pro' }],
  ...given,
});

function ask(
  given: Omit<GivenState, 'at'>,
  feature: string,
  context: Record<string, unknown> = {},
  quantity = 1,
) {
  return decide(stateFrom(RELEASE, { ...given, at: NOW }), { feature, quantity, context }, NOW);
}
const attributes = (values: Record<string, unknown>) => ({ attributes: { team: 10, max: 5, ...values } });

describe('allow', () => {
  test.each<[string, Omit<GivenState, 'at'>, string, Record<string, unknown>, string]>([
    ['where it is true', pro(attributes({ country: 'DE' })), 'hosting', {}, 'ENTITLED'],
    [
      'where the second is true',
      pro(attributes({ country: 'US', contract: true })),
      'hosting',
      {},
      'ENTITLED',
    ],
    ['where none is true', pro(attributes({ country: 'US' })), 'hosting', {}, 'CONDITION_NOT_MET'],
    [
      'where one before a true one cannot be evaluated',
      pro(attributes({ contract: true })),
      'hosting',
      {},
      'CONDITION_NOT_MET',
    ],
    [
      'where one behind a true one could not be evaluated',
      pro(attributes({ country: 'DE', contract: 'x' })),
      'hosting',
      {},
      'ENTITLED',
    ],
    ['by the request', pro(), 'beta', { tester: true }, 'ENTITLED'],
    ['by another request', pro(), 'beta', { tester: false }, 'CONDITION_NOT_MET'],
    ['by no request', pro(), 'beta', {}, 'CONDITION_NOT_MET'],
    [
      'on a plan that lists the feature as well: the rule must be true',
      pro(),
      'legacy',
      {},
      'CONDITION_NOT_MET',
    ],
    ['on a plan that lists it, where it is', pro(attributes({ legacy: 1 })), 'legacy', {}, 'ENTITLED'],
    ['on a plan without the rule', { subscriptions: [{ plan: 'free' }] }, 'hosting', {}, 'NOT_IN_PLAN'],
    [
      'not needed where an add-on brings the feature',
      { subscriptions: [{ plan: 'pro', addOns: { hosted: 1 } }], ...attributes({ country: 'US' }) },
      'hosting',
      {},
      'ENTITLED',
    ],
    [
      'and an add-on does not help where the rule cannot be evaluated',
      { subscriptions: [{ plan: 'pro', addOns: { hosted: 1 } }] },
      'hosting',
      {},
      'CONDITION_NOT_MET',
    ],
    [
      'and a grant needs none',
      pro({ ...attributes({ country: 'US' }), grants: [grantOf('hosting', ON)] }),
      'hosting',
      {},
      'ENTITLED_GRANT',
    ],
    [
      'names the feature once the plan has ended',
      { subscriptions: [{ plan: 'pro', status: 'CANCELED', endsAt: '2026-01-01' }] },
      'hosting',
      {},
      'SUBSCRIPTION_EXPIRED',
    ],
  ])('%s', (_what, given, feature, context, code) => {
    expect(ask(given, feature, context)).toMatchObject({ code, allowed: code.startsWith('ENTITLED') });
  });
});

describe('deny', () => {
  test.each<[string, Omit<GivenState, 'at'>, string, Record<string, unknown>, string]>([
    [
      'by the plan comes before its allow rules',
      pro(),
      'beta',
      { tester: true, night: true },
      'DENIED_BY_RULE',
    ],
    [
      'by the plan that cannot be evaluated',
      pro(),
      'beta',
      { tester: true, night: 'yes' },
      'CONDITION_NOT_MET',
    ],
    ['by the plan for a feature that is no flag', pro(), 'support', { night: true }, 'DENIED_BY_RULE'],
    ['by the catalog', pro(attributes({ country: 'XX' })), 'sso', {}, 'DENIED_BY_RULE'],
    [
      'by the catalog, whatever gave it',
      { ...attributes({ country: 'XX' }), grants: [grantOf('sso', ON)] },
      'sso',
      {},
      'DENIED_BY_RULE',
    ],
    [
      'by the catalog comes before having no plan',
      attributes({ country: 'XX' }),
      'sso',
      {},
      'DENIED_BY_RULE',
    ],
    [
      'and a block comes before it',
      { ...attributes({ country: 'XX' }), grants: [grantOf('sso', { kind: 'BLOCK' })] },
      'sso',
      {},
      'BLOCKED',
    ],
    [
      'by the catalog that cannot be evaluated takes every source away',
      pro(),
      'desk',
      { desk: 1 },
      'CONDITION_NOT_MET',
    ],
    ['so also a grant', { grants: [grantOf('desk', ON)] }, 'desk', {}, 'CONDITION_NOT_MET'],
    ['and without a source there is still no plan', {}, 'desk', {}, 'NO_ACTIVE_PLAN'],
    ['by the catalog that is false', pro(), 'desk', { desk: 1, region: 'eu' }, 'ENTITLED'],
    [
      'an ended plan that names it speaks before a live one does not',
      { subscriptions: [{ plan: 'free' }, { plan: 'pro', status: 'CANCELED', endsAt: '2026-01-01' }] },
      'desk',
      { region: 'eu' },
      'SUBSCRIPTION_EXPIRED',
    ],
  ])('%s', (_what, given, feature, context, code) => {
    expect(ask(given, feature, context)).toMatchObject({ code });
  });
});

describe('limit', () => {
  const young = { createdAt: '2026-01-14' };
  test.each<[string, Omit<GivenState, 'at'>, string, Record<string, unknown>, number, number]>([
    ['the plan’s number, where no rule fits', pro(), 'calls', {}, 100, 100],
    ['the first that fits', pro(young), 'calls', {}, 5, 5],
    ['the first that fits, though another would', pro(young), 'calls', { lane: 'fast' }, 5, 5],
    ['by the request, soft', pro(), 'calls', { lane: 'fast' }, 500, 550],
    [
      'add-ons on top',
      { subscriptions: [{ plan: 'pro', addOns: { more: 2 } }], ...young },
      'calls',
      {},
      105,
      105,
    ],
    ['a grant on top', pro({ ...young, grants: [grantOf('calls', units(7))] }), 'calls', {}, 12, 12],
    ['hard, where the plan is soft', pro({ used: { level: 41 } }), 'exports', {}, 2, 2],
    ['soft again when the counter is low', pro({ used: { level: 40 } }), 'exports', {}, 10, 15],
    ['by an attribute', pro(attributes({ team: 3 })), 'level', {}, 7, 7],
    ['the second', pro(attributes({ team: 6, max: 8 })), 'level', {}, 9, 9],
    [
      'across subscriptions by `combine`',
      { subscriptions: [{ plan: 'pro' }, { plan: 'side' }], ...attributes({ team: 3 }) },
      'level',
      {},
      7,
      7,
    ],
    [
      'the catalog caps the sum and its overage',
      { subscriptions: [{ plan: 'pro' }, { plan: 'side' }], ...attributes({ capped: 'soft' }) },
      'exports',
      {},
      12,
      12,
    ],
    [
      'the lowest cap counts',
      { subscriptions: [{ plan: 'pro' }, { plan: 'side' }], ...attributes({ capped: 'hard' }) },
      'exports',
      {},
      8,
      8,
    ],
    [
      'a cap above what there is gives nothing',
      { subscriptions: [{ plan: 'side' }], ...attributes({ capped: 'hard' }) },
      'exports',
      {},
      4,
      4,
    ],
  ])('%s', (_what, given, feature, context, limit, ceiling) => {
    expect(ask(given, feature, context, 0)).toMatchObject({ allowed: true, limit });
    expect(ask(given, feature, context, ceiling - (given.used?.[feature] ?? 0)).allowed).toBe(true);
    expect(ask(given, feature, context, ceiling + 1).code).toBe('LIMIT_EXCEEDED');
  });

  test('that cannot be evaluated takes away its own source alone', () => {
    expect(ask(pro(), 'level').code).toBe('CONDITION_NOT_MET');
    const both = { subscriptions: [{ plan: 'pro' }, { plan: 'side' }] };
    expect(ask(both, 'level')).toMatchObject({ code: 'ENTITLED', limit: 6 });
  });
});

describe('a denial says', () => {
  test.each<[string, Omit<GivenState, 'at'>, string, Record<string, unknown>, string]>([
    [
      'which fact of the customer is missing',
      pro(),
      'hosting',
      {},
      '`customer.attributes.country` is missing, which the rule `EU only` for `hosting` needs; set it by upsertCustomer',
    ],
    [
      'which fact of the request is missing',
      pro(),
      'beta',
      {},
      '`context.tester` is missing, which the rule `testers` for `beta` needs; send it with the request',
    ],
    [
      'which facts of the customer are missing',
      { subscriptions: [{ plan: 'twice' }] },
      'hosting',
      {},
      '`customer.attributes.tier`, `customer.attributes.age` are missing, which the rule `both` for `hosting` needs; set them by upsertCustomer',
    ],
    [
      'which facts of customer and request are missing',
      { subscriptions: [{ plan: 'twice' }] },
      'beta',
      {},
      '`context.region`, `customer.attributes.tier`, `context.age` are missing, which the rule `from both` for `beta` needs; send `context.region`, `context.age` with the request; set `customer.attributes.tier` by upsertCustomer',
    ],
    [
      'which rule is not met',
      pro(attributes({ country: 'US' })),
      'hosting',
      {},
      '`hosting` needs what the rule `EU only` asks for, and it is not met',
    ],
    ['which rule denies', pro(attributes({ country: 'XX' })), 'sso', {}, 'the rule `embargo` denies `sso`'],
    [
      'why a rule cannot be evaluated',
      pro(attributes({ team: 'many' })),
      'level',
      {},
      'the rule `small teams` for `level` cannot be evaluated: `customer.attributes.team < 5` cannot be worked out (dyn<string> < int); correct the facts or the rule',
    ],
  ])('%s', (_what, given, feature, context, message) => {
    expect(ask(given, feature, context).message).toBe(message);
  });

  test('which sources came closest', () => {
    expect(ask(pro(), 'hosting').sources).toMatchObject([{ kind: 'SUBSCRIPTION', key: 'pro' }]);
    expect(ask({ grants: [grantOf('desk', ON)] }, 'desk').sources).toMatchObject([{ kind: 'GRANT' }]);
  });
});

test('a rule that time turns bounds the answer, and turns it', () => {
  const state = stateFrom(RELEASE, { ...pro({ createdAt: '2026-01-14' }), at: NOW });
  const turn = time('2026-01-17');
  const before = decide(state, { feature: 'calls', quantity: 1 }, NOW);
  expect(before).toMatchObject({ limit: 5, validUntil: turn });
  expect(decide(state, { feature: 'calls', quantity: 1 }, instant(turn - 1)).limit).toBe(5);
  expect(decide(state, { feature: 'calls', quantity: 1 }, turn)).toMatchObject({ limit: 100 });
});

test('what is kept of one request is not answered to another', () => {
  const state = stateFrom(RELEASE, { ...pro(), at: NOW });
  const codes = [{ tester: true }, { tester: false }, {}, { tester: true }].map(
    (context) => decide(state, { feature: 'beta', quantity: 1, context }, NOW).allowed,
  );
  expect(codes).toEqual([true, false, false, true]);
});

test('a counter that a rule reads decides as it stands, not as it stood', () => {
  const state = stateFrom(RELEASE, { ...pro({ used: { level: 40 } }), at: NOW });
  if (state.kind !== 'KNOWN') throw new Error('known');
  expect(decide(state, { feature: 'exports', quantity: 1 }, NOW).limit).toBe(10);
  const spent = withMeter(state, {
    feature: featureKey('level'),
    used: 41,
    reserved: 0,
    window: null,
    rolled: [],
    freesAt: null,
    overdrawn: 0,
  });
  expect(decide(spent, { feature: 'exports', quantity: 1 }, NOW).limit).toBe(2);
});

test('a set of entitlements sees an empty context', () => {
  const { entitlements } = entitlementsOf(stateFrom(RELEASE, { ...pro(), at: NOW }), NOW);
  const of = (key: string) => entitlements.find(({ feature }) => feature === key);
  expect(of('beta')).toMatchObject({ allowed: false, code: 'CONDITION_NOT_MET' });
  expect(of('calls')).toMatchObject({ allowed: true, limit: 100 });
});

describe('the ceiling that stands beside a counter', () => {
  test.each<[string, Omit<GivenState, 'at'>, string, number | null, string | null]>([
    [
      'is the rule’s, where the state decides',
      pro({ createdAt: '2026-01-14' }),
      'calls',
      5,
      '2026-01-17T00:00:00.000Z',
    ],
    ['is the highest that a request may be given', pro(), 'calls', 550, null],
    ['is the highest that counters may leave', pro({ used: { level: 41 } }), 'exports', 15, null],
    [
      'counts add-ons on each side before it compares them',
      { subscriptions: [{ plan: 'pro', addOns: { more: 4 } }] },
      'calls',
      770,
      null,
    ],
    ['is capped by the catalog', pro(attributes({ capped: 'hard' })), 'exports', 8, null],
    ['is 0 where a rule cannot be evaluated', pro(), 'level', 0, null],
  ])('%s', (_what, given, feature, ceiling, validUntil) => {
    const state = stateFrom(RELEASE, { ...given, at: NOW });
    if (state.kind !== 'KNOWN') throw new Error('known');
    const written = ceilingOf(state.account, RELEASE, featureKey(feature), NOW);
    expect(written.ceiling).toBe(ceiling);
    expect(written.validUntil === null ? null : new Date(written.validUntil).toISOString()).toBe(validUntil);
  });
});

describe('time turns a rule', () => {
  const turn = time('2026-01-17');
  const young = () => {
    const state = stateFrom(RELEASE, { ...pro({ createdAt: '2026-01-14' }), at: NOW });
    if (state.kind !== 'KNOWN') throw new Error('known');
    return state.account;
  };

  test('once, as an event that is dated when it turns', () => {
    const account = young();
    expect(nextDue(account, RELEASE)).toBe(turn);
    const { account: after, events } = applyDue(account, RELEASE, time('2026-03-01'));
    expect(events).toMatchObject([
      {
        type: 'rule.turned',
        at: turn,
        turn: { rule: 'slow when young', feature: 'calls', before: true, after: false },
      },
    ]);
    expect(nextDue(after, RELEASE)).toBeNull();
    expect(applyDue(after, RELEASE, time('2026-03-01')).events).toEqual([]);
  });

  test('and what it turned before it was told of is not told', () => {
    expect(nextDue({ ...young(), turnedUntil: turn }, RELEASE)).toBeNull();
    const [subscription] = young().subscriptions;
    if (subscription?.status !== 'ACTIVE') throw new Error('active');
    const ended = {
      ...young(),
      subscriptions: [{ ...subscription, status: 'CANCELED' as const, endedAt: NOW }],
    };
    // The next thing told of it is that it is archived.
    expect(nextDue(ended, RELEASE)).toBe(time('2026-04-15T12:00:00Z'));
  });

  test('of the catalog from its publication on', () => {
    const release = releaseFrom(`
catalog: 1
name: x
features: { sso: { type: boolean } }
plans: { p: { model: subscription, entitlements: { sso: true } } }
rules:
  - { name: closed in spring, feature: sso, when: now >= timestamp("2026-03-01") && now < timestamp("2026-04-01"), then: deny }
`);
    const state = stateFrom(release, { subscriptions: [{ plan: 'p' }], at: NOW });
    if (state.kind !== 'KNOWN') throw new Error('known');
    expect(decide(state, { feature: 'sso', quantity: 1 }, NOW).validUntil).toBe(time('2026-03-01'));
    expect(applyDue(state.account, release, time('2026-06-01')).events.map(({ at }) => at)).toEqual([
      time('2026-03-01'),
      time('2026-04-01'),
    ]);
    const later = { ...release, publication: { ...release.publication, at: time('2026-03-15') } };
    expect(applyDue(state.account, later, time('2026-06-01')).events.map(({ at }) => at)).toEqual([
      time('2026-04-01'),
    ]);
  });
});
