import { findFeature } from '../decision/find-feature.js';
import type { MeteredFeature } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { Refusal } from '../subscription/command.js';
import { calendarSpan, spanFromAnchor } from '../time/calendar.js';
import { type Instant, instant } from '../time/instant.js';
import type { Span } from './meter.js';

/** Usage that is told after the fact. */
export interface UsageRecord {
  readonly feature: string;
  /** At least 1. */
  readonly quantity: number;
  /** When it was used; null: now. */
  readonly at: Instant | null;
}

const AHEAD_MILLISECONDS = 5 * 60_000;
const BACK_DAYS = 35;
const BACK_MILLISECONDS = BACK_DAYS * 86_400_000;

/** Why usage cannot be recorded. No limit is a reason (docs/rules.md, "Spending"). Null: it can. */
export function refuseRecord(
  release: Release,
  { feature: key, at }: UsageRecord,
  now: Instant,
): Refusal | null {
  const feature = findFeature(release, key);
  if (feature === null)
    return refusal(
      'feature',
      `the live release has no feature \`${key}\`; send one of its METERED or LIMIT features`,
    );
  if (feature.type !== 'METERED' && feature.type !== 'LIMIT')
    return refusal(
      'feature',
      `feature \`${key}\` is ${feature.type}; usage of METERED and LIMIT features is recorded`,
    );
  return at === null ? null : refuseTold(at, now);
}

/** Why what happened at `at` cannot be told of now: it lies ahead, or too far back. Null: it can. */
export function refuseTold(at: Instant, now: Instant): Refusal | null {
  if (at > now + AHEAD_MILLISECONDS)
    return refusal('at', 'this is more than 5 minutes ahead; send it when it has happened');
  if (at < now - BACK_MILLISECONDS)
    return refusal(
      'at',
      `this is more than ${String(BACK_DAYS)} days ago; so late nothing is recorded any more`,
    );
  return null;
}

function refusal(field: string, message: string): Refusal {
  return { code: 'BAD_USER_INPUT', field, message };
}

/** The windows that stand beside an instant: none of a customer's windows overlap. */
export interface Neighbours {
  /** Where the last window before it ends; null: there is none. */
  readonly after: Instant | null;
  /** Where the next one begins. */
  readonly before: Instant;
}

/**
 * The window that `at` lay in, of which nothing is kept because nothing was used in it: by the calendar or the anchor
 * as they are now, as far as the windows beside it leave room.
 */
export function pastWindow(
  feature: MeteredFeature,
  account: CustomerAccount,
  at: Instant,
  { after, before }: Neighbours,
): Span {
  const { window } = feature;
  if (window === null) throw new Error(`${feature.key} has no windows`);
  const span =
    window.anchor === 'calendar'
      ? calendarSpan(window.every, account.timeZone, at)
      : spanFromAnchor(account.windowAnchors.get(feature.key) ?? before, window.every, account.timeZone, at);
  return {
    start: instant(Math.max(span.start, after ?? span.start)),
    end: instant(Math.min(span.end, before)),
  };
}
