import {
  accepted,
  featureKey,
  metered,
  newCustomer,
  plan,
  releaseOf,
  subscribeTo,
  time,
  zoneOf,
} from '../../testing/subscriptions.js';
import type { CustomerAccount } from '../customer.js';
import { resetWindows } from '../subscription/anchors.js';
import { applyDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import { formatInstant } from '../time/instant.js';
import { changeTimeZone } from './time-zone.js';
import { meterAt, windowAt } from './window.js';

const calls = metered('calls', 'P1M', 'subscription');
const minutes = metered('minutes', 'P1M', 'calendar');
const release = releaseOf({
  features: [calls, minutes],
  plans: [plan('one', { units: { calls: 100, minutes: 100 } })],
});

const since = (start: string, home: string) =>
  accepted(execute(newCustomer(home), subscribeTo('one'), release, time(start))).account;
const moved = (account: CustomerAccount, zone: string, at: string) =>
  changeTimeZone(account, release, zoneOf(zone), time(at));
const window = (account: CustomerAccount, feature: typeof calls, at: string) => {
  const span = windowAt(feature, account, time(at));
  return span === null ? null : [span.start, span.end].map((one) => formatInstant(one).slice(0, 16));
};
/** With `units` used of both in the windows that run at `at`. */
function used(account: CustomerAccount, units: number, at: string): CustomerAccount {
  const meters = [calls, minutes].map(
    (feature) => [feature.key, { ...meterAt(account, feature, time(at)), used: units }] as const,
  );
  return { ...account, meters: new Map(meters) };
}

describe('a running window keeps its start; its end shows the same date and time in the new zone', () => {
  const START = '2026-01-31T08:00:00Z';
  test.each([
    ['west', 'Pacific/Honolulu', '2026-02-28T18:00', '2026-03-01T10:00'],
    ['east', 'Pacific/Kiritimati', '2026-02-27T18:00', '2026-02-28T10:00'],
    ['by 45 minutes more', 'Asia/Kathmandu', '2026-02-28T02:15', '2026-02-28T18:15'],
  ])('%s', (_, zone, end, calendarEnd) => {
    const account = moved(used(since(START, 'UTC'), 1, '2026-02-10'), zone, '2026-02-10');
    expect(window(account, calls, '2026-02-10')).toEqual(['2026-01-31T08:00', end]);
    expect(window(account, minutes, '2026-02-10')).toEqual(['2026-02-01T00:00', calendarEnd]);
  });

  test('an end that is past there is moved to the present, and the next window is whole', () => {
    const at = '2026-02-28T07:00:00Z';
    const account = moved(used(since(START, 'UTC'), 1, at), 'Pacific/Kiritimati', at);
    expect(window(account, calls, '2026-02-28T06:59:59Z')).toEqual(['2026-01-31T08:00', '2026-02-28T07:00']);
    const { events } = applyDue(account, release, time(at));
    expect(events.map((event) => event.type)).toContain('usage.window_closed');
    expect(window(account, calls, at)).toEqual(['2026-02-28T07:00', '2026-03-30T18:00']);
  });

  test('there and back again nothing has moved', () => {
    const account = used(since(START, 'UTC'), 1, '2026-02-10');
    const back = moved(moved(account, 'Pacific/Apia', '2026-02-10'), 'UTC', '2026-02-11');
    expect(back).toEqual(account);
  });
});

describe('no window is added or skipped', () => {
  test('not where the first window has begun an hour ago and nothing is used yet', () => {
    const account = moved(since('2026-02-10T08:00:00Z', 'UTC'), 'Pacific/Honolulu', '2026-02-10T09:00:00Z');
    expect(window(account, calls, '2026-02-10T09:00:00Z')).toEqual(['2026-02-10T09:00', '2026-03-10T09:00']);
  });

  test('not where the new zone skips the local time of the anchor', () => {
    const account = used(since('2026-03-29T02:30:00Z', 'UTC'), 1, '2026-04-10');
    const { account: later } = applyDue(
      moved(account, 'Europe/Berlin', '2026-04-10'),
      release,
      time('2026-05-01'),
    );
    expect(window(later, calls, '2026-05-01')).toEqual(['2026-04-29T00:30', '2026-05-28T23:30']);
  });

  test('of a counter that has been idle since its window was over the one that runs keeps its start', () => {
    const idle = used(since('2026-01-10', 'UTC'), 0, '2026-01-10');
    const account = moved(idle, 'Europe/Berlin', '2026-06-15');
    expect(window(account, calls, '2026-06-15')).toEqual(['2026-06-10T00:00', '2026-07-09T22:00']);
    expect(window(account, minutes, '2026-06-15')).toEqual(['2026-06-01T00:00', '2026-06-30T22:00']);
  });
});

test('a window that has begun, and that no counter holds, does not begin once more in a zone to the west', () => {
  const month = since('2026-01-31T06:15:00Z', 'Pacific/Kiritimati');
  const at = '2026-03-31T08:00:00Z';
  expect(window(month, calls, at)).toEqual(['2026-03-31T06:15', '2026-04-30T06:15']);
  // At home it would begin at 20:15.
  expect(window(moved(month, 'UTC', at), calls, at)).toEqual(['2026-03-31T08:00', '2026-04-30T08:00']);
  const idle = used(month, 0, '2026-02-10');
  expect(window(moved(idle, 'UTC', at), calls, at)).toEqual(['2026-03-31T06:15', '2026-04-30T20:15']);
});

test('what runs by anchors alone is anchored at the same local time', () => {
  const account = moved(since('2026-01-31T08:00:00Z', 'UTC'), 'Europe/Berlin', '2026-02-10');
  expect(account.windowAnchors.get(featureKey('calls'))).toBe(time('2026-01-31T07:00:00Z'));
});

test('a reset anchors windows now, also where the move has brought the anchor ahead of the present', () => {
  const at = '2026-01-31T09:00:00Z';
  // At 08:00 local time, which in Honolulu is still to come.
  const account = moved(used(since('2026-01-31T08:00:00Z', 'UTC'), 1, at), 'Pacific/Honolulu', at);
  const [subscription] = account.subscriptions;
  if (!subscription) throw new Error('one is sold');
  const change = { before: subscription, after: subscription, at: time(at) };
  const reset = resetWindows(account, release, change);
  expect(reset.events).toMatchObject([{ feature: 'calls', used: 1 }, { feature: 'minutes' }]);
  expect(window(reset.account, calls, at)).toEqual(['2026-01-31T09:00', '2026-03-01T09:00']);
});
