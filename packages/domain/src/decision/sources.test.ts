import { type Given, type GivenState, grantOf, releaseFrom, stateFrom } from '../../testing/states.js';
import { time } from '../../testing/subscriptions.js';
import type { Grant } from '../grant/grant.js';
import { decide } from './decide.js';
import { entitlementsOf } from './entitlement-set.js';

const RELEASE = releaseFrom(`
catalog: 1
name: sources
features:
  sso: { type: boolean }
  most: { type: limit }
  total: { type: limit, combine: sum }
  region: { type: config, values: [any, eu, de], combine: specific }
  tier: { type: config, values: [low, middle, high] }
plans:
  hard: { model: subscription, entitlements: { most: 10, total: 10, tier: low, region: de } }
  soft: { model: subscription, entitlements: { most: { limit: 7, enforce: soft, overage: 50% }, total: { limit: 7, enforce: soft, overage: 50% } } }
  open: { model: subscription, entitlements: { most: { limit: 3, enforce: none }, total: { limit: 3, enforce: none } } }
  every: { model: subscription, entitlements: { most: unlimited, total: unlimited } }
  huge: { model: subscription, entitlements: { most: 9007199254740991, total: { limit: 9007199254740991, enforce: soft, overage: 100% } } }
  large: { family: big, model: subscription, entitlements: { total: 9007199254740991 } }
  fine: { model: subscription, entitlements: { most: { limit: 10000, enforce: soft, overage: 0.57% } } }
  bare: { model: subscription, entitlements: { tier: middle } }
  zero: { model: subscription, entitlements: { most: 0 } }
  gone: { model: subscription, entitlements: { sso: true, most: 1 } }
addOns:
  sign-on: { with: [bare, hard], entitlements: { sso: true, region: eu, tier: high } }
  extra: { with: [hard, soft, open, every, huge, bare], entitlements: { most: 5, total: 5 } }
  boundless: { with: [hard, soft], entitlements: { most: unlimited } }
`);
const NOW = time('2026-01-15T12:00:00Z');
const ask = (state: Omit<GivenState, 'at'>, feature: string, quantity = 1) =>
  decide(stateFrom(RELEASE, { ...state, at: NOW }), { feature, quantity }, NOW);

const MAX = Number.MAX_SAFE_INTEGER;
const on = (plan: string, rest: Partial<Given> = {}): Given => ({ plan, ...rest });

describe('limit and ceiling of every pair of enforcements, each combined for itself', () => {
  /** Alone: hard 10/10, soft 7/10 (half of 7, rounded down), none 3/-, unlimited -/-. */
  test.each<[string, readonly string[], number | null, number | null, number | null, number | null]>([
    ['hard and soft', ['hard', 'soft'], 10, 10, 17, 20],
    ['hard and none', ['hard', 'open'], 10, null, 13, null],
    ['soft and none', ['soft', 'open'], 7, null, 10, null],
    ['hard and unlimited', ['hard', 'every'], null, null, null, null],
    ['soft and unlimited', ['soft', 'every'], null, null, null, null],
    ['none and unlimited', ['open', 'every'], null, null, null, null],
    ['hard, soft and none', ['hard', 'soft', 'open'], 10, null, 20, null],
  ])('%s', (_, plans, maxLimit, maxCeiling, sumLimit, sumCeiling) => {
    for (const order of [plans, [...plans].reverse()]) {
      const subscriptions = order.map((plan) => on(plan));
      const expected = [
        ['most', maxLimit, maxCeiling],
        ['total', sumLimit, sumCeiling],
      ] as const;
      for (const [feature, limit, ceiling] of expected) {
        expect(ask({ subscriptions }, feature, 0)).toMatchObject({ limit, unlimited: limit === null });
        const largest = ceiling ?? MAX;
        expect(ask({ subscriptions }, feature, largest).allowed).toBe(true);
        if (ceiling !== null)
          expect(ask({ subscriptions }, feature, ceiling + 1).code).toBe('LIMIT_EXCEEDED');
        if (limit !== null && largest > limit) {
          expect(ask({ subscriptions }, feature, limit).code).toBe('ENTITLED');
          expect(ask({ subscriptions }, feature, limit + 1).code).toBe('ENTITLED_OVERAGE');
        }
      }
    }
  });
});

describe('one subscription with its add-ons', () => {
  test.each<[string, Given, string, number | null, number | null]>([
    ['each add-on once for each bought', on('hard', { addOns: { extra: 3 } }), 'most', 25, 25],
    ['the overage of a plan is a share of the whole', on('soft', { addOns: { extra: 1 } }), 'most', 12, 18],
    [
      'a plan without a ceiling has none with an add-on',
      on('open', { addOns: { extra: 1 } }),
      'most',
      8,
      null,
    ],
    ['an unlimited add-on', on('soft', { addOns: { boundless: 1 } }), 'most', null, null],
    [
      'an add-on alone, where the plan lacks the feature',
      on('bare', { addOns: { extra: 2 } }),
      'most',
      10,
      10,
    ],
    ['a share of a hundredth of a percent', on('fine'), 'most', 10_000, 10_057],
    ['none at all', on('zero'), 'most', 0, 0],
  ])('%s', (_, given, feature, limit, ceiling) => {
    const state = { subscriptions: [given] };
    expect(ask(state, feature, 0)).toMatchObject({ allowed: true, limit });
    expect(ask(state, feature, ceiling ?? MAX).allowed).toBe(true);
    if (ceiling !== null)
      expect(ask(state, feature, ceiling + 1)).toMatchObject({ code: 'LIMIT_EXCEEDED', allowed: false });
  });

  test('nothing is counted beyond 2^53-1, whatever is added up', () => {
    for (const subscriptions of [[on('huge', { addOns: { extra: 9 } }), on('large')], [on('huge')]]) {
      expect(ask({ subscriptions }, 'total', 0)).toMatchObject({ limit: MAX });
      expect(ask({ subscriptions }, 'total', MAX).code).toBe('ENTITLED');
      expect(ask({ subscriptions, used: { total: 1 } }, 'total', MAX - 1).code).toBe('ENTITLED');
      expect(ask({ subscriptions, used: { total: 1 } }, 'total', MAX).code).toBe('LIMIT_EXCEEDED');
    }
  });
});

describe('values', () => {
  const signOn = { 'sign-on': 1 };
  test.each<[string, readonly Given[], string, string]>([
    [
      'plan and add-on of one subscription: the later in `values`',
      [on('hard', { addOns: signOn })],
      'region',
      'de',
    ],
    [
      'specific: an add-on before another subscription’s plan, though that began last',
      [on('bare', { addOns: signOn, startedAt: '2025-01-01' }), on('hard', { startedAt: '2025-06-01' })],
      'region',
      'eu',
    ],
    ['order: whatever began when', [on('bare', { startedAt: '2025-06-01' }), on('hard')], 'tier', 'middle'],
    ['an add-on raises its plan', [on('bare', { addOns: signOn })], 'tier', 'high'],
  ])('%s', (_, subscriptions, feature, value) => {
    for (const order of [subscriptions, [...subscriptions].reverse()])
      expect(ask({ subscriptions: order }, feature)).toMatchObject({ allowed: true, value });
  });
});

describe('what speaks where nothing passes', () => {
  const ended = (endsAt: string, status: 'EXPIRED' | 'CANCELED' = 'EXPIRED') =>
    on('gone', { status, endsAt });
  const ahead = on('gone', { status: 'SCHEDULED', startedAt: '2026-02-01' });
  /** 90 days before NOW, to the millisecond. */
  const EDGE = '2025-10-17T12:00:00.000Z';
  test.each<[string, readonly Given[], string]>([
    ['ended in the last 90 days', [ended('2025-10-17T12:00:00.001Z')], 'SUBSCRIPTION_EXPIRED'],
    ['ended 90 days ago to the millisecond', [ended(EDGE)], 'NO_ACTIVE_PLAN'],
    ['that, and a live one without it', [ended(EDGE), on('bare')], 'NOT_IN_PLAN'],
    ['one of each', [ended(EDGE), ended('2026-01-01', 'CANCELED'), on('bare')], 'SUBSCRIPTION_EXPIRED'],
    ['one that begins, beside one without it', [ahead, on('bare')], 'NOT_STARTED'],
    ['one that begins and one that ended', [ahead, ended('2026-01-01')], 'NOT_STARTED'],
    ['one that ended now', [ended('2026-01-15T12:00:00Z')], 'SUBSCRIPTION_EXPIRED'],
  ])('%s', (_, subscriptions, code) => {
    for (const order of [subscriptions, [...subscriptions].reverse()])
      expect(ask({ subscriptions: order }, 'sso')).toMatchObject({ allowed: false, code });
  });

  test('among equals the one that began last', () => {
    const older = on('gone', { status: 'EXPIRED', startedAt: '2025-01-01', endsAt: '2026-01-10' });
    const newer = on('gone', { status: 'EXPIRED', startedAt: '2025-06-01', endsAt: '2026-01-01' });
    for (const [subscriptions, id] of [
      [[older, newer], 'sub_1'],
      [[newer, older], 'sub_0'],
    ] as const)
      expect(ask({ subscriptions }, 'sso').sources).toEqual([{ kind: 'SUBSCRIPTION', id, key: 'gone' }]);
  });

  test('what is used is told though nothing passes', () => {
    const state = { subscriptions: [ended('2026-01-01')], used: { most: 4 } };
    expect(ask(state, 'most')).toMatchObject({
      code: 'SUBSCRIPTION_EXPIRED',
      used: 4,
      limit: null,
      remaining: null,
    });
  });
});

describe('more used than the limit allows', () => {
  const above = { subscriptions: [on('hard')], used: { most: 25 } };
  test('nothing is taken back, more is refused', () => {
    expect(ask(above, 'most')).toMatchObject({ code: 'LIMIT_EXCEEDED', used: 25, limit: 10, remaining: 0 });
    expect(ask(above, 'most', 0)).toMatchObject({ allowed: true, code: 'ENTITLED_OVERAGE', remaining: 0 });
  });
});

describe('allowed only because of a grace or a grant', () => {
  const units = (limit: number): Grant['effect'] => ({ kind: 'ADD', value: { kind: 'UNITS', limit } });
  test.each<[string, Omit<GivenState, 'at'>, number, string]>([
    [
      'within what the others give',
      { subscriptions: [on('hard'), on('gone', { status: 'PAST_DUE' })] },
      10,
      'ENTITLED',
    ],
    [
      'beyond what the others give',
      { subscriptions: [on('zero'), on('hard', { status: 'PAST_DUE' })] },
      1,
      'ENTITLED_GRACE',
    ],
    [
      'quantity 0 where only one in grace gives it',
      { subscriptions: [on('hard', { status: 'PAST_DUE' })] },
      0,
      'ENTITLED_GRACE',
    ],
    [
      'a grant, as far as the plan goes',
      { subscriptions: [on('hard')], grants: [grantOf('most', units(5))] },
      10,
      'ENTITLED',
    ],
    [
      'a grant, one further',
      { subscriptions: [on('hard')], grants: [grantOf('most', units(5))] },
      11,
      'ENTITLED_GRANT',
    ],
  ])('%s', (_, state, quantity, code) => {
    expect(ask(state, 'most', quantity).code).toBe(code);
  });
});

describe('a customer with nothing', () => {
  test('has one entitlement for each feature, denied, with nothing that time could change', () => {
    const set = entitlementsOf(stateFrom(RELEASE, { at: NOW }), NOW);
    expect(set.validUntil).toBeNull();
    expect(set.entitlements.map(({ feature, code }) => `${feature} ${code}`)).toEqual(
      ['sso', 'most', 'total', 'region', 'tier'].map((feature) => `${feature} NO_ACTIVE_PLAN`),
    );
  });

  test('an unknown one, too', () => {
    const state = { kind: 'UNKNOWN_CUSTOMER', release: RELEASE, customerId: 'nobody' } as const;
    const set = entitlementsOf(state, NOW);
    expect(new Set(set.entitlements.map(({ code }) => code))).toEqual(new Set(['UNKNOWN_CUSTOMER']));
    expect(set.validUntil).toBeNull();
  });
});
