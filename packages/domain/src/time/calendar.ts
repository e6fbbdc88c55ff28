import { Temporal } from 'temporal-polyfill';
import type { Span } from '../usage/meter.js';
import { instant, type Instant, type IsoDuration, type TimeZone } from './instant.js';

/** `at` moved forward: years to days by the calendar of `zone`, hours and smaller exactly; docs/rules.md, "Time". */
export function addDuration(at: Instant, duration: IsoDuration, zone: TimeZone): Instant {
  return boundary(zoned(at, zone), Temporal.Duration.from(duration), 1);
}

/** `at` moved back, reckoned as in `addDuration`. */
export function subtractDuration(at: Instant, duration: IsoDuration, zone: TimeZone): Instant {
  return boundary(zoned(at, zone), Temporal.Duration.from(duration), -1);
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
  const step = Temporal.Duration.from(every);
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
  const step = Temporal.Duration.from(every);
  const { months, days, milliseconds } = durationParts(step);
  if (months === 0 && days === 0 && milliseconds === HOUR) return fullHour(zone, at);
  const weeksOnly = step.weeks > 0 && months === 0 && milliseconds === 0 && days === step.weeks * 7;
  const first = Temporal.PlainDate.from(weeksOnly ? '1970-01-05' : '1970-01-01').toZonedDateTime(zone);
  return spanFromAnchor(instant(first.epochMilliseconds), every, zone, at);
}

/** Milliseconds, where months have 31 days and the year is no leap year: to compare durations with bounds. */
export function lengthOf(duration: IsoDuration): number {
  const start = Temporal.PlainDateTime.from('2025-01-01');
  return start.until(start.add(Temporal.Duration.from(duration))).total('milliseconds');
}

/** Milliseconds that a duration has at most, whenever it begins: three months are 92 days, a year is 366. */
export function longestOf(duration: IsoDuration): number {
  // Four years have every run of months that there is.
  const starts = Array.from({ length: 48 }, (_, month) =>
    Temporal.PlainDateTime.from('2024-01-01').add({ months: month }),
  );
  const lasts = Temporal.Duration.from(duration);
  return Math.max(...starts.map((start) => start.until(start.add(lasts)).total('milliseconds')));
}

/** Whether two durations are of one length by the calendar: P12M and P1Y are, P1M and P30D are not. */
export function sameLength(one: IsoDuration, other: IsoDuration): boolean {
  const a = durationParts(Temporal.Duration.from(one));
  const b = durationParts(Temporal.Duration.from(other));
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
  return instant(zoned(at, from).toPlainDateTime().toZonedDateTime(to, { disambiguation }).epochMilliseconds);
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

function zoned(at: Instant, zone: TimeZone): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
}

function boundary(from: Temporal.ZonedDateTime, step: Temporal.Duration, k: number): Instant {
  return instant(from.add(times(step, k)).epochMilliseconds);
}

function times(step: Temporal.Duration, k: number): Temporal.Duration {
  return Temporal.Duration.from({
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

function durationParts(step: Temporal.Duration): { months: number; days: number; milliseconds: number } {
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

function meanMilliseconds(step: Temporal.Duration): number {
  const { months, days, milliseconds } = durationParts(step);
  return months * MEAN_MONTH + days * DAY + milliseconds;
}

/** A boundary is where the local clock shows a full hour; after a change by half an hour one is shorter, or longer. */
function fullHour(zone: TimeZone, at: Instant): Span {
  return { start: hourStart(zoned(at, zone)), end: hourEnd(zoned(at, zone)) };
}

function pastTheHour(time: Temporal.ZonedDateTime): number {
  const local = time.epochMilliseconds + time.offsetNanoseconds / 1e6;
  return ((local % HOUR) + HOUR) % HOUR;
}

function hourStart(time: Temporal.ZonedDateTime): Instant {
  const candidate = time.subtract({ milliseconds: pastTheHour(time) });
  if (pastTheHour(candidate) === 0) return instant(candidate.epochMilliseconds);
  const change = time.add({ milliseconds: 1 }).getTimeZoneTransition('previous') ?? candidate;
  if (beginsHour(change)) return instant(change.epochMilliseconds);
  return hourStart(change.subtract({ milliseconds: 1 }));
}

function hourEnd(time: Temporal.ZonedDateTime): Instant {
  const candidate = time.add({ milliseconds: HOUR - pastTheHour(time) });
  const change = time.getTimeZoneTransition('next');
  if (change === null || change.epochMilliseconds > candidate.epochMilliseconds) {
    return instant(candidate.epochMilliseconds);
  }
  return beginsHour(change) ? instant(change.epochMilliseconds) : hourEnd(change);
}

/** Whether the clocks show a full hour after a change, or skip one, which then moves on to the change. */
function beginsHour(change: Temporal.ZonedDateTime): boolean {
  if (pastTheHour(change) === 0) return true;
  const before = change.subtract({ milliseconds: 1 }).offsetNanoseconds;
  return (change.offsetNanoseconds - before) / 1e6 >= pastTheHour(change);
}
