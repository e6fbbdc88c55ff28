import { grantOf, type Given, type GivenState, releaseFrom, stateFrom } from '../../testing/states.js';
import { time } from '../../testing/subscriptions.js';
import { instant } from '../time/instant.js';
import { decide, decideStale } from './decide.js';
import type { Grant } from '../grant/grant.js';

const RELEASE = releaseFrom(`
catalog: 1
name: rules
features:
  sso: { type: boolean }
  hosting: { type: boolean }
  level: { type: limit }
  summed: { type: limit, combine: sum }
  calls: { type: metered, window: P1M, anchor: calendar }
  support: { type: config, values: [low, middle, high], combine: order }
  region: { type: config, values: [any, eu, de], combine: specific }
plans:
  free: { family: cloud, model: subscription, entitlements: { level: 3, summed: 3, calls: 10, support: low, region: de } }
  pro:
    family: cloud
    model: subscription
    period: P1M
    grace: P7D
    entitlements: { sso: true, level: 50, summed: 50, calls: { limit: 1005, enforce: soft, overage: 10% }, support: high, region: eu }
  none: { model: subscription, entitlements: { level: 7, summed: { limit: 20, enforce: none }, calls: { limit: 5, enforce: soft, overage: 3 } } }
  all: { model: subscription, entitlements: { level: unlimited, summed: unlimited, calls: unlimited } }
addOns:
  more: { with: [free, pro], entitlements: { level: 10, summed: 10, calls: 100 } }
  login: { with: [free], entitlements: { sso: true, region: any } }
`);
const NOW = time('2026-01-15T12:00:00Z');

function ask(state: Omit<GivenState, 'at'>, feature: string, quantity = 1) {
  return decide(stateFrom(RELEASE, { ...state, at: NOW }), { feature, quantity }, NOW);
}

const units = (limit: number | null) => ({ kind: 'UNITS', limit }) as const;
const BLOCK: Grant['effect'] = { kind: 'BLOCK' };
const ON: Grant['effect'] = { kind: 'ADD', value: { kind: 'ON' } };

describe('codes, in the order of the rules', () => {
  type Case = readonly [string, Omit<GivenState, 'at'>, string, string];
  const cases: readonly Case[] = [
    ['an unknown feature', { subscriptions: [{ plan: 'pro' }] }, 'teleport', 'UNKNOWN_FEATURE'],
    [
      'a block, whatever else there is',
      { subscriptions: [{ plan: 'pro' }], grants: [grantOf('sso', BLOCK)] },
      'sso',
      'BLOCKED',
    ],
    ['a block without a plan', { grants: [grantOf('sso', BLOCK)] }, 'sso', 'BLOCKED'],
    [
      'a block that is over',
      { subscriptions: [{ plan: 'pro' }], grants: [grantOf('sso', BLOCK, '2025-01-01', '2026-01-15')] },
      'sso',
      'ENTITLED',
    ],
    ['no plan', {}, 'sso', 'NO_ACTIVE_PLAN'],
    ['a plan without it', { subscriptions: [{ plan: 'free' }] }, 'sso', 'NOT_IN_PLAN'],
    [
      'an ended plan that had it',
      { subscriptions: [{ plan: 'pro', status: 'EXPIRED', endsAt: '2026-01-01' }] },
      'sso',
      'SUBSCRIPTION_EXPIRED',
    ],
    [
      'a cancelled plan counts as expired',
      { subscriptions: [{ plan: 'pro', status: 'CANCELED', endsAt: '2026-01-01' }] },
      'sso',
      'SUBSCRIPTION_EXPIRED',
    ],
    [
      'an ended plan that did not have it',
      { subscriptions: [{ plan: 'free', status: 'EXPIRED', endsAt: '2026-01-01' }] },
      'sso',
      'NO_ACTIVE_PLAN',
    ],
    [
      'one that ended more than 90 days ago',
      { subscriptions: [{ plan: 'pro', status: 'EXPIRED', endsAt: '2025-10-17T12:00:00Z' }] },
      'sso',
      'NO_ACTIVE_PLAN',
    ],
    [
      'one that ended just under 90 days ago',
      { subscriptions: [{ plan: 'pro', status: 'EXPIRED', endsAt: '2025-10-17T12:00:00.001Z' }] },
      'sso',
      'SUBSCRIPTION_EXPIRED',
    ],
    [
      'a live plan without it and an ended one with it: the ended one speaks',
      { subscriptions: [{ plan: 'free' }, { plan: 'pro', status: 'EXPIRED', endsAt: '2026-01-01' }] },
      'sso',
      'SUBSCRIPTION_EXPIRED',
    ],
    [
      'a plan that begins later',
      { subscriptions: [{ plan: 'pro', status: 'SCHEDULED', startedAt: '2026-02-01' }] },
      'sso',
      'NOT_STARTED',
    ],
    [
      'ended and not begun: what got further speaks',
      {
        subscriptions: [
          { plan: 'pro', status: 'EXPIRED', endsAt: '2026-01-01' },
          { plan: 'pro', status: 'SCHEDULED', startedAt: '2026-02-01' },
        ],
      },
      'sso',
      'NOT_STARTED',
    ],
    [
      'one source that passes is enough',
      { subscriptions: [{ plan: 'pro', status: 'EXPIRED', endsAt: '2026-01-01' }, { plan: 'pro' }] },
      'sso',
      'ENTITLED',
    ],
    ['a trial', { subscriptions: [{ plan: 'pro', status: 'TRIALING' }] }, 'sso', 'ENTITLED'],
    [
      'grace after a failed payment',
      { subscriptions: [{ plan: 'pro', status: 'PAST_DUE' }] },
      'sso',
      'ENTITLED_GRACE',
    ],
    [
      'grace where another source gives it too',
      {
        subscriptions: [
          { plan: 'pro', status: 'PAST_DUE' },
          { plan: 'free', addOns: { login: 1 } },
        ],
      },
      'sso',
      'ENTITLED',
    ],
    [
      'an add-on gives what the plan does not',
      { subscriptions: [{ plan: 'free', addOns: { login: 1 } }] },
      'sso',
      'ENTITLED',
    ],
    ['a grant needs no plan', { grants: [grantOf('sso', ON)] }, 'sso', 'ENTITLED_GRANT'],
    [
      'a grant of what the plan gives anyway',
      { subscriptions: [{ plan: 'pro' }], grants: [grantOf('sso', ON)] },
      'sso',
      'ENTITLED',
    ],
    ['a grant that begins later', { grants: [grantOf('sso', ON, '2026-01-16')] }, 'sso', 'NO_ACTIVE_PLAN'],
    [
      'grace comes before grant where both are needed',
      {
        subscriptions: [{ plan: 'pro', status: 'PAST_DUE' }],
        grants: [grantOf('level', { kind: 'ADD', value: units(1) })],
        used: { level: 50 },
      },
      'level',
      'ENTITLED_GRACE',
    ],
    ['the limit', { subscriptions: [{ plan: 'free' }], used: { level: 3 } }, 'level', 'LIMIT_EXCEEDED'],
    [
      'reserved units count',
      { subscriptions: [{ plan: 'free' }], used: { level: 1 }, reserved: { level: 2 } },
      'level',
      'LIMIT_EXCEEDED',
    ],
    [
      'overage comes before grace',
      { subscriptions: [{ plan: 'pro', status: 'PAST_DUE' }], used: { calls: 1005 } },
      'calls',
      'ENTITLED_OVERAGE',
    ],
    [
      'beyond the overage',
      { subscriptions: [{ plan: 'pro' }], used: { calls: 1105 } },
      'calls',
      'LIMIT_EXCEEDED',
    ],
  ];

  test.each(cases)('%s', (_what, state, feature, code) => {
    expect(ask(state, feature).code).toBe(code);
  });

  test('an unknown customer comes after an unknown feature', () => {
    const state = { kind: 'UNKNOWN_CUSTOMER', release: RELEASE, customerId: 'nobody' } as const;
    expect(decide(state, { feature: 'teleport', quantity: 1 }, NOW).code).toBe('UNKNOWN_FEATURE');
    expect(decide(state, { feature: 'sso', quantity: 1 }, NOW)).toMatchObject({
      code: 'UNKNOWN_CUSTOMER',
      customerId: 'nobody',
    });
  });

  test('quantity 0 asks only whether the feature is there', () => {
    expect(ask({ subscriptions: [{ plan: 'free' }], used: { level: 3 } }, 'level', 0)).toMatchObject({
      allowed: true,
      code: 'ENTITLED',
    });
    expect(ask({ subscriptions: [{ plan: 'free' }], used: { level: 9 } }, 'level', 0)).toMatchObject({
      allowed: true,
      code: 'ENTITLED_OVERAGE',
    });
    expect(ask({}, 'level', 0)).toMatchObject({ allowed: false, code: 'NO_ACTIVE_PLAN' });
  });

  test('waiting, or freeing some, is advised only where the quantity would fit alone', () => {
    const plan = stateFrom(RELEASE, { subscriptions: [{ plan: 'pro' }], used: { calls: 1000 }, at: NOW });
    const advice = (quantity: number) => decide(plan, { feature: 'calls', quantity }, NOW).message;
    // 1,105 is the ceiling. What is kept of one answer is not given to the other, whichever came first.
    for (const quantity of [106, 1106, 1105, 2000, 106]) {
      const wait = 'wait for 2026-02-01T00:00:00.000Z or change to a larger plan';
      const less = 'ask for less or change to a larger plan';
      expect(advice(quantity)).toBe(`\`calls\`: 1000 of 1005 used; ${quantity > 1105 ? less : wait}`);
    }
    const level = (quantity: number) =>
      ask({ subscriptions: [{ plan: 'free' }], used: { level: 5 } }, 'level', quantity).message;
    expect(level(3)).toBe('`level`: 5 of 3 used; free some or change to a larger plan');
    expect(level(4)).toBe('`level`: 5 of 3 used; ask for less or change to a larger plan');
  });

  test('a quantity near 2^53 loses no unit', () => {
    const state = { subscriptions: [{ plan: 'none' }], used: { calls: 1 } };
    expect(ask(state, 'calls', Number.MAX_SAFE_INTEGER).code).toBe('LIMIT_EXCEEDED');
    expect(
      ask({ subscriptions: [{ plan: 'all' }], used: { calls: 1 } }, 'calls', Number.MAX_SAFE_INTEGER).allowed,
    ).toBe(true);
  });
});

describe('combination: limit, ceiling (found by asking), value', () => {
  type Case = readonly [string, readonly Given[], readonly Grant[], string, number | null, number | null];
  const more: readonly Given[] = [{ plan: 'pro', addOns: { more: 2 } }];
  const cases: readonly Case[] = [
    ['the plan’s number', [{ plan: 'free' }], [], 'level', 3, 3],
    ['add-ons add to it, once for each bought', more, [], 'level', 70, 70],
    ['the overage is a share of the whole, rounded down', more, [], 'calls', 1205, 1325],
    ['overage in units', [{ plan: 'none' }], [], 'calls', 5, 8],
    ['max takes the larger', [{ plan: 'free' }, { plan: 'none' }], [], 'level', 7, 7],
    ['sum adds', [{ plan: 'free' }, { plan: 'pro' }], [], 'summed', 53, 53],
    ['soft and hard are combined each for itself', [{ plan: 'free' }, { plan: 'none' }], [], 'calls', 15, 18],
    ['no enforcement has no ceiling', [{ plan: 'none' }], [], 'summed', 20, null],
    ['none with hard: limits add, no ceiling', [{ plan: 'free' }, { plan: 'none' }], [], 'summed', 23, null],
    ['unlimited wins', [{ plan: 'free' }, { plan: 'all' }], [], 'summed', null, null],
    ['unlimited wins by max too', [{ plan: 'free' }, { plan: 'all' }], [], 'level', null, null],
    ['sources in grace count', [{ plan: 'pro', status: 'PAST_DUE' }], [], 'level', 50, 50],
    [
      'what has not begun does not',
      [{ plan: 'free' }, { plan: 'pro', status: 'SCHEDULED', startedAt: '2026-03-01' }],
      [],
      'summed',
      3,
      3,
    ],
    [
      'a replacing grant stands instead',
      [{ plan: 'pro' }],
      [grantOf('level', { kind: 'REPLACE', value: units(5) })],
      'level',
      5,
      5,
    ],
    [
      'the latest replacing grant',
      [{ plan: 'pro' }],
      [
        grantOf('level', { kind: 'REPLACE', value: units(9) }, '2025-06-01'),
        grantOf('level', { kind: 'REPLACE', value: units(5) }, '2025-02-01'),
      ],
      'level',
      9,
      9,
    ],
    [
      'adding grants come on top of it',
      [{ plan: 'pro' }],
      [
        grantOf('level', { kind: 'REPLACE', value: units(5) }),
        grantOf('level', { kind: 'ADD', value: units(2) }),
      ],
      'level',
      7,
      7,
    ],
    ['an adding grant alone', [], [grantOf('level', { kind: 'ADD', value: units(2) })], 'level', 2, 2],
    [
      'an unlimited grant',
      [{ plan: 'free' }],
      [grantOf('level', { kind: 'ADD', value: units(null) })],
      'level',
      null,
      null,
    ],
  ];

  test.each(cases)('%s', (_what, subscriptions, grants, feature, limit, ceiling) => {
    const decision = ask({ subscriptions, grants }, feature, 0);
    expect(decision).toMatchObject({ limit, unlimited: limit === null });
    if (ceiling === null) {
      expect(ask({ subscriptions, grants }, feature, 1_000_000_000).allowed).toBe(true);
      return;
    }
    expect(ask({ subscriptions, grants }, feature, ceiling).allowed).toBe(true);
    expect(ask({ subscriptions, grants }, feature, ceiling + 1).code).toBe('LIMIT_EXCEEDED');
  });

  const value = (text: string, kind: 'ADD' | 'REPLACE' = 'ADD'): Grant['effect'] => ({
    kind,
    value: { kind: 'VALUE', value: text },
  });
  test.each<'ADD' | 'REPLACE'>(['ADD', 'REPLACE'])(
    'a granted value that the release does not list any more gives nothing: %s',
    (kind) => {
      const gone = grantOf('support', value('gone', kind));
      expect(ask({ subscriptions: [{ plan: 'free' }], grants: [gone] }, 'support')).toMatchObject({
        code: 'ENTITLED',
        value: 'low',
        sources: [{ kind: 'SUBSCRIPTION' }],
      });
      expect(ask({ grants: [gone] }, 'support')).toMatchObject({ code: 'NO_ACTIVE_PLAN', value: null });
      const listed = grantOf('support', value('middle', 'REPLACE'));
      expect(ask({ subscriptions: [{ plan: 'pro' }], grants: [gone, listed] }, 'support').value).toBe(
        'middle',
      );
      expect(ask({ subscriptions: [{ plan: 'pro' }], grants: [listed, gone] }, 'support').value).toBe(
        'middle',
      );
    },
  );

  type ValueCase = readonly [string, readonly Given[], readonly Grant[], string, string];
  const values: readonly ValueCase[] = [
    ['order: the later in `values`', [{ plan: 'free' }, { plan: 'pro' }], [], 'support', 'high'],
    [
      'order: a grant competes',
      [{ plan: 'free' }],
      [grantOf('support', value('middle'))],
      'support',
      'middle',
    ],
    [
      'order: a lesser grant changes nothing',
      [{ plan: 'pro' }],
      [grantOf('support', value('middle'))],
      'support',
      'high',
    ],
    [
      'a replacing grant lowers too',
      [{ plan: 'pro' }],
      [grantOf('support', value('low', 'REPLACE'))],
      'support',
      'low',
    ],
    [
      'specific: among plans the one that began last',
      [
        { plan: 'pro', startedAt: '2025-09-01' },
        { plan: 'free', startedAt: '2025-01-01' },
      ],
      [],
      'region',
      'eu',
    ],
  ];
  test.each(values)('%s', (_what, subscriptions, grants, feature, expected) => {
    expect(ask({ subscriptions, grants }, feature)).toMatchObject({ allowed: true, value: expected });
  });

  test('sources name all that contribute; in a denial those that came closest', () => {
    const { sources } = ask(
      { subscriptions: [{ plan: 'pro', addOns: { more: 1 } }, { plan: 'none' }] },
      'level',
    );
    expect(sources).toEqual([
      { kind: 'SUBSCRIPTION', id: 'sub_0', key: 'pro' },
      { kind: 'ADD_ON', id: 'sub_0', key: 'more' },
      { kind: 'SUBSCRIPTION', id: 'sub_1', key: 'none' },
    ]);
    expect(
      ask({ subscriptions: [{ plan: 'pro', status: 'EXPIRED', endsAt: '2026-01-01' }] }, 'sso').sources,
    ).toEqual([{ kind: 'SUBSCRIPTION', id: 'sub_0', key: 'pro' }]);
  });
});

describe('how long a decision holds', () => {
  const validUntil = (state: Omit<GivenState, 'at'>, feature: string) => {
    const at = ask(state, feature).validUntil;
    return at === null ? null : new Date(at).toISOString();
  };

  test('for ever, where time changes nothing, renewals included', () => {
    expect(validUntil({ subscriptions: [{ plan: 'pro' }] }, 'sso')).toBeNull();
    expect(
      validUntil({ subscriptions: [{ plan: 'pro', status: 'PAST_DUE', endsAt: '2026-02-01' }] }, 'teleport'),
    ).toBeNull();
  });

  test('until what will change it', () => {
    expect(
      validUntil({ subscriptions: [{ plan: 'pro', status: 'PAST_DUE', endsAt: '2026-02-01' }] }, 'sso'),
    ).toBe('2026-02-01T00:00:00.000Z');
    expect(validUntil({ subscriptions: [{ plan: 'pro', cancelAt: '2026-01-20' }] }, 'sso')).toBe(
      '2026-01-20T00:00:00.000Z',
    );
    expect(
      validUntil({ subscriptions: [{ plan: 'pro', change: { to: 'free', at: '2026-01-21' } }] }, 'sso'),
    ).toBe('2026-01-21T00:00:00.000Z');
    expect(
      validUntil({ subscriptions: [{ plan: 'pro', status: 'EXPIRED', endsAt: '2026-01-01' }] }, 'sso'),
    ).toBe('2026-04-01T00:00:00.000Z');
    expect(validUntil({ subscriptions: [{ plan: 'free' }] }, 'calls')).toBe('2026-02-01T00:00:00.000Z');
    expect(validUntil({ grants: [grantOf('sso', ON, '2025-01-01', '2026-03-01')] }, 'sso')).toBe(
      '2026-03-01T00:00:00.000Z',
    );
    expect(validUntil({ grants: [grantOf('sso', ON, '2026-02-02')] }, 'sso')).toBe(
      '2026-02-02T00:00:00.000Z',
    );
  });

  test('a change that makes no difference to this feature is passed over', () => {
    const both: readonly Given[] = [
      { plan: 'none', change: { to: 'all', at: '2026-01-20' } },
      { plan: 'pro', cancelAt: '2026-03-05' },
    ];
    expect(validUntil({ subscriptions: both }, 'sso')).toBe('2026-03-05T00:00:00.000Z');
  });

  test('what is due already is applied before it is decided', () => {
    expect(ask({ subscriptions: [{ plan: 'pro', cancelAt: '2026-01-15T12:00:00Z' }] }, 'sso').code).toBe(
      'SUBSCRIPTION_EXPIRED',
    );
    expect(ask({ subscriptions: [{ plan: 'pro', cancelAt: '2026-01-15T12:00:00.001Z' }] }, 'sso').code).toBe(
      'ENTITLED',
    );
  });
});

describe('without state', () => {
  const OFFLINE = releaseFrom(`
catalog: 1
name: offline
staleFor: PT1H
features:
  closed: { type: boolean }
  open: { type: boolean, whenUnknown: open }
  young: { type: boolean, whenUnknown: { lastKnown: PT15M } }
plans:
  pro: { model: subscription, entitlements: { closed: true, open: true, young: true } }
`);
  const state = stateFrom(OFFLINE, { subscriptions: [{ plan: 'pro' }], at: NOW });
  const ago = (minutes: number) => instant(NOW - minutes * 60_000);

  test.each([
    ['closed', 'UNAVAILABLE', false],
    ['open', 'ENTITLED_FALLBACK', true],
    ['young', 'UNAVAILABLE', false],
    ['teleport', 'UNKNOWN_FEATURE', false],
  ])('%s: %s', (feature, code, allowed) => {
    const unknown = { kind: 'OUT_OF_REACH', release: OFFLINE, customerId: 'ada' } as const;
    expect(decide(unknown, { feature, quantity: 1 }, NOW)).toMatchObject({
      code,
      allowed,
      customerId: 'ada',
      feature,
    });
  });

  test.each([
    ['closed', 59, 'ENTITLED'],
    ['closed', 60, 'UNAVAILABLE'],
    ['open', 59, 'ENTITLED'],
    ['open', 60, 'ENTITLED_FALLBACK'],
    ['young', 14, 'ENTITLED'],
    ['young', 15, 'UNAVAILABLE'],
    ['teleport', 600, 'UNKNOWN_FEATURE'],
  ])('%s from a state of %i minutes ago: %s', (feature, minutes, code) => {
    expect(decideStale(state, { feature, quantity: 1 }, NOW, ago(minutes)).code).toBe(code);
  });

  test('that there was no such customer is forgotten like any other state', () => {
    const unknown = { kind: 'UNKNOWN_CUSTOMER', release: OFFLINE, customerId: 'ada' } as const;
    const codes = [59, 60].map(
      (age) => decideStale(unknown, { feature: 'open', quantity: 1 }, NOW, ago(age)).code,
    );
    expect(codes).toEqual(['UNKNOWN_CUSTOMER', 'ENTITLED_FALLBACK']);
  });

  test('time goes on in a state that is kept', () => {
    const ending = stateFrom(OFFLINE, {
      subscriptions: [{ plan: 'pro', cancelAt: '2026-01-15T12:00:00Z' }],
      at: ago(5),
    });
    expect(decideStale(ending, { feature: 'open', quantity: 1 }, NOW, ago(5)).code).toBe(
      'SUBSCRIPTION_EXPIRED',
    );
  });
});

test('a denial that was worked out just before a window began does not hide what is used in it', () => {
  const state = stateFrom(RELEASE, { used: { calls: 4 }, at: NOW });
  const before = decide(state, { feature: 'calls', quantity: 1 }, time('2025-12-31T23:59:59.999Z'));
  expect(before).toMatchObject({ code: 'NO_ACTIVE_PLAN', used: 0, validUntil: time('2026-01-01') });
  expect(decide(state, { feature: 'calls', quantity: 1 }, NOW)).toMatchObject({
    code: 'NO_ACTIVE_PLAN',
    used: 4,
  });
});
