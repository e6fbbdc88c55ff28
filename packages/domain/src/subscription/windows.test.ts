import {
  accepted,
  changeTo,
  duration,
  metered,
  newCustomer,
  plan,
  planKey,
  releaseOf,
  subscribeTo,
  subscriptionId,
  time,
  transition,
  zoneOf,
} from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { spend } from '../usage/spend.js';
import { formatInstant } from '../time/instant.js';
import { changeTimeZone } from '../usage/time-zone.js';
import { meterAt } from '../usage/window.js';
import type { AccountChange, SubscriptionCommand } from './command.js';
import { applyDue } from './due.js';
import { execute } from './execute.js';

const KEYS = ['first', 'second', 'third'];
const features = KEYS.map((key) => metered(key, 'P1M', 'subscription'));
const release = releaseOf({
  features,
  plans: [
    plan('one', { period: 'P1M', units: { first: 10, second: 10 } }),
    plan('two', { period: 'P1M', units: { second: 20, third: 20 } }),
    plan('trial', {
      family: 'tried',
      trial: { for: duration('P14D'), then: { kind: 'PLAN', plan: planKey('rest') } },
      units: { first: 1 },
    }),
    plan('rest', { family: 'tried', units: { first: 1 } }),
    plan('side', { family: 'side', units: { first: 5, second: 5, third: 5 } }),
  ],
  transitions: [
    transition('one', 'two', { usage: 'reset' }),
    transition('trial', 'rest', { usage: 'reset' }),
    transition('two', 'one'),
  ],
});

const START = '2026-01-31';
const cancel = (id: string): SubscriptionCommand => ({
  kind: 'cancel',
  subscriptionId: subscriptionId(id),
  timing: 'NOW',
  at: null,
});

/** What the account has become by `at`, and then by the command. */
function after(account: CustomerAccount, at: string, command: SubscriptionCommand): AccountChange {
  const due = applyDue(account, release, time(at));
  const done = accepted(execute(due.account, command, release, time(at)));
  return { account: done.account, events: [...due.events, ...done.events] };
}
function consumed(account: CustomerAccount, at: string, units: number): CustomerAccount {
  const meters = features.map((feature) => {
    const request = { kind: 'consume', feature: feature.key, quantity: units } as const;
    const { decision } = spend(knownState(release, account), request, time(at));
    return [feature.key, { ...meterAt(account, feature, time(at)), used: decision.used ?? 0 }] as const;
  });
  return { ...account, meters: new Map(meters) };
}
const anchors = ({ windowAnchors }: CustomerAccount) =>
  Object.fromEntries([...windowAnchors].sort().map(([key, at]) => [key, formatInstant(at).slice(0, 10)]));
const counters = (account: CustomerAccount, at: string) =>
  features.map((feature) => {
    const { used, window } = meterAt(account, feature, time(at));
    const [start, end] = [window?.start, window?.end].map((one) =>
      one === undefined ? '' : formatInstant(one).slice(5, 10),
    );
    return `${String(used)} in ${String(start)}/${String(end)}`;
  });
const begun = after(newCustomer(), START, subscribeTo('one')).account;
const beside = after(begun, '2026-02-05', subscribeTo('side', { id: 'sub_2' })).account;

describe('`usage: reset`', () => {
  test('begins new windows for what either plan has, though another subscription goes on giving it', () => {
    const used = consumed(beside, '2026-02-06', 3);
    expect(counters(used, '2026-02-06')).toEqual([
      '3 in 01-31/02-28',
      '3 in 01-31/02-28',
      '3 in 02-05/03-05',
    ]);
    const { account, events } = after(used, '2026-02-10', changeTo('two'));
    expect(anchors(account)).toEqual({ first: '2026-02-10', second: '2026-02-10', third: '2026-02-10' });
    expect(counters(account, '2026-02-10')).toEqual(KEYS.map(() => '0 in 02-10/03-10'));
    const closed = events.flatMap((event) =>
      event.type === 'usage.window_closed' ? [`${event.feature} ${String(event.used)}`] : [],
    );
    expect(closed).toEqual(['first 3', 'second 3', 'third 3']);
  });

  test('leaves what neither plan has alone', () => {
    const tried = after(beside, '2026-02-06', subscribeTo('trial', { id: 'sub_3', trial: true })).account;
    const { account } = applyDue(consumed(tried, '2026-02-07', 2), release, time('2026-02-20'));
    expect(anchors(account)).toEqual({ first: '2026-02-20', second: '2026-01-31', third: '2026-02-05' });
    expect(counters(account, '2026-02-20')).toEqual([
      '0 in 02-20/03-20',
      '2 in 01-31/02-28',
      '2 in 02-05/03-05',
    ]);
  });

  test('of years ago, in an import, takes nothing back of what runs now', () => {
    const used = consumed(begun, '2026-02-06', 3);
    const old = subscribeTo('trial', { id: 'sub_3', trial: true, startsAt: time('2020-01-01') });
    const { account } = after(used, '2026-02-10', old);
    expect(account.subscriptions.at(-1)).toMatchObject({
      status: 'ACTIVE',
      planVersion: { plan: { key: 'rest' } },
    });
    expect(anchors(account)).toEqual(anchors(begun));
    expect(counters(account, '2026-02-10')).toEqual(counters(used, '2026-02-10'));
  });
});

describe('one anchor for each customer and feature, whatever sources come and go', () => {
  test('a second source joins the window that runs, and carries it on alone', () => {
    const used = consumed(beside, '2026-02-06', 3);
    const { account } = after(used, '2026-02-10', cancel('sub_1'));
    expect(anchors(account)).toEqual(anchors(beside));
    expect(counters(account, '2026-02-10')).toEqual(counters(used, '2026-02-06'));
    expect(counters(account, '2026-03-30')).toEqual([
      '0 in 02-28/03-31',
      '0 in 02-28/03-31',
      '0 in 03-05/04-05',
    ]);
  });

  test('a change that carries moves nothing, and anchors what it adds', () => {
    const two = after(newCustomer(), START, subscribeTo('two')).account;
    const { account } = after(consumed(two, '2026-02-01', 4), '2026-02-10', changeTo('one'));
    expect(anchors(account)).toEqual({ first: '2026-02-10', second: START });
    expect(counters(account, '2026-02-10')[1]).toBe('4 in 01-31/02-28');
  });

  test('an import that overlaps moves nothing either', () => {
    const { account } = after(
      begun,
      '2026-02-10',
      subscribeTo('side', { id: 'sub_2', startsAt: time('2025-07-07') }),
    );
    expect(anchors(account)).toEqual({ first: START, second: START, third: '2025-07-07' });
  });

  test('a break is no way to a fresh limit: what was used counts to the end of its window', () => {
    const gone = after(consumed(begun, '2026-02-01', 9), '2026-02-10', cancel('sub_1')).account;
    const { account } = after(gone, '2026-02-20', subscribeTo('one', { id: 'sub_2' }));
    expect(anchors(account)).toEqual({ first: '2026-02-20', second: '2026-02-20' });
    expect(counters(account, '2026-02-20').slice(0, 2)).toEqual(['9 in 01-31/02-28', '9 in 01-31/02-28']);
    expect(counters(account, '2026-02-28').slice(0, 2)).toEqual(['0 in 02-28/03-20', '0 in 02-28/03-20']);
  });

  test('after a break in which nothing was left over the window is counted from the new beginning', () => {
    const gone = after(begun, '2026-02-10', cancel('sub_1')).account;
    const { account } = after(gone, '2026-02-20', subscribeTo('one', { id: 'sub_2' }));
    expect(counters(account, '2026-02-20')[0]).toBe('0 in 02-20/03-20');
  });
});

test('a period that runs keeps its end in another zone, and no period is a rest of hours', () => {
  const moved = changeTimeZone(begun, release, zoneOf('Pacific/Honolulu'), time('2026-02-10'));
  const { account, events } = applyDue(moved, release, time('2026-04-30'));
  const renewals = events
    .filter(({ type }) => type === 'subscription.renewed')
    .map(({ at }) => formatInstant(at));
  expect(renewals).toEqual(['2026-02-28T00:00:00.000Z', '2026-03-31T00:00:00.000Z']);
  expect(account.subscriptions[0]).toMatchObject({ period: { start: time('2026-03-31') } });
});

test('at one instant a period ends, then windows do, then what is new begins', () => {
  const ahead = subscribeTo('side', { id: 'sub_2', startsAt: time('2026-02-28') });
  const { account } = after(consumed(begun, '2026-02-05', 2), '2026-02-06', ahead);
  const due = applyDue(account, release, time('2026-02-28'));
  expect(due.events.map(({ type }) => type)).toEqual([
    'subscription.renewed',
    'usage.window_closed',
    'usage.window_closed',
    'subscription.started',
  ]);
});
