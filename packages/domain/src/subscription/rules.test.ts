import { meridian } from '../../testing/meridian.js';
import {
  accepted,
  addOnKey,
  changeTo,
  featureKey,
  newCustomer,
  planKey,
  refused,
  subscribeTo,
  subscriptionId,
  time,
} from '../../testing/subscriptions.js';
import type { CustomerAccount } from '../customer.js';
import { formatInstant, instant, type Instant } from '../time/instant.js';
import type { AccountChange, CustomerEvent, SubscriptionCommand } from './command.js';
import { applyDue, nextDue } from './due.js';
import { execute } from './execute.js';
import type { SubscriptionStatus } from './subscription.js';
import { COMMAND_TABLE } from './table.js';

const release = meridian();
const START = time('2026-01-31T00:00:00Z');
const LATER = time('2026-02-03T00:00:00Z');
const ID = { subscriptionId: subscriptionId('sub_1') };

const run = (account: CustomerAccount, command: SubscriptionCommand, now: Instant) =>
  execute(account, command, release, now);
const done = (account: CustomerAccount, command: SubscriptionCommand, now: Instant) =>
  accepted(run(account, command, now)).account;
const first = (account: CustomerAccount) => account.subscriptions[0] ?? fail();
function fail(): never {
  throw new Error('the customer has no subscription');
}
const told = ({ events }: AccountChange) =>
  events.map((event) => `${formatInstant(event.at).slice(0, 10)} ${event.type.split('.')[1] ?? ''}`);
const cancel = (timing: 'NOW' | 'PERIOD_END' | 'AT', at: Instant | null = null) =>
  ({ kind: 'cancel', ...ID, timing, at }) as const;
const pay = (outcome: 'SUCCEEDED' | 'FAILED', at: Instant | null = null) =>
  ({ kind: 'reportPayment', ...ID, outcome, at }) as const;
const extend = (until: Instant) => ({ kind: 'extendTrial', ...ID, until }) as const;
const uncancel = { kind: 'uncancel', ...ID } as const;
const pause = (resumeAt: Instant | null = null) => ({ kind: 'pause', ...ID, resumeAt }) as const;
const withdraw = { kind: 'withdrawScheduledChange', ...ID } as const;

const on = (key: string, trial = false, startsAt = START) =>
  done(newCustomer(), subscribeTo(key, { trial, startsAt }), START);
/** An account whose subscription, on the plan `pro`, stands as named. */
function inStatus(status: SubscriptionStatus, key = 'pro'): CustomerAccount {
  switch (status) {
    case 'SCHEDULED':
      return on(key, false, time('2026-03-01'));
    case 'TRIALING':
      return on(key, true);
    case 'ACTIVE':
      return on(key);
    case 'PAST_DUE':
      return done(on(key), pay('FAILED', START), START);
    case 'PAUSED':
      return done(on(key), pause(), START);
    case 'CANCELED':
      return done(on('pro'), cancel('NOW'), START);
    case 'EXPIRED':
      return done(on('team'), pay('FAILED', START), START);
  }
}
function used(
  account: CustomerAccount,
  units: number,
  window = { start: START, end: time('2026-02-28') },
): CustomerAccount {
  const feature = featureKey('calls');
  return {
    ...account,
    meters: new Map([
      [feature, { feature, used: units, reserved: 0, window, rolled: [], freesAt: null, overdrawn: 0 }],
    ]),
  };
}
const NEXT = time('2026-02-20');
const more = [{ addOn: addOnKey('more-calls'), quantity: 1 }];

describe('the table of commands', () => {
  const commands: { [K in keyof typeof COMMAND_TABLE]: SubscriptionCommand } = {
    changePlan: changeTo('enterprise'),
    adjust: { kind: 'adjust', ...ID, addOns: more, quantities: null, timing: 'NOW', at: null },
    withdrawScheduledChange: withdraw,
    cancel: cancel('NOW'),
    uncancel,
    pause: pause(NEXT),
    resume: { kind: 'resume', ...ID },
    extendTrial: extend(time('2026-06-01')),
    reportPayment: pay('SUCCEEDED'),
  };
  const verbs = [
    'changePlan',
    'adjust',
    'withdrawScheduledChange',
    'cancel',
    'uncancel',
    'pause',
    'resume',
    'extendTrial',
    'reportPayment',
  ] as const;
  const cells = verbs.flatMap((verb) => {
    const statuses = [
      'SCHEDULED',
      'TRIALING',
      'ACTIVE',
      'PAST_DUE',
      'PAUSED',
      'CANCELED',
      'EXPIRED',
    ] as const;
    return statuses.map((status) => [verb, status, COMMAND_TABLE[verb][status]] as const);
  });
  test.each(cells)('%s in %s: %s', (verb, status, cell) => {
    const account = inStatus(status);
    expect(first(account).status).toBe(status);
    const outcome = run(account, commands[verb], LATER);
    if (cell === 'refused') expect(refused(outcome)).toEqual({ code: 'CONFLICT', field: null });
    else expect(outcome.ok).toBe(true);
    if (cell === 'same') expect(outcome).toEqual({ ok: true, account, events: [] });
  });
});

describe('accepted commands', () => {
  const at = time('2026-02-10');
  test.each<[string, SubscriptionStatus, string, SubscriptionCommand, SubscriptionStatus, string, string[]]>([
    [
      'a change now keeps SCHEDULED',
      'SCHEDULED',
      'pro',
      changeTo('enterprise'),
      'SCHEDULED',
      'enterprise',
      ['2026-02-03 plan_changed'],
    ],
    [
      'a change now keeps a trial where the plan has one',
      'TRIALING',
      'pro',
      changeTo('team'),
      'TRIALING',
      'team',
      ['2026-02-03 plan_changed'],
    ],
    [
      'a change now ends a trial where the plan has none',
      'TRIALING',
      'pro',
      changeTo('enterprise'),
      'ACTIVE',
      'enterprise',
      ['2026-02-03 plan_changed'],
    ],
    [
      'a change now keeps ACTIVE',
      'ACTIVE',
      'pro',
      changeTo('enterprise'),
      'ACTIVE',
      'enterprise',
      ['2026-02-03 plan_changed'],
    ],
    [
      'a change now keeps PAST_DUE',
      'PAST_DUE',
      'pro',
      changeTo('enterprise'),
      'PAST_DUE',
      'enterprise',
      ['2026-02-03 plan_changed'],
    ],
    [
      'a change waits where its transition says so',
      'ACTIVE',
      'pro',
      changeTo('free'),
      'ACTIVE',
      'pro',
      ['2026-02-03 change_scheduled'],
    ],
    [
      'a change can be given a time',
      'SCHEDULED',
      'pro',
      changeTo('free', { timing: 'AT', at }),
      'SCHEDULED',
      'pro',
      ['2026-02-03 change_scheduled'],
    ],
    [
      'without a period its end is now',
      'ACTIVE',
      'free',
      changeTo('pro', { timing: 'PERIOD_END' }),
      'ACTIVE',
      'pro',
      ['2026-02-03 plan_changed'],
    ],
    ['a cancellation now', 'TRIALING', 'pro', cancel('NOW'), 'CANCELED', 'pro', ['2026-02-03 canceled']],
    [
      'a cancellation falls to onCancel',
      'PAST_DUE',
      'enterprise',
      cancel('NOW'),
      'ACTIVE',
      'free',
      ['2026-02-03 plan_changed'],
    ],
    [
      'a start is cancelled without a fallback',
      'SCHEDULED',
      'enterprise',
      cancel('NOW'),
      'CANCELED',
      'enterprise',
      ['2026-02-03 canceled'],
    ],
    [
      'a start is cancelled at once',
      'SCHEDULED',
      'pro',
      cancel('PERIOD_END'),
      'CANCELED',
      'pro',
      ['2026-02-03 canceled'],
    ],
    [
      'without a period it is cancelled now',
      'ACTIVE',
      'free',
      cancel('PERIOD_END'),
      'CANCELED',
      'free',
      ['2026-02-03 canceled'],
    ],
    [
      'a cancellation at period end',
      'ACTIVE',
      'pro',
      cancel('PERIOD_END'),
      'ACTIVE',
      'pro',
      ['2026-02-03 cancel_scheduled'],
    ],
    [
      'a cancellation at a time',
      'TRIALING',
      'pro',
      cancel('AT', at),
      'TRIALING',
      'pro',
      ['2026-02-03 cancel_scheduled'],
    ],
    ['nothing to take back', 'ACTIVE', 'pro', uncancel, 'ACTIVE', 'pro', []],
    ['no change to withdraw', 'PAST_DUE', 'pro', withdraw, 'PAST_DUE', 'pro', []],
    ['a longer trial', 'TRIALING', 'pro', extend(NEXT), 'TRIALING', 'pro', ['2026-02-03 trial_extended']],
    ['a trial as long as it is', 'TRIALING', 'pro', extend(time('2026-02-14')), 'TRIALING', 'pro', []],
    [
      'a failure is noted before the start',
      'SCHEDULED',
      'pro',
      pay('FAILED'),
      'SCHEDULED',
      'pro',
      ['2026-02-03 payment_failed'],
    ],
    [
      'a payment is noted in a trial',
      'TRIALING',
      'pro',
      pay('SUCCEEDED'),
      'TRIALING',
      'pro',
      ['2026-02-03 payment_succeeded'],
    ],
    [
      'a failure begins grace',
      'ACTIVE',
      'pro',
      pay('FAILED'),
      'PAST_DUE',
      'pro',
      ['2026-02-03 payment_failed'],
    ],
    [
      'a payment ends grace',
      'PAST_DUE',
      'pro',
      pay('SUCCEEDED'),
      'ACTIVE',
      'pro',
      ['2026-02-03 payment_succeeded'],
    ],
    [
      'another failure is told',
      'PAST_DUE',
      'pro',
      pay('FAILED'),
      'PAST_DUE',
      'pro',
      ['2026-02-03 payment_failed'],
    ],
    ['the same failure is not', 'PAST_DUE', 'pro', pay('FAILED', START), 'PAST_DUE', 'pro', []],
    [
      'an older outcome changes nothing',
      'PAST_DUE',
      'pro',
      pay('SUCCEEDED', time('2026-01-30')),
      'PAST_DUE',
      'pro',
      [],
    ],
    [
      'without grace it ends at once',
      'ACTIVE',
      'team',
      pay('FAILED'),
      'EXPIRED',
      'team',
      ['2026-02-03 payment_failed', '2026-02-03 expired'],
    ],
  ])('%s', (_, status, key, command, statusAfter, planAfter, events) => {
    const change = accepted(run(inStatus(status, key), command, LATER));
    expect(first(change.account).status).toBe(statusAfter);
    expect(first(change.account).planVersion.plan.key).toBe(planAfter);
    expect(told(change)).toEqual(events);
  });

  test('a grace is not prolonged by another failure', () => {
    const again = done(inStatus('PAST_DUE'), pay('FAILED'), LATER);
    expect(first(again)).toMatchObject({ graceEndsAt: time('2026-02-07'), lastPaymentAt: LATER });
  });
  test('a grace that is over already is followed by what comes after it', () => {
    const change = accepted(run(on('pro'), pay('FAILED', time('2026-02-05')), time('2026-02-20')));
    expect(first(change.account)).toMatchObject({ status: 'ACTIVE', planVersion: { plan: { key: 'free' } } });
    expect(told(change)).toEqual(['2026-02-05 payment_failed', '2026-02-12 plan_changed']);
  });
  test('a failure from before the start begins grace at the start', () => {
    const change = accepted(run(on('pro'), pay('FAILED', time('2020-01-01')), START));
    expect(first(change.account)).toMatchObject({ status: 'PAST_DUE', graceEndsAt: time('2026-02-07') });
    expect(told(change)).toEqual(['2026-01-31 payment_failed']);
  });
  test('a cancellation of one in grace waits for grace or period, the earlier', () => {
    expect(first(done(inStatus('PAST_DUE'), cancel('PERIOD_END'), LATER))).toMatchObject({
      cancelAt: time('2026-02-07'),
    });
    expect(first(done(inStatus('PAST_DUE', 'enterprise'), cancel('PERIOD_END'), LATER))).toMatchObject({
      cancelAt: time('2026-03-02'),
    });
  });
  test('a cancellation that was to come with the end of grace comes with the period once it is paid', () => {
    const leaving = done(inStatus('PAST_DUE'), cancel('PERIOD_END'), LATER);
    expect(first(done(leaving, pay('SUCCEEDED'), LATER))).toMatchObject({
      status: 'ACTIVE',
      cancelAt: time('2026-02-28'),
    });
    const staying = done(inStatus('PAST_DUE'), pay('SUCCEEDED'), LATER);
    expect(first(staying)).toMatchObject({ status: 'ACTIVE', cancelAt: null });
  });
  test('a change now leaves a cancellation and drops a scheduled change; a cancellation drops one, too', () => {
    const waiting = done(on('pro'), changeTo('free'), LATER);
    expect(first(done(waiting, changeTo('enterprise'), LATER))).toMatchObject({ scheduledChange: null });
    expect(first(done(waiting, cancel('PERIOD_END'), LATER))).toMatchObject({ scheduledChange: null });
    const leaving = done(on('pro'), cancel('PERIOD_END'), LATER);
    expect(first(done(leaving, changeTo('team'), LATER))).toMatchObject({ cancelAt: time('2026-02-28') });
    expect(first(done(leaving, uncancel, LATER))).toMatchObject({ cancelAt: null });
  });
  test('what is scheduled already is not told again', () => {
    for (const command of [changeTo('free'), cancel('PERIOD_END')]) {
      const once = done(on('pro'), command, LATER);
      expect(accepted(run(once, command, LATER))).toEqual({ ok: true, account: once, events: [] });
    }
  });
  test('the period is kept unless its length differs', () => {
    expect(first(done(on('pro'), changeTo('team'), LATER))).toMatchObject({
      period: { start: START, end: time('2026-02-28') },
    });
    expect(first(done(on('pro'), changeTo('enterprise'), LATER))).toMatchObject({
      period: { anchor: LATER, end: time('2027-02-03') },
    });
  });
  test('a newer version of the same plan is a change, the same version is none', () => {
    const newer = execute(on('pro'), changeTo('pro'), meridian(2), LATER);
    expect(first(accepted(newer).account).planVersion.version).toBe(2);
    expect(refused(run(on('pro'), changeTo('pro'), LATER))).toEqual({
      code: 'BAD_USER_INPUT',
      field: 'plan',
    });
  });
  test('a scheduled change brings the version sold when it was asked', () => {
    const waiting = done(on('pro'), changeTo('free'), LATER);
    const due = applyDue(waiting, meridian(2), time('2026-03-01'));
    expect(first(due.account).planVersion).toMatchObject({ plan: { key: 'free' }, version: 1 });
  });
  test('a trial is given once in each family', () => {
    const once = done(on('pro', true), cancel('NOW'), LATER);
    expect(
      done(once, subscribeTo('team', { id: 'sub_2', trial: true }), LATER).subscriptions[1]?.status,
    ).toBe('ACTIVE');
    expect(
      done(once, subscribeTo('club', { id: 'sub_2', trial: true }), LATER).subscriptions[1]?.status,
    ).toBe('TRIALING');
  });
  test('a scheduled one that moves to a family whose trial was given starts ACTIVE', () => {
    const past = done(done(newCustomer(), subscribeTo('club', { trial: true }), START), cancel('NOW'), START);
    const options = { id: 'sub_2', trial: true, startsAt: NEXT };
    expect(done(past, subscribeTo('club', options), LATER).subscriptions[1]).toMatchObject({ trial: false });
    const ahead = done(past, subscribeTo('pro', options), LATER);
    const moved = done(ahead, changeTo('club', { subscriptionId: subscriptionId('sub_2') }), LATER);
    expect(applyDue(moved, release, NEXT).account.subscriptions[1]?.status).toBe('ACTIVE');
  });
  test('add-ons that the new plan is not sold with are dropped, or the change is refused', () => {
    const withAddOn = (key: string) =>
      done(newCustomer(), subscribeTo(key, { addOns: ['more-calls'] }), START);
    expect(first(done(withAddOn('pro'), changeTo('enterprise'), LATER)).addOns).toEqual([]);
    expect(first(done(withAddOn('pro'), changeTo('team'), LATER)).addOns).toHaveLength(1);
  });
});

describe('refused commands', () => {
  const past = time('2026-02-01');
  test.each<[string, SubscriptionCommand, string, string | null]>([
    [
      'an unknown subscription',
      { ...cancel('NOW'), subscriptionId: subscriptionId('sub_9') },
      'NOT_FOUND',
      'subscriptionId',
    ],
    ['a second one in the family', subscribeTo('team', { id: 'sub_2' }), 'CONFLICT', 'plan'],
    ['an id that is taken', subscribeTo('club'), 'CONFLICT', 'subscriptionId'],
    ['an unknown plan', subscribeTo('none', { id: 'sub_2' }), 'NOT_FOUND', 'plan'],
    ['a perpetual plan', subscribeTo('forever', { id: 'sub_2' }), 'BAD_USER_INPUT', 'plan'],
    [
      'a start more than ten years back',
      subscribeTo('club', { id: 'sub_2', startsAt: time('2016-02-02') }),
      'BAD_USER_INPUT',
      'startsAt',
    ],
    [
      'a start more than a hundred years ahead',
      subscribeTo('club', { id: 'sub_2', startsAt: time('9999-12-31') }),
      'BAD_USER_INPUT',
      'startsAt',
    ],
    ['an unknown add-on', subscribeTo('club', { id: 'sub_2', addOns: ['none'] }), 'NOT_FOUND', 'addOns'],
    [
      'an add-on of another plan',
      subscribeTo('club', { id: 'sub_2', addOns: ['more-calls'] }),
      'BAD_USER_INPUT',
      'addOns',
    ],
    [
      'an add-on none of which is bought',
      changeTo('team', { addOns: [{ addOn: addOnKey('more-calls'), quantity: 0 }] }),
      'BAD_USER_INPUT',
      'addOns',
    ],
    [
      'quantities',
      changeTo('team', { quantities: new Map([[featureKey('calls'), 1]]) }),
      'BAD_USER_INPUT',
      'quantities.0.feature',
    ],
    ['a change to an unknown plan', changeTo('none'), 'NOT_FOUND', 'plan'],
    ['a change that no transition has', changeTo('closed'), 'BAD_USER_INPUT', 'plan'],
    ['a change from another plan', changeTo('free', { from: planKey('team') }), 'CONFLICT', 'from'],
    ['AT without a time', changeTo('free', { timing: 'AT' }), 'BAD_USER_INPUT', 'at'],
    ['AT in the past', changeTo('free', { timing: 'AT', at: past }), 'BAD_USER_INPUT', 'at'],
    ['a time without AT', cancel('NOW', NEXT), 'BAD_USER_INPUT', 'at'],
    ['a shorter trial', extend(past), 'CONFLICT', null],
    [
      'a change more than a century ahead',
      changeTo('free', { timing: 'AT', at: time('2126-02-05') }),
      'BAD_USER_INPUT',
      'at',
    ],
    ['a cancellation more than a century ahead', cancel('AT', time('2126-02-05')), 'BAD_USER_INPUT', 'at'],
    [
      'a start more than a century ahead',
      subscribeTo('club', { id: 'sub_2', startsAt: time('2126-02-05') }),
      'BAD_USER_INPUT',
      'startsAt',
    ],
    [
      'a payment more than ten years back',
      pay('FAILED', time('2016-02-02T23:59:59.999Z')),
      'BAD_USER_INPUT',
      'at',
    ],
    ['a payment ahead of its time', pay('FAILED', instant(LATER + 300_001)), 'BAD_USER_INPUT', 'at'],
  ])('%s', (_, command, code, field) => {
    expect(refused(run(on('pro'), command, LATER))).toEqual({ code, field });
  });
  test('a trial is not made shorter', () => {
    expect(refused(run(on('pro', true), extend(NEXT_DAY), LATER))).toEqual({
      code: 'BAD_USER_INPUT',
      field: 'until',
    });
  });
  test('a trial ends within a century', () => {
    expect(refused(run(on('pro', true), extend(time('2126-02-05')), LATER))).toEqual({
      code: 'BAD_USER_INPUT',
      field: 'until',
    });
  });
  test('a change at or after the cancellation', () => {
    const leaving = done(on('pro'), cancel('PERIOD_END'), LATER);
    expect(refused(run(leaving, changeTo('free'), LATER))).toEqual({ code: 'CONFLICT', field: 'timing' });
  });
});
const NEXT_DAY = time('2026-02-04');

describe('what time does', () => {
  test.each<[string, CustomerAccount, string, SubscriptionStatus, string, string[]]>([
    ['a start', on('pro', true, time('2026-03-01')), '2026-03-01', 'TRIALING', 'pro', ['2026-03-01 started']],
    [
      'an unpaid trial falls to its plan',
      on('pro', true),
      '2026-02-20',
      'ACTIVE',
      'free',
      ['2026-02-14 trial_ended', '2026-02-14 plan_changed'],
    ],
    [
      'an unpaid trial expires',
      on('team', true),
      '2026-04-01',
      'EXPIRED',
      'team',
      ['2026-03-02 trial_ended', '2026-03-02 expired'],
    ],
    [
      'a paid trial goes on',
      done(on('team', true), pay('SUCCEEDED'), START),
      '2026-03-05',
      'ACTIVE',
      'team',
      ['2026-03-02 trial_ended'],
    ],
    ['`continue` goes on', on('club', true), '2026-02-04', 'ACTIVE', 'club', ['2026-02-03 trial_ended']],
    [
      'renewals, counted from the anchor',
      on('pro'),
      '2026-04-30',
      'ACTIVE',
      'pro',
      ['2026-02-28 renewed', '2026-03-31 renewed', '2026-04-30 renewed'],
    ],
    [
      'grace ends on a fallback',
      inStatus('PAST_DUE'),
      '2026-02-10',
      'ACTIVE',
      'free',
      ['2026-02-07 plan_changed'],
    ],
    [
      'grace ends',
      inStatus('PAST_DUE', 'enterprise'),
      '2026-03-05',
      'EXPIRED',
      'enterprise',
      ['2026-03-02 expired'],
    ],
    [
      'a cancellation comes before the renewal',
      done(on('pro'), cancel('PERIOD_END'), START),
      '2026-03-01',
      'CANCELED',
      'pro',
      ['2026-02-28 canceled'],
    ],
    [
      'a cancelled one falls to onCancel',
      done(on('enterprise'), cancel('AT', NEXT), START),
      '2026-03-01',
      'ACTIVE',
      'free',
      ['2026-02-20 plan_changed'],
    ],
    [
      'a scheduled change',
      done(on('pro'), changeTo('free'), START),
      '2026-03-01',
      'ACTIVE',
      'free',
      ['2026-02-28 plan_changed'],
    ],
    [
      'a used window is closed',
      used(on('free'), 3),
      '2026-05-01',
      'ACTIVE',
      'free',
      ['2026-02-28 window_closed'],
    ],
  ])('%s', (_, account, now, status, key, events) => {
    const change = applyDue(account, release, time(now));
    expect(first(change.account).status).toBe(status);
    expect(first(change.account).planVersion.plan.key).toBe(key);
    expect(told(change)).toEqual(events);
    expect(nextDue(account, release)).toBe(change.events[0]?.at);
  });
  test.each([
    [false, ['2026-02-01 started', '2026-02-08 plan_changed']],
    [true, ['2026-02-01 started', '2026-02-15 trial_ended', '2026-02-15 plan_changed']],
  ])('a payment that failed before the start counts from the start (trial: %s)', (trial, events) => {
    const scheduled = accepted(
      run(newCustomer(), subscribeTo('pro', { trial, startsAt: time('2026-02-01') }), START),
    );
    const failed = accepted(run(scheduled.account, pay('FAILED'), START));
    expect(told(failed)).toEqual(['2026-01-31 payment_failed']);
    const begun = applyDue(failed.account, release, time('2026-02-01')).account;
    expect(first(begun)).toMatchObject(
      trial ? { status: 'TRIALING', paid: false } : { status: 'PAST_DUE', graceEndsAt: time('2026-02-08') },
    );
    expect(told(applyDue(failed.account, release, time('2026-02-20')))).toEqual(events);
    const paid = accepted(run(failed.account, pay('SUCCEEDED'), START)).account;
    expect(first(applyDue(paid, release, time('2026-02-01')).account).status).toBe(
      trial ? 'TRIALING' : 'ACTIVE',
    );
  });
  test('a past start applies all that was due since, dated when it was due', () => {
    const change = accepted(
      run(newCustomer(), subscribeTo('pro', { trial: true, startsAt: START }), time('2026-03-01')),
    );
    expect(told(change)).toEqual(['2026-01-31 started', '2026-02-14 trial_ended', '2026-02-14 plan_changed']);
  });
});

describe('window anchors', () => {
  const calls = featureKey('calls');
  test('`reset` begins a new window, anchored at the change, and tells what the old one held', () => {
    const waiting = used(done(on('pro'), changeTo('free', { timing: 'AT', at: NEXT }), START), 7);
    const { account, events } = applyDue(waiting, release, NEXT);
    const closed: CustomerEvent = {
      type: 'usage.window_closed',
      at: NEXT,
      feature: calls,
      window: { start: START, end: NEXT },
      used: 7,
    };
    expect(events[1]).toEqual(closed);
    expect(account.windowAnchors).toEqual(new Map([[calls, NEXT]]));
    expect(account.meters.get(calls)).toMatchObject({
      used: 0,
      window: { start: NEXT, end: time('2026-03-20') },
    });
  });
  test('`carry` keeps counter, window and anchor', () => {
    const before = used(on('pro'), 7);
    const after = done(before, changeTo('enterprise'), LATER);
    expect([after.meters, after.windowAnchors]).toEqual([before.meters, before.windowAnchors]);
  });
  test('a feature lost loses its anchor, one that another subscription gives keeps it', () => {
    const two = done(on('pro'), subscribeTo('club', { id: 'sub_2' }), LATER);
    const left = done(two, cancel('NOW'), LATER);
    expect(left.windowAnchors).toEqual(new Map([[calls, START]]));
    expect(
      done(left, { ...cancel('NOW'), subscriptionId: subscriptionId('sub_2') }, LATER).windowAnchors.size,
    ).toBe(0);
  });
  test('a feature handed over at one instant has no break', () => {
    const leaving = done(on('pro'), cancel('AT', NEXT), START);
    const both = done(leaving, subscribeTo('club', { id: 'sub_2', startsAt: NEXT }), START);
    expect(applyDue(both, release, NEXT).account.windowAnchors.get(calls)).toBe(START);
  });
});
