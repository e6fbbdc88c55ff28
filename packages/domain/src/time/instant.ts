import * as Durations from 'temporal-polyfill/fns/Duration';
import * as Instants from 'temporal-polyfill/fns/Instant';

declare const brand: unique symbol;

/** A point in time: whole milliseconds since 1970-01-01T00:00Z. */
export type Instant = number & { readonly [brand]: 'Instant' };
/** An ISO 8601 duration, positive, as written (`P1M`, `PT5M`). */
export type IsoDuration = string & { readonly [brand]: 'IsoDuration' };
/** An IANA time zone name. */
export type TimeZone = string & { readonly [brand]: 'TimeZone' };

/** Milliseconds since the epoch as an Instant; RangeError unless it is a whole number that a Date can hold. */
export function instant(epochMilliseconds: number): Instant {
  if (!isInstant(epochMilliseconds)) throw new RangeError(`not an instant: ${String(epochMilliseconds)}`);
  return epochMilliseconds;
}

function isInstant(value: number): value is Instant {
  return Number.isInteger(value) && Math.abs(value) <= 8.64e15;
}

const RFC_3339 = /^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))?$/;

/** Reads an RFC 3339 time, or a bare date as its first instant in UTC; null if it is neither. */
export function parseInstant(text: string): Instant | null {
  const match = RFC_3339.exec(text);
  if (!match) return null;
  try {
    const full = match[1] === undefined ? `${text}T00:00:00Z` : text;
    return instant(Instants.fromString(full).epochMilliseconds);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** RFC 3339 in UTC, to the millisecond. As `toISOString` writes it, in a third of the time. */
export function formatInstant(at: Instant): string {
  const day = Math.floor(at / DAY);
  return dateOf(day) + timeOf(at - day * DAY);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MOST_DATES = 4096;
const DATES = new Map<number, string>();

/** `2026-01-31T`: instants by the million fall on few days. */
function dateOf(day: number): string {
  const known = DATES.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * DAY).toISOString().replace(/(?<=T).*/, '');
  if (DATES.size >= MOST_DATES) DATES.clear();
  DATES.set(day, date);
  return date;
}

/** `09:30:00.500Z` */
function timeOf(milliseconds: number): string {
  const hours = Math.floor(milliseconds / HOUR);
  const minutes = Math.floor((milliseconds % HOUR) / MINUTE);
  const seconds = Math.floor((milliseconds % MINUTE) / SECOND);
  const rest = milliseconds % SECOND;
  return String.fromCharCode(
    digit(hours, 10),
    digit(hours, 1),
    COLON,
    digit(minutes, 10),
    digit(minutes, 1),
    COLON,
    digit(seconds, 10),
    digit(seconds, 1),
    POINT,
    digit(rest, 100),
    digit(rest, 10),
    digit(rest, 1),
    Z,
  );
}

const ZERO = '0'.charCodeAt(0);
const COLON = ':'.charCodeAt(0);
const POINT = '.'.charCodeAt(0);
const Z = 'Z'.charCodeAt(0);

/** The character of the ones, tens or hundreds. */
function digit(number: number, place: number): number {
  return ZERO + (Math.floor(number / place) % 10);
}

/** What such texts mean, those that mean something: documents write the same few many times over, and to read one takes as long as some decisions. */
function remembering<T extends string>(read: (text: string) => T | null): (text: string) => T | null {
  const known = new Map<string, T>();
  return (text) => {
    const kept = known.get(text);
    if (kept !== undefined) return kept;
    if (text.length > LONGEST_KNOWN) return read(text);
    // A copy: as a part of the document that it was read from, a text keeps all of that.
    const own = Array.from(text).join('');
    const meant = read(own);
    if (meant === null) return null;
    if (known.size === MOST_KNOWN) known.clear();
    known.set(own, meant);
    return meant;
  };
}

const MOST_KNOWN = 1000;
/** Zones and durations that people write are shorter. */
const LONGEST_KNOWN = 64;

/** Reads a positive ISO 8601 duration; null if it is none, zero or negative. */
export const parseDuration = remembering(readDuration);

function readDuration(text: string): IsoDuration | null {
  try {
    return Durations.sign(Durations.fromString(text)) > 0 && isIsoDuration(text) ? text : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function isIsoDuration(text: string): text is IsoDuration {
  return text.startsWith('P');
}

/** Reads an IANA time zone name, in any case, and spells it as IANA does; null if it is unknown. Bare offsets (`+02:00`) are no zones. */
export const parseTimeZone = remembering(readTimeZone);

function readTimeZone(text: string): TimeZone | null {
  if (!/^[A-Za-z]/.test(text)) return null;
  try {
    const { timeZoneId } = Instants.toZonedDateTimeISO(Instants.fromEpochMilliseconds(0), text);
    return isTimeZone(timeZoneId) ? timeZoneId : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function isTimeZone(text: string): text is TimeZone {
  return text.length > 0;
}
