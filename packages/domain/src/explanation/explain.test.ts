import { type GivenState, grantOf, releaseFrom, stateFrom } from '../../testing/states.js';
import { time } from '../../testing/subscriptions.js';
import { type CheckRequest, DENYING_CODES } from '../decision/decision.js';
import { explain } from './explain.js';
import type { Remedy } from './explanation.js';

const RELEASE = releaseFrom(`
catalog: 1
name: why
features:
  sso: { type: boolean }
  open: { type: boolean, whenUnknown: open }
  audit: { type: boolean }
  calls: { type: metered, window: P1M, anchor: calendar }
  seats-used: { type: limit }
  support: { type: config, values: [low, high] }
  beta: { type: boolean }
plans:
  free: { family: cloud, model: subscription, entitlements: { calls: 10, seats-used: 3, support: low } }
  pro:
    family: cloud
    model: subscription
    period: P1M
    grace: P7D
    entitlements: { sso: true, calls: { limit: 100, enforce: soft, overage: 10% }, seats-used: 20, support: high, beta: true }
    rules:
      - { name: asked for, feature: beta, when: context.beta, then: allow }
      - { name: signed, feature: beta, when: customer.attributes.frozen, then: deny }
      - { name: never in arrears, feature: sso, when: subscription.status == "PAST_DUE", then: deny }
  large: { family: cloud, model: subscription, entitlements: { sso: true, calls: unlimited, seats-used: 500 } }
  largest: { family: cloud, model: subscription, entitlements: { sso: true, calls: unlimited, seats-used: unlimited, audit: true } }
  hidden: { family: cloud, model: subscription, entitlements: { sso: true } }
addOns:
  more-calls: { with: [free, pro], entitlements: { calls: 7 } }
  many-calls: { with: [free, pro], entitlements: { calls: 1000 } }
  audit-log: { with: [pro], entitlements: { audit: true } }
transitions:
  - { from: free, to: [pro, large, largest] }
  - { from: pro, to: [large, largest] }
  - { from: [large, largest], to: pro, takesEffect: periodEnd }
rules:
  - { name: small, feature: seats-used, when: has(customer.attributes.small), then: { limit: 5 } }
`);
const NOW = time('2026-01-15');

function why(given: Omit<GivenState, 'at'>, asked: Partial<CheckRequest> & { feature: string }, now = NOW) {
  return explain(stateFrom(RELEASE, { ...given, at: now }), { quantity: 1, ...asked }, now);
}

/** What is offered, in a few words. */
function offered(remedies: readonly Remedy[]): string[] {
  return remedies.map(({ kind, plan, addOn, quantity, availableAt }) =>
    [kind, plan ?? addOn, quantity, availableAt === null ? null : new Date(availableAt).toISOString()]
      .filter((part) => part !== null)
      .join(' '),
  );
}

test('every test is named in the order of the codes, with the source that it was asked of', () => {
  const { steps, reasons } = why(
    { subscriptions: [{ plan: 'free' }], grants: [grantOf('sso', { kind: 'BLOCK' })] },
    { feature: 'sso' },
  );
  expect(steps.map(({ rule, outcome, source }) => [rule, outcome, source?.kind ?? null])).toEqual([
    ['UNKNOWN_FEATURE', 'PASSED', null],
    ['UNAVAILABLE', 'PASSED', null],
    ['UNKNOWN_CUSTOMER', 'PASSED', null],
    ['BLOCKED', 'FAILED', 'GRANT'],
    ['DENIED_BY_RULE', 'SKIPPED', null],
    ['NO_ACTIVE_PLAN', 'PASSED', null],
    ['NOT_IN_PLAN', 'FAILED', 'SUBSCRIPTION'],
    ['NO_SEAT', 'SKIPPED', null],
    ['LIMIT_EXCEEDED', 'SKIPPED', null],
  ]);
  expect(reasons.map(({ code, source }) => [code, source?.key])).toEqual([
    ['BLOCKED', null],
    ['NOT_IN_PLAN', 'free'],
  ]);
});

test('a source is asked everything, and what it gives in the end is told', () => {
  const { steps } = why(
    {
      subscriptions: [{ plan: 'pro', addOns: { 'more-calls': 2 } }],
      grants: [grantOf('calls', { kind: 'ADD', value: { kind: 'UNITS', limit: 5 } })],
      used: { calls: 3 },
    },
    { feature: 'calls' },
  );
  const ofSources = steps
    .filter(({ source }) => source !== null)
    .map(({ rule, detail }) => `${rule}: ${detail}`);
  expect(ofSources).toEqual([
    'NOT_IN_PLAN: `pro` has `calls`',
    'SUBSCRIPTION_EXPIRED: it has not ended',
    'NOT_STARTED: it has begun',
    'SUBSCRIPTION_PAUSED: it is not paused',
    'DENIED_BY_RULE: its plan has no rule that denies it',
    'CONDITION_NOT_MET: it has no conditions',
    'NOT_STARTED: it has begun',
    'COMBINATION: together with its add-ons: 114, and 11 beyond',
    'COMBINATION: together with its add-ons: 114, and 11 beyond',
    'COMBINATION: besides what is bought: 5',
  ]);
  expect(steps.at(-1)).toMatchObject({ rule: 'LIMIT_EXCEEDED', detail: '1 on top of 3 fit, of 119' });
});

test('a rule of the catalog that holds a limit down is told, and one that does not', () => {
  const held = (attributes: object) =>
    why({ subscriptions: [{ plan: 'pro' }], attributes: { ...attributes } }, { feature: 'seats-used' }).steps;
  expect(held({ small: true })).toContainEqual(
    expect.objectContaining({ outcome: 'PASSED', detail: 'the rule `small` holds it at 5' }),
  );
  expect(held({})).toContainEqual(
    expect.objectContaining({ outcome: 'SKIPPED', detail: 'the rule `small` does not hold it at 5' }),
  );
});

test('a grant that begins later, and a subscription that is long over, are looked at and speak of nothing', () => {
  const { steps, reasons } = why(
    {
      subscriptions: [{ plan: 'pro', status: 'EXPIRED', endsAt: '2025-06-01' }],
      grants: [grantOf('sso', { kind: 'ADD', value: { kind: 'ON' } }, '2026-03-01')],
    },
    { feature: 'sso' },
  );
  expect(steps.filter(({ source }) => source !== null)).toEqual([
    expect.objectContaining({ rule: 'NOT_IN_PLAN', outcome: 'PASSED' }),
    expect.objectContaining({ rule: 'SUBSCRIPTION_EXPIRED', outcome: 'SKIPPED' }),
    expect.objectContaining({
      rule: 'NOT_STARTED',
      outcome: 'SKIPPED',
      detail: 'it is no source before it begins on 2026-03-01T00:00:00.000Z',
    }),
  ]);
  expect(reasons.map(({ code }) => code)).toEqual(['NO_ACTIVE_PLAN']);
});

test('of a plan all rules that fail are told, those that deny before those that cannot be evaluated', () => {
  const { reasons } = why({ subscriptions: [{ plan: 'pro' }] }, { feature: 'beta' });
  expect(reasons.map(({ message }) => message)).toEqual([
    '`customer.attributes.frozen` is missing, which the rule `signed` for `beta` needs; set it by upsertCustomer',
    '`context.beta` is missing, which the rule `asked for` for `beta` needs; send it with the request',
  ]);
  const frozen = why({ subscriptions: [{ plan: 'pro' }], attributes: { frozen: true } }, { feature: 'beta' });
  expect(frozen.reasons.map(({ code }) => code)).toEqual(['DENIED_BY_RULE', 'CONDITION_NOT_MET']);
});

test.each([
  ['OUT_OF_REACH', 'sso', 'UNAVAILABLE', ['UNAVAILABLE']],
  ['OUT_OF_REACH', 'open', 'ENTITLED_FALLBACK', []],
  ['OUT_OF_REACH', 'teleport', 'UNKNOWN_FEATURE', ['UNKNOWN_FEATURE']],
  ['UNKNOWN_CUSTOMER', 'sso', 'UNKNOWN_CUSTOMER', ['UNKNOWN_CUSTOMER']],
  ['UNKNOWN_CUSTOMER', 'teleport', 'UNKNOWN_FEATURE', ['UNKNOWN_FEATURE', 'UNKNOWN_CUSTOMER']],
] as const)(
  'of a state that is %s, %s is %s, and nothing further is asked',
  (kind, feature, code, reasons) => {
    const state = { kind, release: RELEASE, customerId: 'ada' };
    const explained = explain(state, { feature, quantity: 1 }, NOW);
    expect(explained.decision.code).toBe(code);
    expect(explained.reasons.map((reason) => reason.code)).toEqual(reasons);
    expect(explained.remedies).toEqual([]);
    const asked = explained.steps.filter(({ outcome }) => outcome !== 'SKIPPED').map(({ rule }) => rule);
    expect(asked).not.toContain('BLOCKED');
    expect(explained.steps.map(({ rule }) => rule)).toEqual(DENYING_CODES);
  },
);

test('an answer for a time ahead is that of the state as time will have made it', () => {
  const given = { subscriptions: [{ plan: 'pro', cancelAt: '2026-02-01' }] };
  expect(why(given, { feature: 'sso' }).decision.code).toBe('ENTITLED');
  const later = why(given, { feature: 'sso' }, time('2026-02-01'));
  expect(later.decision.code).toBe('SUBSCRIPTION_EXPIRED');
  expect(later.reasons).toEqual([
    expect.objectContaining({
      code: 'SUBSCRIPTION_EXPIRED',
      source: expect.objectContaining({ key: 'pro' }),
    }),
  ]);
});

describe('remedies', () => {
  test('what is allowed needs none, and what the catalog lacks has none', () => {
    expect(why({ subscriptions: [{ plan: 'pro' }] }, { feature: 'sso' }).remedies).toEqual([]);
    expect(why({ subscriptions: [{ plan: 'pro' }] }, { feature: 'teleport' }).remedies).toEqual([]);
  });

  test('plans that transitions lead to are offered, the smallest first', () => {
    const { remedies } = why({ subscriptions: [{ plan: 'free' }] }, { feature: 'sso' });
    expect(offered(remedies)).toEqual(['CHANGE_PLAN large', 'CHANGE_PLAN largest', 'CHANGE_PLAN pro']);
    expect(remedies[0]).toMatchObject({
      subscriptionId: 'sub_0',
      message: 'change from `free` to `large`',
    });
  });

  test('the least of a counted feature comes first, and what would not be enough is left out', () => {
    const given = { subscriptions: [{ plan: 'free' }], used: { 'seats-used': 3 } };
    const changes = (quantity: number) => offered(why(given, { feature: 'seats-used', quantity }).remedies);
    expect(changes(1)).toEqual(['CHANGE_PLAN pro', 'CHANGE_PLAN large', 'CHANGE_PLAN largest']);
    expect(changes(100)).toEqual(['CHANGE_PLAN large', 'CHANGE_PLAN largest']);
    expect(changes(1000)).toEqual(['CHANGE_PLAN largest']);
  });

  test('who has no plan may subscribe to one', () => {
    const { remedies } = why({}, { feature: 'support' });
    expect(remedies.map(({ message, subscriptionId }) => [message, subscriptionId])).toEqual([
      ['subscribe to `free`', null],
      ['subscribe to `pro`', null],
    ]);
  });

  test('a change that the catalog makes later says when', () => {
    const { remedies } = why(
      {
        subscriptions: [{ plan: 'large', status: 'TRIALING', startedAt: '2026-01-10', endsAt: '2026-01-24' }],
      },
      { feature: 'support', quantity: 0 },
    );
    expect(offered(remedies)).toEqual(['CHANGE_PLAN pro 2026-01-24T00:00:00.000Z']);
  });

  test('a change that comes later than it is allowed anyway is no remedy', () => {
    const release = releaseFrom(`
catalog: 1
name: later
features: { calls: { type: metered, window: P1M, anchor: calendar } }
plans:
  big: { family: cloud, model: subscription, period: P1Y, entitlements: { calls: 1000 } }
  small: { family: cloud, model: subscription, entitlements: { calls: 10 } }
transitions: [{ from: big, to: small, takesEffect: periodEnd }]
`);
    const given = { subscriptions: [{ plan: 'big', endsAt: '2026-12-01' }], used: { calls: 1000 }, at: NOW };
    const { remedies } = explain(stateFrom(release, given), { feature: 'calls', quantity: 1 }, NOW);
    expect(remedies.map(({ kind }) => kind)).toEqual(['WAIT']);
  });

  test('as few of an add-on as will do are to be bought, beside those that there are', () => {
    const given = { subscriptions: [{ plan: 'free', addOns: { 'more-calls': 1 } }], used: { calls: 17 } };
    const { remedies } = why(given, { feature: 'calls', quantity: 15 });
    expect(offered(remedies).slice(1, 3)).toEqual(['ADD_ON more-calls 4', 'ADD_ON many-calls 1']);
    expect(remedies[1]?.message).toBe('buy 4 of `more-calls` on top of `free`, 1 of which it has');
    const all = why(given, { feature: 'calls', quantity: Number.MAX_SAFE_INTEGER });
    expect(offered(all.remedies)).toEqual(['CHANGE_PLAN large', 'CHANGE_PLAN largest']);
  });

  test('of an add-on one fewer would not be enough', () => {
    for (let quantity = 1; quantity <= 40; quantity += 1) {
      const { remedies } = why(
        { subscriptions: [{ plan: 'free' }], used: { calls: 10 } },
        { feature: 'calls', quantity },
      );
      expect(offered(remedies)).toContain(`ADD_ON more-calls ${String(Math.ceil(quantity / 7))}`);
    }
  });

  test('of add-ons to several subscriptions the one that gives least comes first', () => {
    const release = releaseFrom(`
catalog: 1
name: two families
features: { calls: { type: metered, window: P1M, anchor: calendar } }
plans:
  web: { model: subscription, entitlements: { calls: 10 } }
  app: { model: subscription, entitlements: { calls: 10 } }
addOns:
  much: { with: [web], entitlements: { calls: 1000 } }
  little: { with: [app], entitlements: { calls: 5 } }
`);
    const subscriptions = [{ plan: 'web' }, { plan: 'app' }];
    const state = stateFrom(release, { subscriptions, used: { calls: 20 }, at: NOW });
    const { remedies } = explain(state, { feature: 'calls', quantity: 1 }, NOW);
    const bought = offered(remedies).filter((one) => one.startsWith('ADD_ON'));
    expect(bought).toEqual(['ADD_ON little 1', 'ADD_ON much 1']);
  });

  test('where a rule gives less to who has many of an add-on, few are offered', () => {
    const release = releaseFrom(`
catalog: 1
name: rationed
features: { calls: { type: metered, window: P1M, anchor: calendar } }
plans:
  free:
    model: subscription
    entitlements: { calls: 10 }
    rules: [{ name: rationed, feature: calls, when: 'subscription.addOns["pack"] > 2', then: { limit: 1 } }]
addOns:
  pack: { with: [free], entitlements: { calls: 2 } }
`);
    const given = { subscriptions: [{ plan: 'free', addOns: { pack: 1 } }], used: { calls: 12 }, at: NOW };
    const { remedies } = explain(stateFrom(release, given), { feature: 'calls', quantity: 1 }, NOW);
    expect(offered(remedies)).toContain('ADD_ON pack 2');
  });

  test('an add-on that brings the feature is offered to the plan that it is sold with', () => {
    const { remedies } = why({ subscriptions: [{ plan: 'pro' }] }, { feature: 'audit' });
    expect(offered(remedies)).toEqual(['ADD_ON audit-log 1', 'CHANGE_PLAN largest']);
  });

  test('who waits is told until when, and what comes then', () => {
    const wait = (given: Omit<GivenState, 'at'>, feature: string) =>
      why(given, { feature }).remedies.find(({ kind }) => kind === 'WAIT')?.message;
    expect(wait({ subscriptions: [{ plan: 'free' }], used: { calls: 10 } }, 'calls')).toBe(
      'wait until 2026-02-01T00:00:00.000Z: the window of `calls` ends, and is counted anew',
    );
    expect(
      wait({ subscriptions: [{ plan: 'pro', status: 'SCHEDULED', startedAt: '2026-01-20' }] }, 'sso'),
    ).toBe('wait until 2026-01-20T00:00:00.000Z: the subscription to `pro` begins');
    expect(wait({ subscriptions: [{ plan: 'pro', status: 'PAUSED', endsAt: '2026-01-20' }] }, 'sso')).toBe(
      'wait until 2026-01-20T00:00:00.000Z: the subscription to `pro` is resumed',
    );
    expect(wait({ subscriptions: [{ plan: 'free', change: { to: 'pro', at: '2026-01-20' } }] }, 'sso')).toBe(
      'wait until 2026-01-20T00:00:00.000Z: `free` becomes `pro`',
    );
    const block = grantOf('sso', { kind: 'BLOCK' }, '2026-01-01', '2026-01-20');
    expect(wait({ subscriptions: [{ plan: 'pro' }], grants: [block] }, 'sso')).toBe(
      'wait until 2026-01-20T00:00:00.000Z: the grant of `sso` ends',
    );
    expect(wait({ subscriptions: [{ plan: 'free' }] }, 'sso')).toBeUndefined();
  });

  test('what is paused is resumed, what is blocked is lifted, what is owed is paid', () => {
    const resumed = why({ subscriptions: [{ plan: 'pro', status: 'PAUSED' }] }, { feature: 'sso' });
    expect(offered(resumed.remedies)).toEqual(['RESUME']);
    const blocks = [grantOf('sso', { kind: 'BLOCK' }), grantOf('sso', { kind: 'BLOCK' })];
    const lifted = why({ subscriptions: [{ plan: 'pro' }], grants: blocks }, { feature: 'sso' });
    expect(lifted.remedies.map(({ message }) => message)).toEqual([
      `lift the block: revoke ${blocks.map(({ id }) => `\`${id}\``).join(', ')}`,
    ]);
    const owed = why({ subscriptions: [{ plan: 'pro', status: 'PAST_DUE' }] }, { feature: 'sso' });
    expect(offered(owed.remedies)).toEqual(['PAY', 'CHANGE_PLAN large', 'CHANGE_PLAN largest']);
  });

  test('a missing fact is asked for where nothing else stands in the way', () => {
    const facts = (given: Omit<GivenState, 'at'>, context = {}) =>
      why(given, { feature: 'beta', context }).remedies.filter(({ kind }) => kind === 'SUPPLY_FACT');
    const pro = { subscriptions: [{ plan: 'pro' }] };
    expect(facts({ ...pro, attributes: { frozen: false } })).toEqual([
      expect.objectContaining({ message: '`context.beta` is missing: send it with the request' }),
    ]);
    expect(facts(pro)).toEqual([
      expect.objectContaining({
        message:
          '`customer.attributes.frozen` is missing: set it by upsertCustomer; `context.beta` is missing: send it with the request',
      }),
    ]);
    expect(facts({ ...pro, attributes: { frozen: true } })).toEqual([]);
    expect(facts(pro, { beta: false })).toEqual([]);
    expect(facts({ ...pro, grants: [grantOf('beta', { kind: 'BLOCK' })] })).toEqual([]);
    expect(facts({ subscriptions: [{ plan: 'pro', status: 'PAUSED' }] })).toEqual([]);
  });

  test('where one change would not be enough none is offered', () => {
    const { reasons, remedies } = why(
      {
        subscriptions: [{ plan: 'pro', status: 'PAUSED' }],
        grants: [grantOf('sso', { kind: 'BLOCK' })],
      },
      { feature: 'sso' },
    );
    expect(reasons.map(({ code }) => code)).toEqual(['BLOCKED', 'SUBSCRIPTION_PAUSED']);
    expect(remedies).toEqual([]);
  });

  test('of hundreds of plans three are offered, however large they have to be', () => {
    const plans = Array.from(
      { length: 300 },
      (_, index) =>
        `  p${String(index)}: { family: cloud, model: subscription, entitlements: { n: ${String(index)} } }`,
    );
    const release = releaseFrom(`
catalog: 1
name: many
features: { n: { type: limit } }
plans:
${plans.join('\n')}
`);
    const state = stateFrom(release, { subscriptions: [{ plan: 'p0' }], at: NOW });
    const { remedies } = explain(state, { feature: 'n', quantity: 190 }, NOW);
    expect(offered(remedies)).toEqual(['CHANGE_PLAN p190', 'CHANGE_PLAN p191', 'CHANGE_PLAN p192']);
  });
});

test.each([
  [
    'long after its term a licence is renewed from now',
    { plan: 'rented', startsAt: '2025-06-01', expiresAt: '2025-12-01' },
    null,
    'renew the licence `lic_0` to `rented`, with `expiresAt` 2026-02-15T00:00:00.000Z',
  ],
  [
    'within a period of its end a licence is renewed from there',
    { plan: 'rented', startsAt: '2025-12-01', expiresAt: '2026-01-10' },
    null,
    'renew the licence `lic_0` to `rented`',
  ],
  [
    'years after its maintenance a licence is maintained from now',
    { plan: 'owned', startsAt: '2020-01-01' },
    '7',
    'renew the licence `lic_0` to `owned`, with `maintenanceUntil` 2027-01-15T00:00:00.000Z',
  ],
])('%s', (_what, license, productVersion, message) => {
  const release = releaseFrom(`
catalog: 1
name: ended
features: { desk: { type: boolean, versions: { '7': '2025-12-24' } } }
plans:
  rented: { model: subscription, period: P1M, entitlements: { desk: true } }
  owned: { model: perpetual, maintenance: P1Y, entitlements: { desk: true } }
`);
  const state = stateFrom(release, { licenses: [license], at: NOW });
  const { remedies } = explain(state, { feature: 'desk', quantity: 1, productVersion }, NOW);
  expect(remedies.filter(({ kind }) => kind === 'RENEW').map((one) => one.message)).toEqual([message]);
});
