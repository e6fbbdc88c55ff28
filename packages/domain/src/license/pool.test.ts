import fc from 'fast-check';
import {
  issueOf,
  LICENSED,
  licenseHistory,
  licenseIn,
  performAt,
  renewalOf,
  toldOf,
  verbOf,
} from '../../testing/licenses.js';
import { accepted, duration, featureKey, newCustomer, time } from '../../testing/subscriptions.js';
import type { CustomerAccount } from '../customer.js';
import type { CustomerEvent } from '../subscription/command.js';
import { concernOf } from '../release/concern.js';
import { applyDue, nextDue } from '../subscription/due.js';
import { describeUpcoming, upcoming } from '../subscription/upcoming.js';
import { spanFromAnchor } from '../time/calendar.js';
import { formatInstant, instant, type Instant, parseTimeZone, type TimeZone } from '../time/instant.js';
import { changeTimeZone } from '../usage/time-zone.js';
import { executeLicense } from './execute-license.js';

const START = '2026-01-31T12:00:00Z';
const A_YEAR = { expiresAt: '2027-01-31T12:00:00Z' };

/** The blocks given, as `2026-02-28T12:00:00.000Z 100`. */
function given(events: readonly CustomerEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'credits.added'
      ? [`${formatInstant(event.at).slice(0, 13)} ${String(event.credits.after.quantity)}`]
      : [],
  );
}

const until = (account: CustomerAccount, at: string) => applyDue(account, LICENSED, time(at));

test('a pool is filled at its start and with each period of its plan, counted from the start', () => {
  const { account, events } = licenseHistory([[START, issueOf('pool', A_YEAR)]]);
  expect(given(events)).toEqual(['2026-01-31T12 100', '2026-01-31T12 5']);
  expect(given(until(account, '2026-05-15').events)).toEqual([
    '2026-02-28T12 100',
    '2026-03-31T12 100',
    '2026-04-30T12 100',
  ]);
});

test('its blocks are of the licence, and end as the plan says', () => {
  const { account } = licenseHistory([[START, issueOf('pool', A_YEAR)]]);
  expect(account.blocks.map(({ source, expiresAt }) => [source, expiresAt])).toEqual([
    [{ kind: 'LICENSE', id: 'lic_1', key: 'pool' }, time('2026-03-31T12:00:00Z')],
    [{ kind: 'LICENSE', id: 'lic_1', key: 'pool' }, null],
  ]);
});

test('two pools are filled each by itself, with blocks of their own', () => {
  const { account } = licenseHistory([
    [START, issueOf('pool', A_YEAR)],
    [START, issueOf('pool', { ...A_YEAR, id: 'lic_2' })],
  ]);
  const { account: after } = until(account, '2026-03-01');
  expect(new Set(after.blocks.map(({ id }) => id)).size).toBe(6);
});

test('one that begins later is filled then', () => {
  const { account, events } = licenseHistory([[START, issueOf('pool', { startsAt: '2026-03-05' })]]);
  expect(given(events)).toEqual([]);
  expect(given(until(account, '2026-03-20').events)).toEqual(['2026-03-05T00 100', '2026-03-05T00 5']);
});

test('at its end it is given nothing, nor in its grace period', () => {
  const { account } = licenseHistory([[START, issueOf('pool')]]);
  expect(given(until(account, '2026-12-01').events)).toEqual([]);
});

test('renewed in its grace period, or before, it is given the next period once', () => {
  const { account } = licenseHistory([[START, issueOf('pool')]]);
  const early = accepted(performAt(account, '2026-02-10', renewalOf()));
  expect(given(early.events)).toEqual([]);
  expect(given(until(early.account, '2026-12-01').events)).toEqual(['2026-02-28T12 100']);
  const late = accepted(performAt(account, '2026-03-01', renewalOf()));
  expect(given(late.events)).toEqual(['2026-03-01T00 100']);
  expect(given(until(late.account, '2026-12-01').events)).toEqual([]);
});

test('renewed long after, it is given what the running period brings, and no period in between', () => {
  const { account } = licenseHistory([[START, issueOf('pool')]]);
  const { account: after, events } = accepted(
    performAt(account, '2026-07-10', renewalOf({ expiresAt: '2026-09-01' })),
  );
  expect(given(events)).toEqual(['2026-07-10T00 100']);
  expect(given(until(after, '2026-12-01').events)).toEqual(['2026-07-31T12 100', '2026-08-31T12 100']);
});

test('suspended it is given nothing; what was kept back of the running period comes with the reinstatement', () => {
  const { account } = licenseHistory([
    [START, issueOf('pool', A_YEAR)],
    ['2026-02-10', verbOf('suspendLicense')],
  ]);
  expect(given(until(account, '2026-05-15').events)).toEqual([]);
  const { account: back, events } = accepted(performAt(account, '2026-05-15', verbOf('reinstateLicense')));
  expect(given(events)).toEqual(['2026-05-15T00 100']);
  expect(given(until(back, '2026-06-10').events)).toEqual(['2026-05-31T12 100']);
});

test('suspended and reinstated within a period it is given nothing twice', () => {
  const { account, events } = licenseHistory([
    [START, issueOf('pool', A_YEAR)],
    ['2026-02-10', verbOf('suspendLicense')],
    ['2026-02-11', verbOf('reinstateLicense')],
    ['2026-02-12', renewalOf({ expiresAt: '2028-01-31T12:00:00Z' })],
  ]);
  expect(given(events)).toEqual(['2026-01-31T12 100', '2026-01-31T12 5']);
  expect(given(until(account, '2026-03-01').events)).toEqual(['2026-02-28T12 100']);
});

test('revoked it is given nothing, and keeps what it was given', () => {
  const { account } = licenseHistory([
    [START, issueOf('pool', A_YEAR)],
    ['2026-02-10', verbOf('revokeLicense')],
  ]);
  expect(account.blocks.map(({ status }) => status)).toEqual(['LIVE', 'LIVE']);
  expect(given(until(account, '2027-01-01').events)).toEqual([]);
});

describe('of a feature that the release lacked when it was issued', () => {
  const features = new Map([...LICENSED.catalog.features].filter(([key]) => key !== featureKey('credits')));
  const lacking = { ...LICENSED, catalog: { ...LICENSED.catalog, features } };
  const issued = () => {
    const outcome = executeLicense(newCustomer(), issueOf('pool', A_YEAR), lacking, time(START));
    return applyDue(accepted(outcome).account, lacking, time('2026-04-10'));
  };

  test('it is given none as long as that is so', () => {
    expect(given(issued().events)).toEqual([]);
    expect(given(applyDue(issued().account, lacking, time('2026-08-10')).events)).toEqual([]);
  });

  test('it is given them by time alone, with the next period, once the feature is there', () => {
    const { account } = issued();
    const since = { ...account, turnedUntil: time('2026-04-10') };
    expect(nextDue(since, LICENSED)).toBe(time('2026-04-30T12:00:00Z'));
    const [first] = upcoming(since, LICENSED, time('2026-04-10'), { until: null, most: 1 });
    expect(first && describeUpcoming(first)).toBe('100 credits of `credits` are given');
    expect(given(until(since, '2026-06-10').events)).toEqual([
      '2026-04-30T12 100',
      '2026-04-30T12 5',
      '2026-05-31T12 100',
    ]);
  });

  test('a publication that brings it makes everyone due, so that the time is written down', () => {
    expect(concernOf(lacking, LICENSED).everyone).toBe(true);
    expect(concernOf(LICENSED, lacking).everyone).toBe(false);
  });
});

test('what it will be given is foretold', () => {
  const { account } = licenseHistory([[START, issueOf('pool', A_YEAR)]]);
  const [first] = upcoming(account, LICENSED, time(START), { until: null, most: 1 });
  expect(first && describeUpcoming(first)).toBe('100 credits of `credits` are given');
  expect(nextDue(account, LICENSED)).toBe(time('2026-02-28T12:00:00Z'));
});

test('all that lies ahead of a licence is foretold in words', () => {
  const { account } = licenseHistory([[START, issueOf('term', { startsAt: '2026-03-01' })]]);
  const ahead = upcoming(account, LICENSED, time(START), { until: null, most: 20 });
  expect(ahead.map(describeUpcoming)).toEqual([
    'the licence to `term` begins',
    expect.stringContaining('the licence to `term` ends at'),
    expect.stringContaining('the licence to `term` ends at'),
    'the licence to `term` ends, and its grace period begins',
    'the licence to `term` expires',
    'the former licence to `term` is no reason any more why something is denied',
  ]);
});

describe('in another time zone', () => {
  const zone = (text: string): TimeZone => {
    const parsed = parseTimeZone(text);
    if (parsed === null) throw new TypeError(`no time zone: ${text}`);
    return parsed;
  };
  const moved = (account: CustomerAccount, at: string, to: string) =>
    changeTimeZone(until(account, at).account, LICENSED, zone(to), time(at));

  test.each([
    ['America/Los_Angeles', 'UTC'],
    ['UTC', 'America/Los_Angeles'],
    ['Europe/Berlin', 'America/New_York'],
    ['Asia/Tokyo', 'Australia/Lord_Howe'],
  ])('no period is given twice or left out (%s to %s)', (from, to) => {
    const { account } = licenseHistory([[START, issueOf('pool', A_YEAR)]], from);
    const changed = moved(account, '2026-04-05', to);
    const told = given(until(changed, '2026-07-15').events).map((one) => one.slice(0, 10));
    expect(told).toEqual(['2026-04-30', '2026-05-31', '2026-06-30']);
  });

  test('of whatever zones, whenever it moves, there are as many gifts as periods', () => {
    const HOUR = 3_600_000;
    const hours = fc.integer({ min: 0, max: 8000 });
    const place = fc.constantFrom(
      ...['UTC', 'Europe/Berlin', 'America/Los_Angeles', 'Australia/Lord_Howe', 'Pacific/Auckland'],
    );
    fc.assert(
      fc.property(
        place,
        place,
        place,
        hours,
        hours,
        fc.nat(8000),
        (first, second, third, one, other, after) => {
          const start = instant(time('2026-01-01') + after * HOUR);
          const command = { ...issueOf('pool'), startsAt: start, expiresAt: instant(start + 9000 * HOUR) };
          let { account } = accepted(executeLicense(newCustomer(first), command, LICENSED, start));
          const [early = one, late = other] = [one, other].toSorted((a, b) => a - b);
          const events: CustomerEvent[] = [];
          const become = (delta: number): Instant => {
            const change = applyDue(account, LICENSED, instant(start + delta * HOUR));
            events.push(...change.events);
            account = change.account;
            return instant(start + delta * HOUR);
          };
          const moves = become(early);
          account = changeTimeZone(account, LICENSED, zone(second), moves);
          const movesAgain = become(late);
          account = changeTimeZone(account, LICENSED, zone(third), movesAgain);
          // Half a month after the last of 11 months: no zone is near another period.
          const end = (spanFromAnchor(start, duration('P11M'), zone(third), start).end - start) / HOUR + 300;
          become(end);
          expect(given(events).filter((gift) => gift.endsWith(' 100'))).toHaveLength(11);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('within the hour in which a period has begun in one zone alone it is given once', () => {
    const { account } = licenseHistory([[START, issueOf('pool', A_YEAR)]], 'America/Los_Angeles');
    const changed = moved(account, '2026-03-31T11:30:00Z', 'UTC');
    expect(given(until(changed, '2026-04-15').events)).toEqual([]);
    const back = accepted(performAt(changed, '2026-04-01', verbOf('suspendLicense'))).account;
    const again = accepted(performAt(back, '2026-04-02', verbOf('reinstateLicense')));
    expect(given(again.events)).toEqual([]);
  });

  test('the ends of a licence stay', () => {
    const { account } = licenseHistory([[START, issueOf('strict')]]);
    const changed = moved(account, '2026-02-10', 'Asia/Tokyo');
    expect(licenseIn(changed)).toEqual(licenseIn(account));
  });

  test('a grace period that runs keeps its end', () => {
    const { account } = licenseHistory([[START, issueOf('term')]], 'Europe/Berlin');
    const changed = moved(account, '2026-03-01', 'America/New_York');
    expect(toldOf(until(changed, '2026-04-01'))).toEqual(['2026-03-07T12:00:00Z license.expired']);
  });
});
