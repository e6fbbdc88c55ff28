import * as ZonedTimes from 'temporal-polyfill/fns/ZonedDateTime';
import { meridian } from '../../testing/meridian.js';
import {
  accepted,
  newCustomer,
  subscribeTo,
  subscriptionId,
  time,
  zoneOf,
} from '../../testing/subscriptions.js';
import { history, type Step, told } from '../../testing/timeline.js';
import { type CustomerAccount, knownState, type Release } from '../customer.js';
import { decide } from '../decision/decide.js';
import { executeGrant } from '../grant/execute-grant.js';
import { parseGrantId } from '../ids.js';
import { passReleases } from '../release/former-releases.js';
import { concernOf } from '../release/concern.js';
import type { SubscriptionCommand } from './command.js';
import { applyDue, nextDue } from './due.js';
import { execute } from './execute.js';
import { instant } from '../time/instant.js';
import { describeUpcoming, upcoming } from './upcoming.js';

/** The calendar itself, with its additions counted. */
jest.mock('temporal-polyfill/fns/ZonedDateTime', () => {
  const calendar = jest.requireActual<typeof ZonedTimes>('temporal-polyfill/fns/ZonedDateTime');
  return { ...calendar, add: jest.fn(calendar.add) };
});

const release = meridian(1, ['P30D', 'P7D', 'P1D']);
const START = '2026-01-31';
const id = subscriptionId('sub_1');
const trial: Step = [START, subscribeTo('pro', { trial: true })];
const pause: SubscriptionCommand = { kind: 'pause', subscriptionId: id };
const resume: SubscriptionCommand = { kind: 'resume', subscriptionId: id };
const extend = (until: string): SubscriptionCommand => ({
  kind: 'extendTrial',
  subscriptionId: id,
  until: time(until),
});

/** What is told until then of a customer to whom this has happened. */
function soon(steps: readonly Step[], until: string): string[] {
  const before = history(release, steps);
  const after = applyDue(before.account, release, time(until));
  return told({ ...after, events: [...before.events, ...after.events] }).filter((line) =>
    line.endsWith('_soon'),
  );
}

test.each<[string, readonly Step[], string[]]>([
  [
    'once for each span, and not for one that is longer than the trial',
    [trial],
    ['2026-02-07 trial_expiring_soon', '2026-02-13 trial_expiring_soon'],
  ],
  [
    'again for an end that was moved out of reach',
    [trial, ['2026-02-08', extend('2026-03-01')]],
    ['2026-02-07 trial_expiring_soon', '2026-02-22 trial_expiring_soon', '2026-02-28 trial_expiring_soon'],
  ],
  [
    'not again for an end that was moved and is still near',
    [trial, ['2026-02-08', extend('2026-02-15')]],
    ['2026-02-07 trial_expiring_soon', '2026-02-14 trial_expiring_soon'],
  ],
  ['not while the trial waits in a pause', [trial, ['2026-02-01', pause]], []],
  [
    'for the end that the trial has after a pause',
    [trial, ['2026-02-01', pause], ['2026-03-01', resume]],
    ['2026-03-07 trial_expiring_soon', '2026-03-13 trial_expiring_soon'],
  ],
  ['of nothing where nothing ends', [[START, subscribeTo('pro')]], []],
])('a trial is told of %s', (_, steps, events) => {
  expect(soon(steps, '2026-06-01')).toEqual(events);
});

test('an import is told of from now on, not of what was near before it was known', () => {
  const imported = subscribeTo('pro', { trial: true, startsAt: time(START) });
  const done = accepted(execute(newCustomer(), imported, release, time('2026-02-10')));
  expect(told(done)).toEqual(['2026-01-31 started']);
  const [next] = told(applyDue(done.account, release, time('2026-02-14')));
  expect(next).toBe('2026-02-13 trial_expiring_soon');
});

function granted(zone: string, expiresAt: string, startsAt: string | null = null): CustomerAccount {
  const grantId = parseGrantId('grant_1');
  if (grantId === null) throw new Error('it is an id');
  const asked = { kind: 'grantEntitlement', grantId, feature: 'calls', effect: 'ADD', value: 5 } as const;
  const times = { startsAt: startsAt === null ? null : time(startsAt), expiresAt: time(expiresAt) };
  const command = { ...asked, reason: 'a promise', ...times };
  return accepted(executeGrant(newCustomer(zone), command, release, time(START))).account;
}

test('a grant is told of at the same local time as its end, however the clocks change', () => {
  const events = applyDue(
    granted('Europe/Berlin', '2026-03-30T10:00:00Z'),
    release,
    time('2026-06-01'),
  ).events;
  expect(events.map(({ type, at }) => [type, new Date(at).toISOString()])).toEqual([
    // Summer time begins in between: 12:00 in Berlin each.
    ['grant.expiring_soon', '2026-02-28T11:00:00.000Z'],
    ['grant.expiring_soon', '2026-03-23T11:00:00.000Z'],
    ['grant.expiring_soon', '2026-03-29T10:00:00.000Z'],
    ['grant.expired', '2026-03-30T10:00:00.000Z'],
  ]);
});

test('a grant is not told of before it has begun, or where it begins that near to its end', () => {
  const events = applyDue(granted('UTC', '2026-03-10', '2026-03-03'), release, time('2026-06-01'));
  expect(told(events)).toEqual(['2026-03-03 started', '2026-03-09 expiring_soon', '2026-03-10 expired']);
});

test('an event at the instant of another one is told of as well', () => {
  const minutes = [...release.catalog.features.values()].find(({ key }) => key === 'minutes');
  if (minutes?.type !== 'METERED') throw new Error('minutes are counted');
  const window = { start: time('2026-02-01'), end: time('2026-03-01') };
  const account: CustomerAccount = {
    ...granted('UTC', '2026-03-08'),
    meters: new Map([
      [
        minutes.key,
        { feature: minutes.key, used: 1, reserved: 0, window, rolled: [], freesAt: null, overdrawn: 0 },
      ],
    ]),
  };
  expect(told(applyDue(account, release, time('2026-03-02')))).toEqual([
    '2026-02-06 expiring_soon',
    '2026-03-01 window_closed',
    '2026-03-01 expiring_soon',
  ]);
});

test('it says how near the end is, and people read when', () => {
  const { account } = history(release, [trial]);
  const [first] = upcoming(account, release, time(START), { until: null, most: 1 });
  expect(first).toMatchObject({ within: 'P7D', endsAt: time('2026-02-14'), trial: { id } });
  expect(first && describeUpcoming(first)).toBe('the trial of `pro` ends at 2026-02-14T00:00:00.000Z');
  expect(nextDue(account, release)).toBe(time('2026-02-07'));
});

test('a release that tells earlier begins with its publication, and what a former one told is not told again', () => {
  const { account } = history(release, [trial]);
  const published: Release = {
    ...meridian(2, ['P8D', 'P2D']),
    publication: { version: 2, at: time('2026-02-09'), undoesAfter: null, timeZone: zoneOf('UTC') },
  };
  const { account: passed, events } = passReleases(account, [release, published], () => zoneOf('UTC'));
  const after = applyDue(passed, published, time('2026-02-13T12:00:00Z'));
  expect(told({ account, events: [...events, ...after.events] })).toEqual([
    '2026-02-07 trial_expiring_soon',
    '2026-02-12 trial_expiring_soon',
  ]);
  expect(concernOf(release, published).everyone).toBe(true);
  expect(concernOf(release, { ...release, publication: published.publication }).everyone).toBe(false);
});

/** Each ends a minute after the one before it. */
function manyGranted(count: number): CustomerAccount {
  const account = granted('Europe/Berlin', '2026-06-01');
  const ends = Array.from({ length: count }, (_, index) => {
    const minutes = String(index).padStart(4, '0');
    return account.grants.flatMap((grant) => {
      const id = parseGrantId(`grant_${minutes}`);
      return id === null ? [] : [{ ...grant, id, expiresAt: instant(time('2026-06-01') + index * 60_000) }];
    });
  });
  return { ...account, grants: ends.flat() };
}

/** How often the calendar is asked meanwhile. */
function reckonings(work: () => void): number {
  const { calls } = jest.mocked(ZonedTimes.add).mock;
  const before = calls.length;
  work();
  return calls.length - before;
}

test('the calendar is asked once for each end and span, however much is due', () => {
  const account = manyGranted(200);
  let events = 0;
  const asked = reckonings(() => {
    events = applyDue(account, release, time('2026-07-01')).events.length;
  });
  expect(events).toBe(200 * 4);
  expect(asked).toBeGreaterThanOrEqual(200 * 3);
  expect(asked).toBeLessThan(200 * 3 + 50);
});

test('in another zone the instants are others', () => {
  const account = granted('Europe/Berlin', '2026-03-30T10:00:00Z');
  expect(nextDue(account, release)).toBe(time('2026-02-28T11:00:00Z'));
  expect(nextDue({ ...account, timeZone: zoneOf('UTC') }, release)).toBe(time('2026-02-28T10:00:00Z'));
  expect(nextDue(account, meridian(2, ['P1D']))).toBe(time('2026-03-29T10:00:00Z'));
});

test.each(['2026-02-01', '2026-05-30'])('a decision leaves out what would only be told: %s', (now) => {
  const state = knownState(release, manyGranted(200));
  const asked = reckonings(() => {
    expect(decide(state, { feature: 'calls', quantity: 1 }, time(now)).allowed).toBe(true);
  });
  expect(asked).toBeLessThan(50);
});

test('what has ended is told of by the calendar once for each as well', () => {
  const { account } = history(release, [
    [START, subscribeTo('free')],
    ['2026-02-01', { kind: 'cancel', subscriptionId: id, timing: 'NOW', at: null }],
  ]);
  const subscriptions = Array.from({ length: 200 }, (_, index) =>
    account.subscriptions.flatMap((one) =>
      one.status === 'CANCELED'
        ? [
            {
              ...one,
              id: subscriptionId(`sub_${String(index)}`),
              endedAt: instant(one.endedAt + index * 60_000),
            },
          ]
        : [],
    ),
  ).flat();
  const asked = reckonings(() => {
    const { events } = applyDue({ ...account, subscriptions }, release, time('2026-07-01'));
    expect(events).toHaveLength(200);
  });
  expect(asked).toBeLessThan(200 + 50);
});
