import { grantOf } from '../../testing/states.js';
import {
  accepted,
  addOn,
  addOnKey,
  changeTo,
  duration,
  featureKey,
  metered,
  plan,
  planKey,
  releaseOf,
  subscribeTo,
  subscriptionId,
  time,
  transition,
  zoneOf,
} from '../../testing/subscriptions.js';
import { history, type Step, told } from '../../testing/timeline.js';
import type { Plan, PlanEntitlement } from '../catalog/catalog.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { ceilingOf } from '../decision/entitlement.js';
import { changeTimeZone } from '../usage/time-zone.js';
import type { SubscriptionCommand } from './command.js';
import { applyDue } from './due.js';
import { execute } from './execute.js';

const calls = featureKey('calls');
const units = (limit: number | null, enforcement: object = { kind: 'HARD' }): Plan['entitlements'] =>
  new Map([[calls, { kind: 'UNITS', limit, enforcement } as PlanEntitlement]]);
const soft = { kind: 'SOFT', overage: { percent: 10 } };
const fall = { for: duration('P14D'), then: { kind: 'PLAN', plan: planKey('small') } } as const;
const release = releaseOf({
  // Counted from 1 January, so that a day's share is known: 31 days.
  features: [metered('calls', 'P1M', 'calendar'), metered('minutes', 'P1M', 'calendar')],
  plans: [
    plan('small', { entitlements: units(310) }),
    plan('large', { grace: 'P5D', onExpiry: 'small', onCancel: 'small', entitlements: units(3100) }),
    plan('odd', { entitlements: units(1000) }),
    plan('soft', { entitlements: units(3100, soft) }),
    plan('endless', { entitlements: units(null) }),
    plan('without', { units: { minutes: 5 } }),
    plan('tried', { trial: fall, entitlements: units(3100) }),
    plan('huge', { entitlements: units(Number.MAX_SAFE_INTEGER) }),
    plan('nothing', { entitlements: units(0) }),
    plan('reset', { entitlements: units(77) }),
    plan('carried', { entitlements: units(88) }),
    plan('side', { family: 'side', entitlements: units(50) }),
  ],
  addOns: [addOn('more', ['small', 'large'], { calls: 1000 })],
  transitions: [
    transition('small large odd soft endless without tried huge nothing', 'reset', { usage: 'reset' }),
    transition('small large odd soft endless without tried huge nothing', 'carried'),
    transition(
      'small large odd soft endless without tried huge nothing',
      'small large odd soft endless without nothing',
      {
        usage: 'prorate',
      },
    ),
  ],
});

const START = '2026-01-01';
const ask = (account: CustomerAccount, at: string, from = release) =>
  decide(knownState(from, account), { feature: 'calls', quantity: 1 }, time(at));
const on = (key: string, options = {}): Step => [START, subscribeTo(key, options)];

test.each<[string, readonly Step[], string, number | null]>([
  ['down after ten of 31 days', [on('large'), ['2026-01-11', changeTo('small')]], '2026-01-11', 1210],
  ['up after ten of 31 days', [on('small'), ['2026-01-11', changeTo('large')]], '2026-01-11', 2200],
  ['rounded down', [on('small'), ['2026-01-11', changeTo('odd')]], '2026-01-11', 777],
  [
    'to the last millisecond of the window',
    [on('large'), ['2026-01-11', changeTo('small')]],
    '2026-01-31T23:59:59.999Z',
    1210,
  ],
  ['whole in the next window', [on('large'), ['2026-01-11', changeTo('small')]], '2026-02-01', 310],
  [
    'whole where the change comes as a window begins',
    [on('large'), ['2026-02-01', changeTo('small')]],
    '2026-02-01',
    310,
  ],
  ['from unlimited: the new limit', [on('endless'), ['2026-01-11', changeTo('small')]], '2026-01-11', 310],
  ['to unlimited: unlimited', [on('small'), ['2026-01-11', changeTo('endless')]], '2026-01-11', null],
  [
    'of a feature that the old plan did not have: whole',
    [on('without'), ['2026-01-11', changeTo('small')]],
    '2026-01-11',
    310,
  ],
  ['down to nothing', [on('large'), ['2026-01-11', changeTo('nothing')]], '2026-01-11', 1000],
  [
    'exact beyond what floating point holds',
    [on('huge'), ['2026-01-11', changeTo('nothing')]],
    '2026-01-11',
    Number((BigInt(Number.MAX_SAFE_INTEGER) * 10n) / 31n),
  ],
  [
    'twice in one window: from what it was prorated to',
    [on('large'), ['2026-01-11', changeTo('small')], ['2026-01-21', changeTo('large')]],
    '2026-01-21',
    Math.floor((1210 * 20 + 3100 * 11) / 31),
  ],
  [
    'and then carried: the new limit',
    [on('large'), ['2026-01-11', changeTo('small')], ['2026-01-21', changeTo('carried')]],
    '2026-01-21',
    88,
  ],
  [
    'and then reset: the new limit, from there on',
    [on('large'), ['2026-01-11', changeTo('small')], ['2026-01-21', changeTo('reset')]],
    '2026-01-21',
    77,
  ],
  [
    'beside another subscription: that counts whole',
    [on('large'), on('side', { id: 'sub_2' }), ['2026-01-11', changeTo('small')]],
    '2026-01-11',
    1260,
  ],
  [
    'with an add-on that stays: that counts whole',
    [on('large', { addOns: ['more'] }), ['2026-01-11', changeTo('small')]],
    '2026-01-11',
    2210,
  ],
  [
    'when the change was scheduled',
    [on('large'), ['2026-01-05', changeTo('small', { timing: 'AT', at: time('2026-01-11') })]],
    '2026-01-11',
    1210,
  ],
  [
    'when a trial ends',
    [on('tried', { trial: true })],
    '2026-01-15',
    Math.floor((3100 * 14 + 310 * 17) / 31),
  ],
  ['when grace ends', [on('large'), ['2026-01-06', pay()]], '2026-01-11', 1210],
  ['when a cancellation leads to another plan', [on('large'), ['2026-01-11', cancel()]], '2026-01-11', 1210],
  [
    'while it is paused',
    [on('large'), ['2026-01-05', pause()], ['2026-01-11', changeTo('small')], ['2026-01-13', resume()]],
    '2026-01-13',
    1210,
  ],
  [
    'before it has begun: whole',
    [
      [START, subscribeTo('large', { startsAt: time('2026-01-20') })],
      ['2026-01-11', changeTo('small')],
    ],
    '2026-01-20',
    310,
  ],
])('prorated %s', (_, steps, at, limit) => {
  const { account } = history(release, steps);
  const due = applyDue(account, release, time(at)).account;
  expect(ask(due, at).limit).toBe(limit);
  expect(ask(account, at).limit).toBe(limit);
});

function pay(): SubscriptionCommand {
  return { kind: 'reportPayment', subscriptionId: subscriptionId('sub_1'), outcome: 'FAILED', at: null };
}
function cancel(): SubscriptionCommand {
  return { kind: 'cancel', subscriptionId: subscriptionId('sub_1'), timing: 'NOW', at: null };
}
function pause(): SubscriptionCommand {
  return { kind: 'pause', subscriptionId: subscriptionId('sub_1') };
}
function resume(): SubscriptionCommand {
  return { kind: 'resume', subscriptionId: subscriptionId('sub_1') };
}

const down = history(release, [on('large'), ['2026-01-11', changeTo('small')]]).account;

test('an add-on that is bought afterwards counts whole at once', () => {
  const addOns = [{ addOn: addOnKey('more'), quantity: 2 }];
  const adjust = {
    kind: 'adjust',
    subscriptionId: subscriptionId('sub_1'),
    quantities: null,
    addOns,
  } as const;
  const more = accepted(execute(down, { ...adjust, timing: 'NOW', at: null }, release, time('2026-01-12')));
  expect(ask(more.account, '2026-01-12').limit).toBe(3210);
  expect(ask(more.account, '2026-02-01').limit).toBe(2310);
});

test('a soft limit has its overage on top of the prorated number', () => {
  const { account } = history(release, [on('small'), ['2026-01-11', changeTo('soft')]]);
  expect(ceilingOf(account, release, calls, time('2026-01-11'))).toMatchObject({ ceiling: 2420 });
});

test('the counter goes on, and the ceiling in its row is the prorated one until the window is over', () => {
  const window = { start: time(START), end: time('2026-02-01') };
  const meters = new Map([
    [calls, { feature: calls, used: 1209, reserved: 0, window, rolled: [], freesAt: null, overdrawn: 0 }],
  ]);
  const used = { ...down, meters };
  expect(ask(used, '2026-01-12')).toMatchObject({ allowed: true, used: 1209, remaining: 1 });
  expect(ceilingOf(used, release, calls, time('2026-01-12'))).toEqual({
    entitled: true,
    ceiling: 1210,
    validUntil: window.end,
  });
  expect(told(applyDue(used, release, window.end))).toEqual(['2026-02-01 window_closed']);
});

test('`reset` by another subscription begins a whole window', () => {
  const beside = releaseOf({
    features: [metered('calls', 'P1M', 'calendar')],
    plans: [...release.catalog.plans.values(), plan('other', { family: 'side', entitlements: units(60) })],
    transitions: [
      transition('large', 'small', { usage: 'prorate' }),
      transition('side', 'other', { usage: 'reset' }),
    ],
  });
  const { account } = history(beside, [
    on('large'),
    on('side', { id: 'sub_2' }),
    ['2026-01-11', changeTo('small')],
    ['2026-01-21', changeTo('other', { subscriptionId: subscriptionId('sub_2') })],
  ]);
  expect(ask(account, '2026-01-21', beside)).toMatchObject({ limit: 370 });
});

test('in another time zone it ends with its window', () => {
  const moved = changeTimeZone(down, release, zoneOf('America/New_York'), time('2026-01-12'));
  expect(ask(moved, '2026-01-12')).toMatchObject({ limit: 1210, resetsAt: time('2026-02-01T05:00:00Z') });
  expect(ask(moved, '2026-02-01T04:59:59.999Z').limit).toBe(1210);
  expect(ask(moved, '2026-02-01T05:00:00Z').limit).toBe(310);
});

test('where nothing was used its window is closed before a grant that ends at the same instant', () => {
  const block = grantOf('minutes', { kind: 'BLOCK' }, '2026-01-01', '2026-02-01');
  const grants = [{ ...block, status: 'ACTIVE' as const }];
  expect(told(applyDue({ ...down, grants }, release, time('2026-02-01')))).toEqual([
    '2026-02-01 window_closed',
    '2026-02-01 expired',
  ]);
});

test('where nothing was used its end is told of, too, once', () => {
  expect(told(applyDue(down, release, time('2026-06-01')))).toEqual(['2026-02-01 window_closed']);
  const [event] = applyDue(down, release, time('2026-02-01')).events;
  expect(event).toMatchObject({
    feature: calls,
    used: 0,
    window: { start: time('2026-01-01'), end: time('2026-02-01') },
  });
});
