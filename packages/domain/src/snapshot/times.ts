import type { KnownState } from '../customer.js';
import { gives, holdingsOf } from '../holding.js';
import { accountAt } from '../subscription/due.js';
import { addDuration } from '../time/calendar.js';
import {
  instant,
  type Instant,
  type IsoDuration,
  parseDuration,
  parseTimeZone,
  type TimeZone,
} from '../time/instant.js';

/** How long a snapshot is worth how much, in whole seconds; docs/rules.md, "Without state". */
export interface SnapshotTimes {
  readonly issuedAt: Instant;
  /** Fresh before, stale from then on. */
  readonly refreshAfter: Instant;
  /** In grace from then on. */
  readonly graceFrom: Instant;
  /** From then on as none. */
  readonly expiresAt: Instant;
}

/**
 * The times of a snapshot that is issued at `now`: one span after the other, as the plans say that give something then; of
 * several the shortest. Where none says anything: an hour, then the catalog's `staleFor`, and no grace.
 */
export function snapshotTimes({ account, release }: KnownState, now: Instant): SnapshotTimes {
  const holdings = holdingsOf(accountAt(account, release, now)).filter(gives);
  const offline = holdings.flatMap(({ planVersion: { plan } }) =>
    plan.offline === null ? [] : [plan.offline],
  );
  const issuedAt = inSeconds(now);
  const after = (from: Instant, spans: readonly IsoDuration[], otherwise: IsoDuration | null): Instant => {
    if (spans.length > 0) return inSeconds(Math.min(...spans.map((span) => addDuration(from, span, UTC))));
    return otherwise === null ? from : inSeconds(addDuration(from, otherwise, UTC));
  };
  const refreshAfter = after(
    issuedAt,
    offline.map((spans) => spans.refreshAfter),
    HOUR,
  );
  const graceFrom = after(
    refreshAfter,
    offline.map(({ staleFor }) => staleFor),
    release.catalog.staleFor,
  );
  const expiresAt = after(
    graceFrom,
    offline.map(({ grace }) => grace),
    null,
  );
  return { issuedAt, refreshAfter, graceFrom, expiresAt };
}

function inSeconds(milliseconds: number): Instant {
  return instant(Math.floor(milliseconds / 1000) * 1000);
}

const HOUR = hour();
/** An age is no matter of the customer's calendar. */
export const UTC = utc();

function hour(): IsoDuration {
  const duration = parseDuration('PT1H');
  if (duration === null) throw new Error('PT1H is a duration');
  return duration;
}

function utc(): TimeZone {
  const zone = parseTimeZone('UTC');
  if (zone === null) throw new Error('UTC is a time zone');
  return zone;
}
