import { type Instant, instant } from '@licet/domain';
import { refused, type Refused } from '../result.js';

export interface PageRequest {
  readonly first: number;
  readonly after: string | null;
}

export interface Page<T> {
  readonly items: readonly { readonly node: T; readonly cursor: string }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** A page of a list that is short enough to be counted. */
export type CountedPage<T> = Page<T> & { readonly total: number };

/** A page of what was read with one more than asked for, which tells whether there is a next one. */
export function pageOf<T>(rows: readonly T[], request: PageRequest, cursorOf: (row: T) => string): Page<T> {
  return {
    items: rows.slice(0, request.first).map((node) => ({ node, cursor: cursorOf(node) })),
    hasNextPage: rows.length > request.first,
    hasPreviousPage: request.after !== null,
  };
}

/** A place in a list that is ordered by time, then id. */
export interface TimedPlace {
  readonly at: Instant;
  readonly id: string;
}

export function encodeTimedCursor(at: Instant, id: string): string {
  return Buffer.from(`${String(at)}:${id}`, 'utf8').toString('base64url');
}

/** Times that both a Date and the database hold, and ids without control characters: anything else was never given out. */
const TIMED_PLACE = /^(\d{1,15}):(\P{Cc}+)$/u;

/** Null where it is no cursor of such a list. */
export function decodeTimedCursor(cursor: string): TimedPlace | null {
  const match = TIMED_PLACE.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (match?.[1] === undefined || match[2] === undefined) return null;
  const place = { at: instant(Number(match[1])), id: match[2] };
  return encodeTimedCursor(place.at, place.id) === cursor ? place : null;
}

/** The parameter of a query that begins after a place, or at the beginning. */
export function dateOf(place: TimedPlace | null): Date | null {
  return place === null ? null : new Date(place.at);
}

export function malformedCursor(): Refused {
  return refused(
    'BAD_USER_INPUT',
    'after',
    'this is no cursor of this list; hand back one that the list returned',
  );
}
