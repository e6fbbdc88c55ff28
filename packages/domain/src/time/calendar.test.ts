import fc from 'fast-check';
import { duration, time, zoneOf } from '../../testing/subscriptions.js';
import {
  addDuration,
  calendarSpan,
  lengthOf,
  longestOf,
  sameLength,
  spanFromAnchor,
  subtractDuration,
} from './calendar.js';
import { formatInstant, instant } from './instant.js';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'Africa/Monrovia',
];
const STEPS = [
  'PT1H',
  'PT15M',
  'PT6H',
  'P1D',
  'P3D',
  'P1W',
  'P2W',
  'P1M',
  'P3M',
  'P1Y',
  'P4Y',
  'P1M1D',
  'P1DT1H',
];

const zones = fc.constantFrom(...ZONES).map(zoneOf);
const steps = fc.constantFrom(...STEPS).map(duration);
const corners = [
  '2024-02-29T00:00:00Z',
  '2026-01-31T12:00:00Z',
  '2026-03-29T01:00:00Z',
  '2026-10-25T00:30:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:30:00Z',
  '2011-12-30T10:00:00Z',
  '2018-11-04T03:00:00Z',
].map(time);
const instants = fc.oneof(
  fc.integer({ min: time('1995-01-01'), max: time('2040-01-01') }).map(instant),
  fc
    .tuple(fc.constantFrom(...corners), fc.integer({ min: -7_200_000, max: 7_200_000 }))
    .map(([a, b]) => instant(a + b)),
);

describe('adding durations', () => {
  test.each([
    [
      'a month from the 31st ends on the last day',
      '2026-01-31T10:00:00Z',
      'P1M',
      'UTC',
      '2026-02-28T10:00:00.000Z',
    ],
    ['a day may have 23 hours', '2026-03-28T12:00:00Z', 'P1D', 'Europe/Berlin', '2026-03-29T11:00:00.000Z'],
    ['24 hours are 24 hours', '2026-03-28T12:00:00Z', 'PT24H', 'Europe/Berlin', '2026-03-29T12:00:00.000Z'],
    [
      'a skipped local time moves on by the gap',
      '2026-03-28T01:30:00Z',
      'P1D',
      'Europe/Berlin',
      '2026-03-29T01:30:00.000Z',
    ],
    [
      'of a repeated local time the earlier counts',
      '2026-10-24T00:30:00Z',
      'P1D',
      'Europe/Berlin',
      '2026-10-25T00:30:00.000Z',
    ],
    [
      'a year from 29 February ends on the 28th',
      '2024-02-29T00:00:00Z',
      'P1Y',
      'UTC',
      '2025-02-28T00:00:00.000Z',
    ],
  ])('%s', (_, at, every, zone, expected) => {
    expect(formatInstant(addDuration(time(at), duration(every), zoneOf(zone)))).toBe(expected);
  });

  test('subtracting goes back by the calendar', () => {
    expect(subtractDuration(time('2026-03-31'), duration('P1M'), zoneOf('UTC'))).toBe(time('2026-02-28'));
  });

  test('lengths are compared as the calendar has them', () => {
    expect(sameLength(duration('P1Y'), duration('P12M'))).toBe(true);
    expect(sameLength(duration('P1W'), duration('P7D'))).toBe(true);
    expect(sameLength(duration('P1M'), duration('P30D'))).toBe(false);
    expect(sameLength(duration('P1D'), duration('PT24H'))).toBe(false);
  });

  test('lengths are whole milliseconds, as instants are', () => {
    for (const length of [lengthOf, longestOf]) {
      expect(length(duration('PT1.0005S'))).toBe(1000);
      expect(length(duration('PT0.0001S'))).toBe(0);
    }
  });

  test('what is longer than any calendar is longer than any bound', () => {
    for (const length of [lengthOf, longestOf]) expect(length(duration('P1000000Y'))).toBe(Infinity);
  });
});

describe('spans from an anchor', () => {
  test('are counted from the anchor itself: 31 Jan, 28 Feb, 31 Mar', () => {
    const span = (at: string) => spanFromAnchor(time('2026-01-31'), duration('P1M'), zoneOf('UTC'), time(at));
    expect(span('2026-02-27')).toEqual({ start: time('2026-01-31'), end: time('2026-02-28') });
    expect(span('2026-02-28')).toEqual({ start: time('2026-02-28'), end: time('2026-03-31') });
    expect(span('2026-03-31')).toEqual({ start: time('2026-03-31'), end: time('2026-04-30') });
    expect(span('2026-01-30')).toEqual({ start: time('2025-12-31'), end: time('2026-01-31') });
  });

  test.each([
    ['29 February comes back', '2024-02-29', 'P1Y', 'UTC', '2028-03-01', '2028-02-29', '2029-02-28'],
    [
      'the skipped 30 December moves on by the gap, and the 30th comes back',
      '2011-11-30T10:00:00Z',
      'P1M',
      'Pacific/Apia',
      '2012-01-01',
      '2011-12-30T10:00:00Z',
      '2012-01-29T10:00:00Z',
    ],
    [
      'a skipped half past two is half past three that day alone',
      '2026-03-27T01:30:00Z',
      'P1D',
      'Europe/Berlin',
      '2026-03-29T02:00:00Z',
      '2026-03-29T01:30:00Z',
      '2026-03-30T00:30:00Z',
    ],
    [
      'of a repeated half past two the earlier begins the window',
      '2026-10-24T00:30:00Z',
      'P1D',
      'Europe/Berlin',
      '2026-10-25T01:45:00Z',
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ],
  ])('%s', (_, anchor, every, zone, at, start, end) => {
    const span = spanFromAnchor(time(anchor), duration(every), zoneOf(zone), time(at));
    expect([span.start, span.end].map(formatInstant)).toEqual([time(start), time(end)].map(formatInstant));
  });

  test('every instant belongs to exactly one', () => {
    fc.assert(
      fc.property(instants, steps, zones, instants, (anchor, every, zone, at) => {
        const span = spanFromAnchor(anchor, every, zone, at);
        expectPartition(span, at, (other) => spanFromAnchor(anchor, every, zone, other));
      }),
      { numRuns: 400 },
    );
  });

  test('one of them begins at the anchor', () => {
    fc.assert(
      fc.property(instants, steps, zones, (anchor, every, zone) => {
        expect(spanFromAnchor(anchor, every, zone, anchor).start).toBe(anchor);
      }),
      { numRuns: 200 },
    );
  });
});

describe('calendar spans', () => {
  test.each([
    ['a year from 1 January', 'P1Y', 'UTC', '2026-05-05T05:05:05Z', '2026-01-01', '2027-01-01'],
    [
      'a month from the 1st, in the zone',
      'P1M',
      'Europe/Berlin',
      '2026-05-31T23:00:00Z',
      '2026-05-31T22:00:00Z',
      '2026-06-30T22:00:00Z',
    ],
    ['a week from Monday', 'P1W', 'UTC', '2026-05-06', '2026-05-04', '2026-05-11'],
    [
      'a day from midnight',
      'P1D',
      'America/New_York',
      '2026-03-08T12:00:00Z',
      '2026-03-08T05:00:00Z',
      '2026-03-09T04:00:00Z',
    ],
    [
      'an hour from the full hour of the zone',
      'PT1H',
      'Asia/Kolkata',
      '2026-05-06T10:45:00Z',
      '2026-05-06T10:30:00Z',
      '2026-05-06T11:30:00Z',
    ],
    ['a quarter from 1970', 'P3M', 'UTC', '2026-05-06', '2026-04-01', '2026-07-01'],
    ['two weeks from 5 January 1970', 'P2W', 'UTC', '1970-01-20', '1970-01-19', '1970-02-02'],
    ['five years from 1970', 'P5Y', 'UTC', '2026-05-06', '2025-01-01', '2030-01-01'],
    [
      'the hour that a half-hour change makes longer',
      'PT1H',
      'Australia/Lord_Howe',
      '2026-04-04T15:10:00Z',
      '2026-04-04T14:00:00Z',
      '2026-04-04T15:30:00Z',
    ],
    [
      'the hour that a half-hour change makes shorter',
      'PT1H',
      'Australia/Lord_Howe',
      '2026-10-03T15:45:00Z',
      '2026-10-03T15:30:00Z',
      '2026-10-03T16:00:00Z',
    ],
    [
      'a repeated hour is an hour of its own',
      'PT1H',
      'Europe/Berlin',
      '2026-10-25T01:30:00Z',
      '2026-10-25T01:00:00Z',
      '2026-10-25T02:00:00Z',
    ],
    [
      'a day whose midnight is skipped begins at one',
      'P1D',
      'America/Sao_Paulo',
      '2018-11-04T12:00:00Z',
      '2018-11-04T03:00:00Z',
      '2018-11-05T02:00:00Z',
    ],
    [
      'a week that loses a day to the date line',
      'P1W',
      'Pacific/Apia',
      '2011-12-31T00:00:00Z',
      '2011-12-26T10:00:00Z',
      '2012-01-01T10:00:00Z',
    ],
    [
      'the hour that a quarter of an hour is skipped of',
      'PT1H',
      'Asia/Kathmandu',
      '1985-12-31T18:45:00Z',
      '1985-12-31T18:30:00Z',
      '1985-12-31T19:15:00Z',
    ],
    [
      'a day that a zone skips is none',
      'P1D',
      'Pacific/Apia',
      '2011-12-30T10:30:00Z',
      '2011-12-30T10:00:00Z',
      '2011-12-31T10:00:00Z',
    ],
  ])('%s', (_, every, zone, at, start, end) => {
    const span = calendarSpan(duration(every), zoneOf(zone), time(at));
    expect([span.start, span.end].map(formatInstant)).toEqual([time(start), time(end)].map(formatInstant));
  });

  test('every instant belongs to exactly one', () => {
    fc.assert(
      fc.property(steps, zones, instants, (every, zone, at) => {
        expectPartition(calendarSpan(every, zone, at), at, (other) => calendarSpan(every, zone, other));
      }),
      { numRuns: 400 },
    );
  });
});

type Span = ReturnType<typeof calendarSpan>;
function expectPartition(span: Span, at: number, spanAt: (at: Span['start']) => Span): void {
  expect(span.start).toBeLessThanOrEqual(at);
  expect(span.end).toBeGreaterThan(at);
  expect(spanAt(span.start)).toEqual(span);
  expect(spanAt(instant(span.end - 1))).toEqual(span);
  expect(spanAt(span.end).start).toBe(span.end);
  expect(spanAt(instant(span.start - 1)).end).toBe(span.start);
}
