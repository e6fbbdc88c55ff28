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
  refused,
  releaseOf,
  subscribeTo,
  subscriptionId,
  time,
  transition,
} from '../../testing/subscriptions.js';
import { history, standing, type Step, told } from '../../testing/timeline.js';
import { knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { formatInstant, instant } from '../time/instant.js';
import type { AccountChange, SubscriptionCommand } from './command.js';
import { applyDue, nextDue } from './due.js';
import { execute } from './execute.js';
import type { SubscriptionStatus } from './subscription.js';

const trial = { for: duration('P14D'), then: { kind: 'PLAN', plan: planKey('basic') } } as const;
const offer = { period: 'P1M', grace: 'P7D', units: { calls: 100 } };
const release = releaseOf({
  features: [metered('calls', 'P1M', 'subscription')],
  plans: [
    plan('basic', { units: { calls: 10 } }),
    plan('stops', { ...offer, trial, onPause: 'stops' }),
    plan('runs', { ...offer, trial, onPause: 'runs' }),
    plan('year', { ...offer, period: 'P1Y', onPause: 'stops' }),
    plan('kept', { ...offer, onCancel: 'basic', onPause: 'stops' }),
    plan('strict', { period: 'P1M', onPause: 'stops', units: { calls: 100 } }),
    plan('side', { family: 'side', units: { calls: 5 } }),
  ],
});
const ID = { subscriptionId: subscriptionId('sub_1') };
const pause = (resumeAt: string | null = null): SubscriptionCommand => ({
  kind: 'pause',
  ...ID,
  resumeAt: resumeAt === null ? null : time(resumeAt),
});
const resume: SubscriptionCommand = { kind: 'resume', ...ID };
const cancel = (timing: 'NOW' | 'PERIOD_END' | 'AT', at: string | null = null): SubscriptionCommand => ({
  kind: 'cancel',
  ...ID,
  timing,
  at: at === null ? null : time(at),
});
const pay = (outcome: 'SUCCEEDED' | 'FAILED'): SubscriptionCommand => ({
  kind: 'reportPayment',
  ...ID,
  outcome,
  at: null,
});
const later = (key: string, at: string) => changeTo(key, { timing: 'AT', at: time(at) });
const atPeriodEnd = (key: string) => changeTo(key, { timing: 'PERIOD_END' });

const START = '2026-01-31';
const on = (key: string, options = {}): Step => [START, subscribeTo(key, options)];
const until = (so: AccountChange, at: string) => applyDue(so.account, release, time(at));
const first = (so: AccountChange) => so.account.subscriptions[0];

test.each<[string, readonly Step[], string, string[], string[]]>([
  [
    'a clock that stands: the period ends later by the length of the pause, and later ones are counted on from there',
    [on('stops'), ['2026-02-10', pause()], ['2026-02-20', resume]],
    '2026-04-11',
    ['2026-03-10 renewed', '2026-04-10 renewed'],
    ['ACTIVE stops'],
  ],
  [
    'a clock that stands: months are counted from the moved end, so none of them is cut short',
    [on('stops'), ['2026-02-01', pause()], ['2026-03-04', resume]],
    '2026-06-01',
    ['2026-03-31 renewed', '2026-04-30 renewed', '2026-05-31 renewed'],
    ['ACTIVE stops'],
  ],
  [
    'a clock that stands: no period ends while it is paused, however long',
    [on('stops'), ['2026-02-10', pause()]],
    '2027-06-01',
    [],
    ['PAUSED stops'],
  ],
  [
    'a clock that runs: periods end while it is paused, and PAUSED stays',
    [on('runs'), ['2026-02-10', pause()]],
    '2026-04-01',
    ['2026-02-28 renewed', '2026-03-31 renewed'],
    ['PAUSED runs'],
  ],
  [
    'a clock that runs: the period keeps its end',
    [on('runs'), ['2026-02-10', pause()], ['2026-02-20', resume]],
    '2026-03-01',
    ['2026-02-28 renewed'],
    ['ACTIVE runs'],
  ],
  [
    '`resumeAt` reached',
    [on('stops'), ['2026-02-10', pause('2026-02-20')]],
    '2026-03-11',
    ['2026-02-20 resumed', '2026-03-10 renewed'],
    ['ACTIVE stops'],
  ],
  [
    'of two `resumeAt` the later one given counts',
    [on('stops'), ['2026-02-10', pause('2026-02-12')], ['2026-02-11', pause('2026-02-20')]],
    '2026-02-21',
    ['2026-02-20 resumed'],
    ['ACTIVE stops'],
  ],
  [
    '`resumeAt` taken back: it waits for a resume',
    [on('stops'), ['2026-02-10', pause('2026-02-12')], ['2026-02-11', pause()]],
    '2026-06-01',
    [],
    ['PAUSED stops'],
  ],
  [
    'resume and period end at one instant: it is resumed, then renewed',
    [on('runs'), ['2026-02-10', pause('2026-02-28')]],
    '2026-02-28',
    ['2026-02-28 resumed', '2026-02-28 renewed'],
    ['ACTIVE runs'],
  ],
  [
    'a trial whose clock stands ends later by the length of the pause',
    [on('stops', { trial: true }), ['2026-02-10', pause('2026-02-20')]],
    '2026-02-24',
    ['2026-02-20 resumed', '2026-02-24 trial_ended', '2026-02-24 plan_changed'],
    ['ACTIVE basic'],
  ],
  [
    'a trial whose clock runs keeps its end',
    [on('runs', { trial: true }), ['2026-02-10', pause('2026-02-12')]],
    '2026-02-14',
    ['2026-02-12 resumed', '2026-02-14 trial_ended', '2026-02-14 plan_changed'],
    ['ACTIVE basic'],
  ],
  [
    'a trial whose clock runs out while it is paused ends with the pause',
    [on('runs', { trial: true }), ['2026-02-10', pause('2026-03-05')]],
    '2026-03-05',
    ['2026-03-05 resumed', '2026-03-05 trial_ended', '2026-03-05 plan_changed'],
    ['ACTIVE basic'],
  ],
  [
    'a change that is scheduled for the period’s end waits with it',
    [on('stops'), ['2026-02-01', atPeriodEnd('year')], ['2026-02-10', pause('2026-02-20')]],
    '2026-03-11',
    ['2026-02-20 resumed', '2026-03-10 plan_changed'],
    ['ACTIVE year'],
  ],
  [
    'a change that is scheduled for a time comes later by the length of the pause',
    [on('stops'), ['2026-02-01', later('year', '2026-02-15')], ['2026-02-10', pause('2026-02-20')]],
    '2026-02-26',
    ['2026-02-20 resumed', '2026-02-25 plan_changed'],
    ['ACTIVE year'],
  ],
  [
    'a change that is scheduled during a pause comes at the moved period’s end',
    [on('stops'), ['2026-02-10', pause('2026-03-30')], ['2026-03-20', atPeriodEnd('year')]],
    '2026-04-18',
    ['2026-03-30 resumed', '2026-04-17 plan_changed'],
    ['ACTIVE year'],
  ],
  [
    'a change comes at its time while it is paused, if the clock runs',
    [on('runs'), ['2026-02-01', later('year', '2026-02-15')], ['2026-02-10', pause('2026-02-20')]],
    '2026-02-16',
    ['2026-02-15 plan_changed'],
    ['PAUSED year'],
  ],
  [
    'a cancellation at the period’s end comes with that end',
    [on('stops'), ['2026-02-01', cancel('PERIOD_END')], ['2026-02-10', pause('2026-02-20')]],
    '2026-03-11',
    ['2026-02-20 resumed', '2026-03-10 canceled'],
    ['CANCELED stops'],
  ],
  [
    'a cancellation at a time of its own comes at that time, paused or not',
    [on('stops'), ['2026-02-01', cancel('AT', '2026-02-15')], ['2026-02-10', pause('2026-02-20')]],
    '2026-02-15',
    ['2026-02-15 canceled'],
    ['CANCELED stops'],
  ],
  [
    'a cancellation at period end of one whose clock runs',
    [on('runs'), ['2026-02-10', pause()], ['2026-02-11', cancel('PERIOD_END')]],
    '2026-02-28',
    ['2026-02-28 canceled'],
    ['CANCELED runs'],
  ],
  [
    'a cancellation and a resume at one instant: it is cancelled',
    [on('runs'), ['2026-02-10', pause('2026-02-28')], ['2026-02-11', cancel('PERIOD_END')]],
    '2026-02-28',
    ['2026-02-28 canceled'],
    ['CANCELED runs'],
  ],
  [
    'a failure during the pause: grace begins with the resume',
    [on('stops'), ['2026-02-10', pause('2026-02-20')], ['2026-02-11', pay('FAILED')]],
    '2026-02-27',
    ['2026-02-20 resumed', '2026-02-27 expired'],
    ['EXPIRED stops'],
  ],
  [
    'a failure during the pause of a plan without grace: it is over with the pause',
    [on('strict'), ['2026-02-10', pause('2026-02-20')], ['2026-02-11', pay('FAILED')]],
    '2026-02-20',
    ['2026-02-20 resumed', '2026-02-20 expired'],
    ['EXPIRED strict'],
  ],
  [
    'a payment clears the note',
    [
      on('stops'),
      ['2026-02-10', pause('2026-02-20')],
      ['2026-02-11', pay('FAILED')],
      ['2026-02-12', pay('SUCCEEDED')],
    ],
    '2026-02-28',
    ['2026-02-20 resumed'],
    ['ACTIVE stops'],
  ],
  [
    'a paused trial that is paid for goes on when it ends',
    [on('stops', { trial: true }), ['2026-02-10', pause('2026-02-20')], ['2026-02-11', pay('SUCCEEDED')]],
    '2026-02-24',
    ['2026-02-20 resumed', '2026-02-24 trial_ended'],
    ['ACTIVE stops'],
  ],
])('%s', (_, steps, at, events, statuses) => {
  const so = history(release, steps);
  const due = until(so, at);
  expect(told(due)).toEqual(events);
  expect(standing(due.account)).toEqual(statuses);
  if (events.length > 0) expect(nextDue(so.account, release)).toBe(due.events[0]?.at);
});

test.each<[string, readonly Step[], Step, string[], SubscriptionStatus]>([
  [
    'a change now keeps PAUSED',
    [on('stops'), ['2026-02-10', pause()]],
    ['2026-02-11', changeTo('runs')],
    ['2026-02-11 plan_changed'],
    'PAUSED',
  ],
  [
    'a cancellation now',
    [on('stops'), ['2026-02-10', pause()]],
    ['2026-02-11', cancel('NOW')],
    ['2026-02-11 canceled'],
    'CANCELED',
  ],
  [
    'a cancellation now leads to `onCancel`, which is not paused',
    [on('kept'), ['2026-02-10', pause()]],
    ['2026-02-11', cancel('NOW')],
    ['2026-02-11 plan_changed'],
    'ACTIVE',
  ],
  [
    'a cancellation at period end is now where the clock stands: that end never comes by itself',
    [on('stops'), ['2026-02-10', pause()]],
    ['2026-02-11', cancel('PERIOD_END')],
    ['2026-02-11 canceled'],
    'CANCELED',
  ],
  [
    'a cancellation at the end of a trial that is over already is now',
    [on('runs', { trial: true }), ['2026-02-10', pause()]],
    ['2026-03-11', cancel('PERIOD_END')],
    ['2026-03-11 canceled'],
    'CANCELED',
  ],
  [
    'a cancellation is taken back',
    [on('runs'), ['2026-02-10', pause()], ['2026-02-11', cancel('PERIOD_END')]],
    ['2026-02-12', { kind: 'uncancel', ...ID }],
    ['2026-02-12 cancel_withdrawn'],
    'PAUSED',
  ],
  [
    'a scheduled change is taken back',
    [on('stops'), ['2026-02-10', pause()], ['2026-02-11', atPeriodEnd('year')]],
    ['2026-02-12', { kind: 'withdrawScheduledChange', ...ID }],
    ['2026-02-12 change_withdrawn'],
    'PAUSED',
  ],
  [
    'the same `resumeAt` is no change',
    [on('stops'), ['2026-02-10', pause('2026-02-20')]],
    ['2026-02-11', pause('2026-02-20')],
    [],
    'PAUSED',
  ],
  [
    'a `resumeAt` left out leaves it as it is',
    [on('stops'), ['2026-02-10', pause('2026-02-20')]],
    ['2026-02-11', { kind: 'pause', ...ID }],
    [],
    'PAUSED',
  ],
  [
    'the same failure is noted once',
    [on('stops'), ['2026-02-10', pause()], ['2026-02-11', pay('FAILED')]],
    ['2026-02-11', pay('FAILED')],
    [],
    'PAUSED',
  ],
  ['a resume of what is not paused', [on('stops')], ['2026-02-11', resume], [], 'ACTIVE'],
  [
    'a resume',
    [on('stops'), ['2026-02-10', pause()]],
    ['2026-02-11', resume],
    ['2026-02-11 resumed'],
    'ACTIVE',
  ],
  [
    'a resume after a failure',
    [on('stops'), ['2026-02-10', pause()], ['2026-02-10', pay('FAILED')]],
    ['2026-02-11', resume],
    ['2026-02-11 resumed'],
    'PAST_DUE',
  ],
])('%s', (_, steps, [at, command], events, status) => {
  const { account } = history(release, steps);
  const change = accepted(execute(account, command, release, time(at)));
  expect(told(change)).toEqual(events);
  expect(first(change)?.status).toBe(status);
});

test.each<[string, readonly Step[], SubscriptionCommand, string, string | null]>([
  ['`resumeAt` in the past', [on('stops')], pause('2026-02-01'), 'BAD_USER_INPUT', 'resumeAt'],
  ['`resumeAt` now', [on('stops')], pause('2026-02-11'), 'BAD_USER_INPUT', 'resumeAt'],
  ['`resumeAt` more than a century ahead', [on('stops')], pause('2126-03-11'), 'BAD_USER_INPUT', 'resumeAt'],
  [
    'a longer trial while it is paused',
    [on('stops', { trial: true }), ['2026-02-10', pause()]],
    { kind: 'extendTrial', ...ID, until: time('2026-05-01') },
    'CONFLICT',
    null,
  ],
])('refused: %s', (_, steps, command, code, field) => {
  const { account } = history(release, steps);
  expect(refused(execute(account, command, release, time('2026-02-11')))).toEqual({ code, field });
});

describe('what a paused subscription gives', () => {
  const { account } = history(release, [on('stops'), ['2026-02-10', pause('2026-02-20')]]);
  const ask = (of: typeof account, at: string) =>
    decide(knownState(release, of), { feature: 'calls', quantity: 1 }, time(at));

  test('is nothing, until the instant of the resume', () => {
    expect(ask(account, '2026-02-10')).toMatchObject({
      code: 'SUBSCRIPTION_PAUSED',
      allowed: false,
      validUntil: time('2026-02-20'),
    });
    expect(ask(account, '2026-02-19T23:59:59.999Z').code).toBe('SUBSCRIPTION_PAUSED');
    expect(ask(account, '2026-02-20')).toMatchObject({ code: 'ENTITLED', limit: 100 });
  });

  test('another subscription that gives the feature speaks, with its own number', () => {
    const beside = history(release, [
      on('stops'),
      ['2026-02-01', subscribeTo('side', { id: 'sub_2' })],
      ['2026-02-10', pause()],
    ]);
    expect(ask(beside.account, '2026-02-11')).toMatchObject({ code: 'ENTITLED', limit: 5 });
  });

  test('windows run on: what was used counts to the end of its window, and the anchor stays', () => {
    const feature = featureKey('calls');
    const window = { start: time(START), end: time('2026-02-28') };
    const used = {
      ...account,
      meters: new Map([[feature, { feature, used: 7, reserved: 0, window, rolled: [], freesAt: null }]]),
    };
    expect(ask(used, '2026-02-20')).toMatchObject({ used: 7, resetsAt: window.end });
    const due = applyDue(used, release, time('2026-03-01'));
    expect(told(due)).toEqual(['2026-02-20 resumed', '2026-02-28 window_closed']);
    expect(due.account.windowAnchors.get(feature)).toBe(time(START));
  });
});

describe('the length of a pause', () => {
  test('is exact to the millisecond, also where clocks change meanwhile', () => {
    const { account } = history(
      release,
      [on('stops'), ['2026-03-20T12:00:00Z', pause()], ['2026-03-30T12:00:00.001Z', resume]],
      'Europe/Berlin',
    );
    const end = first({ account, events: [] });
    if (end?.status !== 'ACTIVE') throw new Error('it was resumed');
    // Midnight UTC is 01:00 in Berlin in winter, which is 23:00 UTC in summer.
    expect(formatInstant(end.period.end ?? instant(0))).toBe('2026-04-09T23:00:00.001Z');
  });

  test('counts from the first pause, whatever `resumeAt` becomes', () => {
    const so = history(release, [
      on('stops'),
      ['2026-02-10', pause('2026-02-12')],
      ['2026-02-11', pause('2026-02-20')],
    ]);
    expect(first(so)).toMatchObject({ pausedAt: time('2026-02-10') });
    expect(first(until(so, '2026-02-20'))).toMatchObject({ period: { end: time('2026-03-10') } });
  });

  test('of several pauses adds up', () => {
    const so = history(release, [
      on('stops'),
      ['2026-02-10', pause()],
      ['2026-02-12', resume],
      ['2026-02-20', pause()],
      ['2026-02-23', resume],
    ]);
    expect(first(so)).toMatchObject({ status: 'ACTIVE', period: { end: time('2026-03-05') } });
  });

  test('keeps the clock with which it began, whatever plan follows meanwhile', () => {
    const so = history(release, [
      on('stops'),
      ['2026-02-10', pause()],
      ['2026-02-12', changeTo('runs')],
      ['2026-02-20', resume],
    ]);
    expect(first(so)).toMatchObject({
      planVersion: { plan: { key: 'runs' } },
      period: { end: time('2026-03-10') },
    });
  });

  test('a period that begins meanwhile has its whole length after the resume', () => {
    const so = history(release, [
      on('stops'),
      ['2026-02-10', pause()],
      ['2026-02-12', changeTo('year')],
      ['2026-02-20', resume],
    ]);
    expect(first(so)).toMatchObject({ period: { end: time('2027-02-20') } });
  });

  test('a trial that the new plan does not have is over, and the new plan’s period waits for the resume', () => {
    const so = history(release, [
      on('stops', { trial: true }),
      ['2026-02-10', pause()],
      ['2026-02-12', changeTo('year')],
      ['2026-02-20', resume],
    ]);
    expect(first(so)).toMatchObject({ status: 'ACTIVE', period: { end: time('2027-02-20') } });
  });
});

test('what is bought can be adjusted while a cancellation waits for the resume, though its time is past', () => {
  const selling = releaseOf({
    features: [metered('calls', 'P1M', 'subscription')],
    plans: [plan('stops', { ...offer, onPause: 'stops' })],
    addOns: [addOn('more', ['stops'], { calls: 50 })],
  });
  const buying: SubscriptionCommand = {
    kind: 'adjust',
    ...ID,
    addOns: [{ addOn: addOnKey('more'), quantity: 1 }],
    quantities: null,
    timing: 'NOW',
    at: null,
  };
  const so = history(selling, [
    on('stops'),
    ['2026-02-01', cancel('PERIOD_END')],
    ['2026-02-10', pause()],
    ['2026-03-10', buying],
    ['2026-03-20', resume],
  ]);
  expect(told(so).slice(-2)).toEqual(['2026-03-10 adjusted', '2026-03-20 resumed']);
  expect(told(applyDue(so.account, selling, time('2026-04-07')))).toEqual(['2026-04-07 canceled']);
});

test('a cancellation whose period gives way to another during the pause comes as much later as the pause has lasted', () => {
  const selling = releaseOf({
    features: [metered('calls', 'P1M', 'subscription')],
    plans: [
      plan('stops', { ...offer, onPause: 'stops' }),
      plan('year', { ...offer, period: 'P1Y', onPause: 'stops' }),
    ],
  });
  const changed = (at: string) =>
    history(selling, [
      on('stops'),
      ['2026-02-01', cancel('PERIOD_END')],
      ['2026-02-10', pause()],
      [at, changeTo('year')],
    ]);
  // It was to come 18 days after the pause began.
  expect(told(applyDue(changed('2026-02-15').account, selling, time('2026-04-01')))).toEqual([
    '2026-03-05 canceled',
  ]);
  const resumedFirst = history(selling, [
    on('stops'),
    ['2026-02-01', cancel('PERIOD_END')],
    ['2026-02-10', pause()],
    ['2026-02-15', changeTo('year')],
    ['2026-02-20', resume],
  ]);
  expect(told(applyDue(resumedFirst.account, selling, time('2026-04-01')))).toEqual(['2026-03-05 canceled']);
});

test('`usage: reset` resets while it is paused as it does otherwise', () => {
  const resetting = releaseOf({
    features: [metered('calls', 'P1M', 'subscription')],
    plans: [...release.catalog.plans.values()],
    transitions: [transition('stops', 'year', { usage: 'reset' })],
  });
  const so = history(resetting, [on('stops'), ['2026-02-10', pause()], ['2026-02-12', changeTo('year')]]);
  expect(so.account.windowAnchors.get(featureKey('calls'))).toBe(time('2026-02-12'));
});
