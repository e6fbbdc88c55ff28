import {
  accepted,
  addOn,
  changeTo,
  duration,
  featureKey,
  metered,
  newCustomer,
  plan,
  planKey,
  refused,
  releaseOf,
  subscribeTo,
  subscriptionId,
  time,
  transition,
} from '../../testing/subscriptions.js';
import { history as timeline, standing, type Step, told } from '../../testing/timeline.js';
import { knownState, type Release } from '../customer.js';
import { decide } from '../decision/decide.js';
import { formatInstant, type Instant } from '../time/instant.js';
import type { AccountChange, SubscriptionCommand } from './command.js';
import { applyDue } from './due.js';
import { execute } from './execute.js';

const thenBasic = { kind: 'PLAN', plan: planKey('basic') } as const;
const parts = {
  features: [metered('calls', 'P1M', 'subscription')],
  plans: [
    plan('basic', { units: { calls: 10 } }),
    plan('pro', {
      period: 'P1M',
      grace: 'P7D',
      trial: { for: duration('P14D'), then: thenBasic },
      onExpiry: 'basic',
      onCancel: 'basic',
      units: { calls: 100 },
    }),
    plan('plus', {
      period: 'P1M',
      grace: 'P7D',
      trial: { for: duration('P30D'), then: { kind: 'EXPIRE' } },
      units: { calls: 200 },
    }),
    plan('year', { period: 'P1Y', grace: 'P7D', units: { calls: 500 } }),
    plan('other', { family: 'other', trial: { for: duration('P5D'), then: { kind: 'CONTINUE' } } }),
    plan('side', { family: 'side', period: 'P1M', onCancel: 'basic', units: { calls: 5 } }),
  ],
  addOns: [addOn('more', ['pro', 'plus'], { calls: 50 })],
} as const;
const release = releaseOf(parts);
const strict = releaseOf({
  ...parts,
  transitions: [transition('pro', 'year basic plus', { addOnsNotOffered: 'refuse' })],
});

const ID = { subscriptionId: subscriptionId('sub_1') };
const cancel = (timing: 'NOW' | 'PERIOD_END' | 'AT', at: string | null = null): SubscriptionCommand => ({
  kind: 'cancel',
  ...ID,
  timing,
  at: at === null ? null : time(at),
});
const pay = (outcome: 'SUCCEEDED' | 'FAILED', at: string | null = null): SubscriptionCommand => ({
  kind: 'reportPayment',
  ...ID,
  outcome,
  at: at === null ? null : time(at),
});

const history = (steps: readonly Step[], from: Release = release): AccountChange => timeline(from, steps);
const until = (so: AccountChange, at: string, from: Release = release) =>
  applyDue(so.account, from, time(at));
const first = (so: AccountChange) => so.account.subscriptions[0];
const START_TEXT = '2026-01-31';

describe('due at one instant: cancellation, change, trial end, grace end, period end, window reset, start', () => {
  const END = '2026-02-28';
  const subscribed = (key: string, options = {}) => [START_TEXT, subscribeTo(key, options)] as const;
  type Case = readonly [string, readonly Step[], string, string[], string[]];
  const cases: readonly Case[] = [
    [
      'a cancellation at a trial’s end: the trial does not end, `onCancel` follows',
      [subscribed('pro', { trial: true }), ['2026-02-01', cancel('PERIOD_END')]],
      '2026-02-14',
      ['2026-02-14 plan_changed'],
      ['ACTIVE basic'],
    ],
    [
      'a change at a trial’s end to a plan with a trial: that trial ends at once',
      [subscribed('pro', { trial: true }), ['2026-02-01', changeTo('plus', { timing: 'PERIOD_END' })]],
      '2026-02-14',
      ['2026-02-14 plan_changed', '2026-02-14 trial_ended', '2026-02-14 expired'],
      ['EXPIRED plus'],
    ],
    [
      'a change at a trial’s end to a plan without one: there is no trial to end',
      [subscribed('pro', { trial: true }), ['2026-02-01', changeTo('year', { timing: 'PERIOD_END' })]],
      '2026-02-14',
      ['2026-02-14 plan_changed'],
      ['ACTIVE year'],
    ],
    [
      'a change at period end to a plan of the same period: it renews that plan',
      [subscribed('pro'), ['2026-02-01', changeTo('plus', { timing: 'PERIOD_END' })]],
      END,
      ['2026-02-28 plan_changed', '2026-02-28 renewed'],
      ['ACTIVE plus'],
    ],
    [
      'a change at period end to a plan of another period: its first period begins',
      [subscribed('pro'), ['2026-02-01', changeTo('year', { timing: 'PERIOD_END' })]],
      END,
      ['2026-02-28 plan_changed'],
      ['ACTIVE year'],
    ],
    [
      'grace end and period end: grace ends first, the plan that follows has no period to renew',
      [subscribed('pro'), ['2026-02-22', pay('FAILED', '2026-02-21')]],
      END,
      ['2026-02-28 plan_changed'],
      ['ACTIVE basic'],
    ],
    [
      'a cancellation and grace end: it is cancelled, not expired',
      [subscribed('plus'), ['2026-02-02', pay('FAILED', '2026-02-02')], ['2026-02-03', cancel('PERIOD_END')]],
      '2026-02-09',
      ['2026-02-09 canceled'],
      ['CANCELED plus'],
    ],
    [
      'a cancellation and a start of another subscription: one ends, then the other begins',
      [
        subscribed('plus'),
        ['2026-02-01', cancel('PERIOD_END')],
        ['2026-02-02', subscribeTo('side', { id: 'sub_2', startsAt: time(END) })],
      ],
      END,
      ['2026-02-28 canceled', '2026-02-28 started'],
      ['CANCELED plus', 'ACTIVE side'],
    ],
    [
      'a cancellation at the start: it never begins',
      [subscribed('pro', { startsAt: time('2026-02-10') }), ['2026-02-01', cancel('AT', '2026-02-10')]],
      '2026-02-10',
      ['2026-02-10 canceled'],
      ['CANCELED pro'],
    ],
    [
      'a change at the start: it begins on the new plan',
      [
        subscribed('pro', { startsAt: time('2026-02-10') }),
        ['2026-02-01', changeTo('year', { timing: 'AT', at: time('2026-02-10') })],
      ],
      '2026-02-10',
      ['2026-02-10 plan_changed', '2026-02-10 started'],
      ['ACTIVE year'],
    ],
  ];
  test.each(cases)('%s', (_, steps, at, events, statuses) => {
    const due = until(history(steps), at);
    expect(told(due)).toEqual(events);
    expect(standing(due.account)).toEqual(statuses);
  });

  test('nothing of it happens a millisecond before', () => {
    for (const [, steps, at] of cases) {
      const just = formatInstant((time(at) - 1) as Instant);
      expect(until(history(steps), just).events).toEqual([]);
    }
  });
});

describe('payments', () => {
  const trial = subscribeTo('pro', { trial: true });
  test.each<[string, readonly Step[], string]>([
    ['a failure noted in a trial leaves it unpaid', [['2026-02-01', pay('FAILED')]], 'ACTIVE basic'],
    ['a payment noted in a trial', [['2026-02-01', pay('SUCCEEDED')]], 'ACTIVE pro'],
    [
      'the later of two reports counts, whichever comes in first',
      [
        ['2026-02-02', pay('SUCCEEDED', '2026-02-02')],
        ['2026-02-03', pay('FAILED', '2026-02-01')],
      ],
      'ACTIVE pro',
    ],
    [
      'a failure after the payment takes it back',
      [
        ['2026-02-01', pay('SUCCEEDED')],
        ['2026-02-02', pay('FAILED')],
      ],
      'ACTIVE basic',
    ],
  ])('%s', (_, reports, after) => {
    const so = history([[START_TEXT, trial], ...reports]);
    expect(standing(so.account)).toEqual(['TRIALING pro']);
    expect(standing(until(so, '2026-02-14').account)).toEqual([after]);
  });

  test('one noted before the start pays the trial that begins then', () => {
    const so = history([
      [START_TEXT, subscribeTo('pro', { trial: true, startsAt: time('2026-02-10') })],
      ['2026-02-01', pay('SUCCEEDED')],
    ]);
    expect(standing(until(so, '2026-02-10').account)).toEqual(['TRIALING pro']);
    expect(standing(until(so, '2026-02-24').account)).toEqual(['ACTIVE pro']);
  });

  test('the period runs on through grace, and a payment keeps it', () => {
    const failing = history([
      [START_TEXT, subscribeTo('pro')],
      ['2026-02-25', pay('FAILED')],
    ]);
    expect(told(until(failing, '2026-03-01'))).toEqual(['2026-02-28 renewed']);
    const paid = history([
      [START_TEXT, subscribeTo('pro')],
      ['2026-02-25', pay('FAILED')],
      ['2026-03-01', pay('SUCCEEDED')],
    ]);
    expect(first(paid)).toMatchObject({
      status: 'ACTIVE',
      period: { start: time('2026-02-28'), end: time('2026-03-31') },
    });
  });

  test('grace is over at its end and not before', () => {
    const failing = history([
      [START_TEXT, subscribeTo('plus')],
      ['2026-02-02', pay('FAILED', '2026-02-01')],
    ]);
    const ask = (at: string) =>
      decide(knownState(release, failing.account), { feature: 'calls', quantity: 1 }, time(at));
    expect(ask('2026-02-07T23:59:59.999Z').code).toBe('ENTITLED_GRACE');
    expect(ask('2026-02-08T00:00:00.000Z').code).toBe('SUBSCRIPTION_EXPIRED');
  });
});

describe('what follows by itself', () => {
  test('drops a change that was scheduled for later', () => {
    const so = history([
      [START_TEXT, subscribeTo('pro')],
      ['2026-02-01', changeTo('plus', { timing: 'PERIOD_END' })],
      ['2026-02-02', pay('FAILED')],
    ]);
    const due = until(so, '2026-04-01');
    expect(told(due)).toEqual(['2026-02-09 plan_changed']);
    expect(first(due)).toMatchObject({ scheduledChange: null, planVersion: { plan: { key: 'basic' } } });
  });

  test('grace is counted from the time that billing names, also where its clock is ahead', () => {
    const so = history([
      [START_TEXT, subscribeTo('pro')],
      ['2026-02-02T00:00:00Z', pay('FAILED', '2026-02-02T00:04:00Z')],
    ]);
    expect(first(so)).toMatchObject({ graceEndsAt: time('2026-02-09T00:04:00Z') });
    expect(told(so)).toEqual(['2026-01-31 started', '2026-02-02 payment_failed']);
  });

  test('a trial that goes on under a plan of another family is that family’s trial, too', () => {
    const so = history([
      [START_TEXT, subscribeTo('pro', { trial: true })],
      ['2026-02-01', changeTo('other')],
      ['2026-02-02', cancel('NOW')],
    ]);
    for (const key of ['pro', 'other']) {
      const again = subscribeTo(key, { id: 'sub_2', trial: true });
      const { account } = accepted(execute(so.account, again, release, time('2026-02-03')));
      expect(account.subscriptions[1]?.status).toBe('ACTIVE');
    }
  });
});

describe('cancellations', () => {
  test('a change may come before one, not at it and not after it', () => {
    const leaving = history([
      [START_TEXT, subscribeTo('pro')],
      ['2026-02-01', cancel('PERIOD_END')],
    ]).account;
    const ask = (at: string) =>
      execute(leaving, changeTo('plus', { timing: 'AT', at: time(at) }), release, time('2026-02-02'));
    expect(ask('2026-02-27T23:59:59.999Z').ok).toBe(true);
    for (const at of ['2026-02-28', '2026-03-01'])
      expect(refused(ask(at))).toEqual({ code: 'CONFLICT', field: 'at' });
  });

  test('a change that comes before one leaves it standing', () => {
    const so = history([
      [START_TEXT, subscribeTo('pro')],
      ['2026-02-01', cancel('PERIOD_END')],
      ['2026-02-02', changeTo('year', { timing: 'AT', at: time('2026-02-10') })],
    ]);
    expect(told(until(so, '2026-03-01'))).toEqual(['2026-02-10 plan_changed', '2026-02-28 canceled']);
  });

  test('once `onCancel` has followed, it is over: the plan that follows is not cancelled', () => {
    const so = history([
      [START_TEXT, subscribeTo('pro')],
      ['2026-02-01', cancel('PERIOD_END')],
    ]);
    const later = until(so, '2027-03-01');
    expect(told(later)).toEqual(['2026-02-28 plan_changed']);
    expect(first(later)).toMatchObject({ status: 'ACTIVE', cancelAt: null, id: ID.subscriptionId });
  });

  test('taken back, nothing of it happens', () => {
    const so = history([
      [START_TEXT, subscribeTo('pro')],
      ['2026-02-01', cancel('PERIOD_END')],
      ['2026-02-02', { kind: 'uncancel', ...ID }],
    ]);
    expect(told(until(so, '2026-03-01'))).toEqual(['2026-02-28 renewed']);
  });

  test('a plan that cannot follow does not: the subscription ends', () => {
    const held = history([
      [START_TEXT, subscribeTo('side')],
      ['2026-02-01', subscribeTo('plus', { id: 'sub_2' })],
      ['2026-02-02', cancel('NOW')],
    ]);
    expect(standing(held.account)).toEqual(['CANCELED side', 'ACTIVE plus']);
    const unsold = releaseOf({ ...parts, plans: parts.plans.filter(({ key }) => key !== 'basic') });
    const so = history([[START_TEXT, subscribeTo('pro')]]);
    expect(
      standing(accepted(execute(so.account, cancel('NOW'), unsold, time('2026-02-02'))).account),
    ).toEqual(['CANCELED pro']);
  });
});

describe('add-ons that the new plan is not sold with, where the catalog refuses that', () => {
  const withMore = [START_TEXT, subscribeTo('pro', { addOns: ['more'] })] as const;
  test('the change is CONFLICT, now and later, and goes through without them', () => {
    const { account } = history([withMore], strict);
    for (const timing of ['NOW', 'PERIOD_END'] as const) {
      const outcome = execute(account, changeTo('year', { timing }), strict, time('2026-02-01'));
      expect(refused(outcome)).toEqual({ code: 'CONFLICT', field: 'plan' });
    }
    const without = changeTo('year', { timing: 'NOW', addOns: [] });
    expect(standing(accepted(execute(account, without, strict, time('2026-02-01'))).account)).toEqual([
      'ACTIVE year',
    ]);
  });

  test('found only when the change is due, the plan stays, `change_refused` says so, and it renews', () => {
    const so = history([withMore, ['2026-02-01', changeTo('year', { timing: 'PERIOD_END' })]]);
    const due = until(so, '2026-03-01', strict);
    expect(told(due)).toEqual(['2026-02-28 change_refused', '2026-02-28 renewed']);
    expect(standing(due.account)).toEqual(['ACTIVE pro']);
    expect(first(due)).toMatchObject({ scheduledChange: null, addOns: [{ addOn: { key: 'more' } }] });
  });

  test('when grace ends they are dropped instead', () => {
    const so = history([withMore, ['2026-02-01', pay('FAILED')]], strict);
    expect(first(until(so, '2026-02-08', strict))).toMatchObject({
      planVersion: { plan: { key: 'basic' } },
      addOns: [],
    });
  });
});

describe('imports', () => {
  test('ten years of renewals are counted from the anchor: 29 February comes back in leap years', () => {
    const { account, events } = accepted(
      execute(
        newCustomer(),
        subscribeTo('year', { startsAt: time('2016-02-29') }),
        release,
        time('2026-01-15'),
      ),
    );
    const renewals = events
      .filter(({ type }) => type === 'subscription.renewed')
      .map(({ at }) => formatInstant(at).slice(0, 10));
    expect(renewals).toEqual([
      '2017-02-28',
      '2018-02-28',
      '2019-02-28',
      '2020-02-29',
      '2021-02-28',
      '2022-02-28',
      '2023-02-28',
      '2024-02-29',
      '2025-02-28',
    ]);
    expect(first({ account, events })).toMatchObject({ period: { end: time('2026-02-28') } });
  });

  test('ten years back is allowed, a millisecond more is not', () => {
    const ask = (startsAt: string) =>
      execute(
        newCustomer(),
        subscribeTo('basic', { startsAt: time(startsAt) }),
        release,
        time('2026-02-28T12:00:00Z'),
      );
    expect(ask('2016-02-28T12:00:00.000Z').ok).toBe(true);
    expect(refused(ask('2016-02-28T11:59:59.999Z'))).toEqual({ code: 'BAD_USER_INPUT', field: 'startsAt' });
  });

  test('a trial of years ago leads down its whole chain, each step dated when it was due', () => {
    const so = accepted(
      execute(
        newCustomer(),
        subscribeTo('pro', { trial: true, startsAt: time('2017-01-01') }),
        release,
        time('2026-01-15'),
      ),
    );
    expect(told(so)).toEqual(['2017-01-01 started', '2017-01-15 trial_ended', '2017-01-15 plan_changed']);
    expect(so.account.windowAnchors.get(featureKey('calls'))).toBe(time('2017-01-01'));
  });

  test('an import that ended long ago leaves another subscription’s windows alone', () => {
    const one = history([['2026-01-10', subscribeTo('side')]]);
    const old = subscribeTo('plus', { id: 'sub_2', trial: true, startsAt: time('2020-01-01') });
    const so = accepted(execute(one.account, old, release, time('2026-01-15')));
    expect(standing(so.account)).toEqual(['ACTIVE side', 'EXPIRED plus']);
    expect(so.account.windowAnchors).toEqual(one.account.windowAnchors);
  });
});

test('of several transitions that fit the first says when a change takes effect; a timing that is given counts', () => {
  const twice = releaseOf({
    ...parts,
    transitions: [
      transition('pro', 'year plus', { takesEffect: 'periodEnd' }),
      transition('pro', 'plus basic', { takesEffect: 'now' }),
    ],
  });
  const { account } = history([[START_TEXT, subscribeTo('pro')]]);
  const after = (key: string, options = {}) =>
    standing(accepted(execute(account, changeTo(key, options), twice, time('2026-02-01'))).account);
  expect(after('plus')).toEqual(['ACTIVE pro']);
  expect(after('plus', { timing: 'NOW' })).toEqual(['ACTIVE plus']);
  expect(after('basic')).toEqual(['ACTIVE basic']);
  expect(after('basic', { timing: 'PERIOD_END' })).toEqual(['ACTIVE pro']);
});

test('of subscriptions that ended at one instant the one with the lower id is archived first, whichever began first', () => {
  const cancel = (id: string): SubscriptionCommand => {
    return { kind: 'cancel', subscriptionId: subscriptionId(id), timing: 'NOW', at: null };
  };
  const { account } = timeline(release, [
    ['2026-01-01', subscribeTo('side', { id: 'sub_b' })],
    ['2026-01-02', subscribeTo('basic', { id: 'sub_a' })],
    ['2026-01-03', cancel('sub_b')],
    ['2026-01-03', cancel('sub_a')],
  ]);
  const { events } = applyDue(account, release, time('2026-06-01'));
  expect(events.flatMap((event) => ('after' in event ? [`${event.type} ${event.after.id}`] : []))).toEqual([
    'subscription.archived sub_a',
    'subscription.archived sub_b',
  ]);
});
