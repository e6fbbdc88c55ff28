import * as Durations from 'temporal-polyfill/fns/Duration';
import * as Instants from 'temporal-polyfill/fns/Instant';
import * as Dates from 'temporal-polyfill/fns/PlainDate';
import * as DateTimes from 'temporal-polyfill/fns/PlainDateTime';
import * as ZonedTimes from 'temporal-polyfill/fns/ZonedDateTime';
import type { Span } from '../usage/meter.js';
import { instant, type Instant, type IsoDuration, type TimeZone } from './instant.js';

/** `at` moved forward: years to days by the calendar of `zone`, hours and smaller exactly; docs/rules.md, "Time". */
export function addDuration(at: Instant, duration: IsoDuration, zone: TimeZone): Instant {
  return boundary(zoned(at, zone), Durations.fromString(duration), 1);
}

/** `at` moved back, reckoned as in `addDuration`. */
export function subtractDuration(at: Instant, duration: IsoDuration, zone: TimeZone): Instant {
  return boundary(zoned(at, zone), Durations.fromString(duration), -1);
}

/**
 * The span of length `every` that contains `at`, each counted from `anchor` itself (31 Jan, 28 Feb, 31 Mar).
 * Before the anchor the spans are counted backwards.
 */
export function spanFromAnchor(anchor: Instant, every: IsoDuration, zone: TimeZone, at: Instant): Span {
  return remembered(`${String(anchor)} ${every} ${zone}`, at, () => countedSpan(anchor, every, zone, at));
}

function countedSpan(anchor: Instant, every: IsoDuration, zone: TimeZone, at: Instant): Span {
  const from = zoned(anchor, zone);
  const step = Durations.fromString(every);
  let k = Math.floor((at - anchor) / meanMilliseconds(step));
  while (boundary(from, step, k) > at) k -= 1;
  // Where a zone skips a whole day two boundaries coincide: the last one at or before `at` begins a span that is not empty.
  while (boundary(from, step, k + 1) <= at) k += 1;
  return { start: boundary(from, step, k), end: boundary(from, step, k + 1) };
}

/**
 * The calendar's own span that contains `at`: from 1 January, the 1st, Monday, 00:00 or the full hour;
 * longer steps are counted from 1 January 1970 (weeks: Monday, 5 January) in `zone`.
 */
export function calendarSpan(every: IsoDuration, zone: TimeZone, at: Instant): Span {
  return remembered(`calendar ${every} ${zone}`, at, () => ownSpan(every, zone, at));
}

function ownSpan(every: IsoDuration, zone: TimeZone, at: Instant): Span {
  const step = Durations.fromString(every);
  const { months, days, milliseconds } = durationParts(step);
  if (months === 0 && days === 0 && milliseconds === HOUR) return fullHour(zone, at);
  const weeksOnly = step.weeks > 0 && months === 0 && milliseconds === 0 && days === step.weeks * 7;
  const first = Dates.toZonedDateTime(Dates.create(1970, 1, weeksOnly ? 5 : 1), zone);
  return spanFromAnchor(instant(first.epochMilliseconds), every, zone, at);
}

/**
 * Whole milliseconds, where months have 31 days and the year is no leap year: to compare durations with bounds.
 * Infinity: longer than any calendar.
 */
export function lengthOf(duration: IsoDuration): number {
  return millisecondsFrom(DateTimes.create(2025, 1, 1), Durations.fromString(duration));
}

/**
 * Whole milliseconds that a duration has at most, whenever it begins: three months are 92 days, a year is 366.
 * Infinity: longer than any calendar.
 */
export function longestOf(duration: IsoDuration): number {
  const lasts = Durations.fromString(duration);
  // Four years have every run of months that there is.
  const lengths = Array.from({ length: 48 }, (_, month) =>
    millisecondsFrom(DateTimes.addMonths(DateTimes.create(2024, 1, 1), month), lasts),
  );
  return Math.max(...lengths);
}

function millisecondsFrom(start: DateTimes.Record, lasts: Durations.Record): number {
  try {
    return Math.floor(DateTimes.diffMilliseconds(start, DateTimes.add(start, lasts)));
  } catch (error) {
    if (error instanceof RangeError) return Infinity;
    throw error;
  }
}

/** Whether two durations are of one length by the calendar: P12M and P1Y are, P1M and P30D are not. */
export function sameLength(one: IsoDuration, other: IsoDuration): boolean {
  const a = durationParts(Durations.fromString(one));
  const b = durationParts(Durations.fromString(other));
  return a.months === b.months && a.days === b.days && a.milliseconds === b.milliseconds;
}

/**
 * The instant at which the clocks of `to` show what those of `from` show at `at`. One that `to` skips moves on by the gap,
 * or, as `earlier`, back by it.
 */
export function sameLocalTime(
  at: Instant,
  from: TimeZone,
  to: TimeZone,
  skipped: 'later' | 'earlier' = 'later',
): Instant {
  const disambiguation = skipped === 'later' ? 'compatible' : 'earlier';
  const shown = ZonedTimes.toPlainDateTime(zoned(at, from));
  return instant(DateTimes.toZonedDateTime(shown, to, { disambiguation }).epochMilliseconds);
}

const MOST_REMEMBERED = 4096;
const SPANS = new Map<string, Span>();

/** Most questions are about the span that runs now: what was reckoned last under a name is tried first. */
function remembered(name: string, at: Instant, reckon: () => Span): Span {
  const last = SPANS.get(name);
  if (last !== undefined && last.start <= at && at < last.end) return last;
  const span = reckon();
  if (SPANS.size >= MOST_REMEMBERED) SPANS.clear();
  SPANS.set(name, span);
  return span;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MEAN_MONTH = 30.436875 * DAY;

function zoned(at: Instant, zone: TimeZone): ZonedTimes.Record {
  return Instants.toZonedDateTimeISO(Instants.fromEpochMilliseconds(at), zone);
}

function boundary(from: ZonedTimes.Record, step: Durations.Record, k: number): Instant {
  return instant(ZonedTimes.add(from, times(step, k)).epochMilliseconds);
}

function times(step: Durations.Record, k: number): Durations.Record {
  return Durations.fromFields({
    years: step.years * k,
    months: step.months * k,
    weeks: step.weeks * k,
    days: step.days * k,
    hours: step.hours * k,
    minutes: step.minutes * k,
    seconds: step.seconds * k,
    milliseconds: step.milliseconds * k,
    microseconds: step.microseconds * k,
    nanoseconds: step.nanoseconds * k,
  });
}

function durationParts(step: Durations.Record): { months: number; days: number; milliseconds: number } {
  const minutes = step.hours * 60 + step.minutes;
  return {
    months: step.years * 12 + step.months,
    days: step.weeks * 7 + step.days,
    milliseconds:
      (minutes * 60 + step.seconds) * 1000 +
      step.milliseconds +
      step.microseconds / 1e3 +
      step.nanoseconds / 1e6,
  };
}

function meanMilliseconds(step: Durations.Record): number {
  const { months, days, milliseconds } = durationParts(step);
  return months * MEAN_MONTH + days * DAY + milliseconds;
}

/** A boundary is where the local clock shows a full hour; after a change by half an hour one is shorter, or longer. */
function fullHour(zone: TimeZone, at: Instant): Span {
  return { start: hourStart(zoned(at, zone)), end: hourEnd(zoned(at, zone)) };
}

function pastTheHour(time: ZonedTimes.Record): number {
  const local = time.epochMilliseconds + ZonedTimes.offsetNanoseconds(time) / 1e6;
  return ((local % HOUR) + HOUR) % HOUR;
}

function hourStart(time: ZonedTimes.Record): Instant {
  const candidate = ZonedTimes.subtractMilliseconds(time, pastTheHour(time));
  if (pastTheHour(candidate) === 0) return instant(candidate.epochMilliseconds);
  const change =
    ZonedTimes.getTimeZoneTransition(ZonedTimes.addMilliseconds(time, 1), 'previous') ?? candidate;
  if (beginsHour(change)) return instant(change.epochMilliseconds);
  return hourStart(ZonedTimes.subtractMilliseconds(change, 1));
}

function hourEnd(time: ZonedTimes.Record): Instant {
  const candidate = ZonedTimes.addMilliseconds(time, HOUR - pastTheHour(time));
  const change = ZonedTimes.getTimeZoneTransition(time, 'next');
  if (change === null || change.epochMilliseconds > candidate.epochMilliseconds) {
    return instant(candidate.epochMilliseconds);
  }
  return beginsHour(change) ? instant(change.epochMilliseconds) : hourEnd(change);
}

/** Whether the clocks show a full hour after a change, or skip one, which then moves on to the change. */
function beginsHour(change: ZonedTimes.Record): boolean {
  if (pastTheHour(change) === 0) return true;
  const before = ZonedTimes.offsetNanoseconds(ZonedTimes.subtractMilliseconds(change, 1));
  return (ZonedTimes.offsetNanoseconds(change) - before) / 1e6 >= pastTheHour(change);
}
