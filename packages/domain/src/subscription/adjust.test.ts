import {
  accepted,
  addOn,
  addOnKey,
  changeTo,
  featureKey,
  metered,
  plan,
  refused,
  releaseOf,
  subscribeTo,
  subscriptionId,
  time,
  transition,
} from '../../testing/subscriptions.js';
import { history, type Step, told } from '../../testing/timeline.js';
import type { Plan, PlanEntitlement } from '../catalog/catalog.js';
import { knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { boughtOf } from './bought.js';
import type { AccountChange, ChangeTiming, SubscriptionCommand } from './command.js';
import { applyDue } from './due.js';
import { execute } from './execute.js';
import type { ScheduledChange } from './subscription.js';

const editors = featureKey('editors');

const entitlement = (key: string, one: PlanEntitlement) => [featureKey(key), one] as const;
function selling(
  offers: Readonly<Record<string, readonly [number, number | null, number]>>,
): Plan['entitlements'] {
  const sold = Object.entries(offers).map(([key, [atLeast, atMost, usual]]) => {
    const offer: PlanEntitlement = { kind: 'BOUGHT', atLeast, atMost, default: usual };
    return entitlement(key, offer);
  });
  const hard: PlanEntitlement = { kind: 'UNITS', limit: 100, enforcement: { kind: 'HARD' } };
  return new Map([entitlement('calls', hard), ...sold]);
}
const release = releaseOf({
  features: [metered('calls', 'P1M', 'subscription'), metered('minutes', 'P1M', 'subscription')],
  plans: [
    plan('team', {
      period: 'P1M',
      grace: 'P7D',
      onExpiry: 'few',
      entitlements: selling({ editors: [5, 500, 20] }),
    }),
    plan('few', { period: 'P1M', entitlements: selling({ editors: [1, 10, 2], viewers: [0, null, 7] }) }),
    plan('plain', { period: 'P1M', units: { calls: 100 } }),
  ],
  addOns: [
    addOn('more', ['team', 'plain'], { calls: 50 }),
    addOn('extra', ['team', 'plain', 'few'], { minutes: 10 }),
  ],
});
const strict = releaseOf({
  features: [...release.catalog.features.values()].flatMap((one) => (one.type === 'METERED' ? [one] : [])),
  plans: [...release.catalog.plans.values()],
  addOns: [...release.catalog.addOns.values()],
  transitions: [transition('team', 'few', { addOnsNotOffered: 'refuse' })],
});

const ID = { subscriptionId: subscriptionId('sub_1') };
type Wanted = Readonly<Record<string, number>>;
const asAddOns = (wanted: Wanted) =>
  Object.entries(wanted).map(([key, quantity]) => ({ addOn: addOnKey(key), quantity }));
const asQuantities = (wanted: Wanted) =>
  new Map(Object.entries(wanted).map(([key, quantity]) => [featureKey(key), quantity]));
function adjust(
  wanted: { readonly addOns?: Wanted; readonly quantities?: Wanted },
  timing: ChangeTiming = 'NOW',
  at: string | null = null,
): SubscriptionCommand {
  return {
    kind: 'adjust',
    ...ID,
    addOns: wanted.addOns === undefined ? null : asAddOns(wanted.addOns),
    quantities: wanted.quantities === undefined ? null : asQuantities(wanted.quantities),
    timing,
    at: at === null ? null : time(at),
  };
}
const START = '2026-01-31';
const on = (key: string, options: { addOns?: string[]; quantities?: Wanted } = {}): Step => [
  START,
  subscribeTo(key, options),
];
const until = (so: AccountChange, at: string) => applyDue(so.account, release, time(at));
const first = (so: AccountChange) => {
  const one = so.account.subscriptions[0];
  if (one === undefined) throw new Error('the customer has no subscription');
  return one;
};
const held = (so: AccountChange) => ({
  addOns: Object.fromEntries(first(so).addOns.map(({ addOn: { key }, quantity }) => [key, quantity])),
  quantities: Object.fromEntries(boughtOf(first(so))),
});

test.each<[string, Step, SubscriptionCommand, string[], { addOns: Wanted; quantities: Wanted }]>([
  [
    'an add-on more',
    on('plain'),
    adjust({ addOns: { more: 2 } }),
    ['adjusted'],
    { addOns: { more: 2 }, quantities: {} },
  ],
  [
    'what is given replaces the whole list',
    on('plain', { addOns: ['more'] }),
    adjust({ addOns: { extra: 1 } }),
    ['adjusted'],
    { addOns: { extra: 1 }, quantities: {} },
  ],
  [
    'no add-ons any more',
    on('plain', { addOns: ['more'] }),
    adjust({ addOns: {} }),
    ['adjusted'],
    { addOns: {}, quantities: {} },
  ],
  [
    'a number bought, add-ons left as they are',
    on('team', { addOns: ['more'] }),
    adjust({ quantities: { editors: 30 } }),
    ['adjusted'],
    { addOns: { more: 1 }, quantities: { editors: 30 } },
  ],
  [
    'quantities left out: the default again',
    on('team', { quantities: { editors: 30 } }),
    adjust({ quantities: {} }),
    ['adjusted'],
    { addOns: {}, quantities: { editors: 20 } },
  ],
  [
    'the least',
    on('team'),
    adjust({ quantities: { editors: 5 } }),
    ['adjusted'],
    { addOns: {}, quantities: { editors: 5 } },
  ],
  [
    'the most',
    on('team'),
    adjust({ quantities: { editors: 500 } }),
    ['adjusted'],
    { addOns: {}, quantities: { editors: 500 } },
  ],
  [
    'what already is so',
    on('team'),
    adjust({ quantities: { editors: 20 } }),
    [],
    { addOns: {}, quantities: { editors: 20 } },
  ],
  [
    'nothing',
    on('team', { addOns: ['more'] }),
    adjust({}),
    [],
    { addOns: { more: 1 }, quantities: { editors: 20 } },
  ],
  [
    'what is to come later',
    on('team'),
    adjust({ addOns: { more: 1 } }, 'PERIOD_END'),
    ['change_scheduled'],
    { addOns: {}, quantities: { editors: 20 } },
  ],
])('%s', (_, step, command, events, after) => {
  const { account } = history(release, [step]);
  const change = accepted(execute(account, command, release, time('2026-02-10')));
  expect(told(change)).toEqual(events.map((event) => `2026-02-10 ${event}`));
  expect(held(change)).toEqual(after);
});

test('add-ons are counted from the moment that they are bought', () => {
  const { account } = history(release, [on('plain'), ['2026-02-10', adjust({ addOns: { more: 2 } })]]);
  const ask = (feature: string) =>
    decide(knownState(release, account), { feature, quantity: 1 }, time('2026-02-10'));
  expect(ask('calls')).toMatchObject({ limit: 200, resetsAt: time('2026-02-28') });
  expect(ask('minutes').code).toBe('NOT_IN_PLAN');
});

test('a feature that an add-on brings is anchored when it is bought', () => {
  const { account } = history(release, [on('plain'), ['2026-02-10', adjust({ addOns: { extra: 1 } })]]);
  expect(account.windowAnchors.get(featureKey('minutes'))).toBe(time('2026-02-10'));
});

describe('an adjustment for later', () => {
  const waiting = history(release, [
    on('team'),
    ['2026-02-10', adjust({ addOns: { more: 1 }, quantities: { editors: 50 } }, 'PERIOD_END')],
  ]);
  test('is made when it is due, and tells that it adjusts', () => {
    const due = until(waiting, '2026-02-28');
    expect(told(due)).toEqual(['2026-02-28 adjusted', '2026-02-28 renewed']);
    expect(held(due)).toEqual({ addOns: { more: 1 }, quantities: { editors: 50 } });
    expect(first(due)).toMatchObject({ scheduledChange: null });
  });
  test('is not scheduled twice, and another one takes its place', () => {
    const again = adjust({ addOns: { more: 1 }, quantities: { editors: 50 } }, 'PERIOD_END');
    expect(accepted(execute(waiting.account, again, release, time('2026-02-11'))).events).toEqual([]);
    const other = adjust({ quantities: { editors: 60 } }, 'AT', '2026-02-15');
    const replaced = accepted(execute(waiting.account, other, release, time('2026-02-11')));
    expect(told(until(replaced, '2026-02-28'))).toEqual(['2026-02-15 adjusted', '2026-02-28 renewed']);
    expect(held(until(replaced, '2026-02-28'))).toEqual({ addOns: {}, quantities: { editors: 60 } });
  });
  test('is dropped by a change of plan now, by a cancellation, and by a withdrawal', () => {
    for (const command of [
      changeTo('few', { timing: 'NOW' }),
      { kind: 'cancel', ...ID, timing: 'PERIOD_END', at: null } as const,
      { kind: 'withdrawScheduledChange', ...ID } as const,
    ]) {
      const after = accepted(execute(waiting.account, command, release, time('2026-02-11')));
      expect(first(after)).toMatchObject({ scheduledChange: null });
    }
  });
  test('an adjustment now leaves it standing', () => {
    const now = adjust({ quantities: { editors: 6 } });
    const after = accepted(execute(waiting.account, now, release, time('2026-02-11')));
    expect(held(after).quantities).toEqual({ editors: 6 });
    expect(held(until(after, '2026-02-28')).quantities).toEqual({ editors: 50 });
  });
  test('is CONFLICT at or after a cancellation', () => {
    const { account } = history(release, [
      on('team'),
      ['2026-02-10', { kind: 'cancel', ...ID, timing: 'PERIOD_END', at: null }],
    ]);
    const ask = adjust({ quantities: { editors: 6 } }, 'PERIOD_END');
    expect(refused(execute(account, ask, release, time('2026-02-11')))).toEqual({
      code: 'CONFLICT',
      field: 'timing',
    });
  });
});

describe('a change of plan', () => {
  const scheduled = (command: SubscriptionCommand) => {
    const { account } = history(release, [on('team', { addOns: ['more'] })]);
    const so = accepted(execute(account, command, release, time('2026-02-10')));
    return { waits: first(so), due: until(so, '2026-02-28') };
  };
  test('for later brings the add-ons and quantities that were named with it', () => {
    const { waits, due } = scheduled(
      changeTo('few', {
        timing: 'PERIOD_END',
        addOns: asAddOns({ extra: 3 }),
        quantities: asQuantities({ editors: 4 }),
      }),
    );
    expect(waits).toMatchObject({
      addOns: [{ addOn: { key: 'more' } }],
      planVersion: { plan: { key: 'team' } },
    });
    expect(held(due)).toEqual({ addOns: { extra: 3 }, quantities: { editors: 4, viewers: 7 } });
  });
  test('for later brings what there is then, where nothing was named', () => {
    const { account } = history(release, [
      on('team', { quantities: { editors: 8 } }),
      ['2026-02-10', changeTo('few', { timing: 'PERIOD_END' })],
      ['2026-02-11', adjust({ addOns: { more: 1, extra: 2 }, quantities: { editors: 9 } })],
    ]);
    const due = applyDue(account, release, time('2026-02-28'));
    expect(held(due)).toEqual({ addOns: { extra: 2 }, quantities: { editors: 9, viewers: 7 } });
  });
  test('for later keeps what has grown meanwhile as near as the plan sells it', () => {
    const { account } = history(release, [
      on('team', { quantities: { editors: 8 } }),
      ['2026-02-10', changeTo('few', { timing: 'PERIOD_END' })],
      ['2026-02-11', adjust({ quantities: { editors: 90 } })],
    ]);
    expect(held(applyDue(account, release, time('2026-02-28'))).quantities).toEqual({
      editors: 10,
      viewers: 7,
    });
  });
  test('with other add-ons or quantities is another change', () => {
    const same = changeTo('few', { timing: 'PERIOD_END', addOns: [] });
    const { account } = history(release, [on('team'), ['2026-02-10', same]]);
    const events = (command: SubscriptionCommand) =>
      told(accepted(execute(account, command, release, time('2026-02-11'))));
    expect(events(same)).toEqual([]);
    expect(events({ ...same, addOns: asAddOns({ extra: 1 }) })).toEqual(['2026-02-11 change_scheduled']);
    expect(events({ ...same, quantities: asQuantities({ editors: 4 }) })).toEqual([
      '2026-02-11 change_scheduled',
    ]);
  });
  test('is refused when it is due where an add-on is then not sold with the plan, and the catalog refuses that', () => {
    const { account } = history(release, [
      on('team'),
      ['2026-02-10', changeTo('few', { timing: 'PERIOD_END' })],
      ['2026-02-11', adjust({ addOns: { more: 1 } })],
    ]);
    const due = applyDue(account, strict, time('2026-02-28'));
    expect(told(due)).toEqual(['2026-02-28 change_refused', '2026-02-28 renewed']);
  });
  test.each<[string, Wanted | null, Wanted]>([
    ['keeps a number that the new plan sells, too', null, { editors: 8, viewers: 7 }],
    ['takes the number that is named', { editors: 3, viewers: 0 }, { editors: 3, viewers: 0 }],
  ])('now %s', (_, quantities, after) => {
    const { account } = history(release, [on('team', { quantities: { editors: 8 } })]);
    const command = changeTo('few', { quantities: quantities && asQuantities(quantities) });
    expect(held(accepted(execute(account, command, release, time('2026-02-10')))).quantities).toEqual(after);
  });
  test('that nobody asks for keeps a number as near as the plan sells it', () => {
    const so = history(release, [
      on('team', { quantities: { editors: 300 } }),
      ['2026-02-10', { kind: 'reportPayment', ...ID, outcome: 'FAILED', at: null }],
    ]);
    expect(held(until(so, '2026-02-17')).quantities).toEqual({ editors: 10, viewers: 7 });
  });
  test('to a plan that sells nothing by number forgets the numbers', () => {
    const so = history(release, [
      on('team', { quantities: { editors: 8 } }),
      ['2026-02-10', changeTo('plain')],
    ]);
    expect(first(so).quantities).toEqual(new Map());
  });
});

const refusals: readonly [string, SubscriptionCommand, string, string][] = [
  [
    'fewer than the plan sells',
    adjust({ quantities: { editors: 4 } }),
    'BAD_USER_INPUT',
    'quantities.0.quantity',
  ],
  [
    'more than the plan sells',
    adjust({ quantities: { editors: 501 } }),
    'BAD_USER_INPUT',
    'quantities.0.quantity',
  ],
  [
    'a feature that the plan has, and not by number',
    adjust({ quantities: { calls: 5 } }),
    'BAD_USER_INPUT',
    'quantities.0.feature',
  ],
  [
    'a feature of another plan',
    adjust({ quantities: { viewers: 5 } }),
    'BAD_USER_INPUT',
    'quantities.0.feature',
  ],
  ['an unknown add-on', adjust({ addOns: { none: 1 } }), 'NOT_FOUND', 'addOns'],
  ['none of an add-on', adjust({ addOns: { more: 0 } }), 'BAD_USER_INPUT', 'addOns'],
  ['a time in the past', adjust({ addOns: {} }, 'AT', '2026-02-01'), 'BAD_USER_INPUT', 'at'],
  ['a time that goes with no timing', adjust({ addOns: {} }, 'NOW', '2026-03-01'), 'BAD_USER_INPUT', 'at'],
  [
    'a change to a plan that does not sell that many, unless the number is named',
    changeTo('few'),
    'CONFLICT',
    'plan',
  ],
  [
    'a change that names more than the new plan sells',
    changeTo('few', { quantities: new Map([[editors, 11]]) }),
    'BAD_USER_INPUT',
    'quantities.0.quantity',
  ],
  [
    'a sale of fewer than the plan sells',
    subscribeTo('few', { id: 'sub_2', quantities: { editors: 0 } }),
    'BAD_USER_INPUT',
    'quantities.0.quantity',
  ],
];
test.each(refusals)('refused: %s', (_, command, code, field) => {
  const { account } = history(release, [on('team', { quantities: { editors: 30 } })]);
  expect(refused(execute(account, command, release, time('2026-02-10')))).toEqual({ code, field });
});

test('what waits shows on the subscription', () => {
  const so = history(release, [
    on('team'),
    ['2026-02-10', adjust({ quantities: { editors: 50 } }, 'PERIOD_END')],
  ]);
  const change: ScheduledChange = {
    to: null,
    at: time('2026-02-28'),
    addOns: null,
    quantities: new Map([[editors, 50]]),
  };
  expect(first(so)).toMatchObject({ scheduledChange: change });
});

describe('an add-on that is named is bought as it is sold then', () => {
  const next = { ...release, addOnVersions: new Map(release.addOnVersions) };
  for (const [key, { addOn: one }] of next.addOnVersions)
    next.addOnVersions.set(key, { addOn: one, version: 2 });
  const versions = (so: AccountChange) => first(so).addOns.map(({ version }) => version);

  test('also where it is named for later', () => {
    const waiting = history(release, [
      on('plain'),
      ['2026-02-10', adjust({ addOns: { more: 1 } }, 'PERIOD_END')],
    ]);
    expect(versions(applyDue(waiting.account, next, time('2026-02-28')))).toEqual([1]);
  });
  test('and named again it is bought anew', () => {
    const { account } = history(release, [on('plain', { addOns: ['more'] })]);
    const again = accepted(execute(account, adjust({ addOns: { more: 1 } }), next, time('2026-02-10')));
    expect([told(again), versions(again)]).toEqual([['2026-02-10 adjusted'], [2]]);
  });
});
