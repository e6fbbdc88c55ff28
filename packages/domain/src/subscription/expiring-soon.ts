import type { CreditBlock } from '../credits/credit-block.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { Grant } from '../grant/grant.js';
import { type License, licenseStatus } from '../license/license.js';
import { subtractDuration } from '../time/calendar.js';
import type { Instant, IsoDuration, TimeZone } from '../time/instant.js';
import type { CustomerEvent } from './command.js';
import type { TrialingSubscription } from './subscription.js';

/** An event ahead of an end that customers want to hear of: the catalog's `expiringSoon` says how long ahead. */
export type ExpiringSoonEvent = Extract<CustomerEvent, { readonly within: IsoDuration }>;

/** The first after `toldUntil`; null: none. docs/rules.md, "Expiring soon". */
export function nextExpiringSoon(
  account: CustomerAccount,
  release: Release,
  toldUntil: Instant,
): Instant | null {
  let next: Instant | null = null;
  for (const end of endsOf(account, release)) {
    for (const { at } of warningsOf(end, account, release)) {
      if (at > toldUntil && (next === null || at < next) && isToldOf(at, release)) next = at;
    }
  }
  return next;
}

/** What is told at `at`, in the order of the catalog. */
export function expiringSoonAt(account: CustomerAccount, release: Release, at: Instant): ExpiringSoonEvent[] {
  if (!isToldOf(at, release)) return [];
  const events: ExpiringSoonEvent[] = [];
  for (const end of endsOf(account, release)) {
    for (const warning of warningsOf(end, account, release)) {
      if (warning.at === at) events.push(eventOf(end, warning));
    }
  }
  return events;
}

/** What a former release should have told is not told by this one. */
function isToldOf(at: Instant, { publication }: Release): boolean {
  return at >= publication.at;
}

/** What runs, and will be over. */
type Ending = TrialingSubscription | (License & Ended) | (Grant & Ended) | (CreditBlock & Ended);
interface Ended {
  readonly expiresAt: Instant;
}

function* endsOf(account: CustomerAccount, { catalog }: Release): Iterable<Ending> {
  const { subscriptions, licenses, grants, blocks } = account;
  if (catalog.expiringSoon.length === 0) return;
  for (const one of subscriptions) if (one.status === 'TRIALING') yield one;
  for (const one of licenses) if (licenseStatus(one) === 'ACTIVE' && isEnding(one)) yield one;
  for (const grant of grants) if (grant.status === 'ACTIVE' && isEnding(grant)) yield grant;
  // However much is left by then.
  for (const block of blocks) if (block.status === 'LIVE' && isEnding(block)) yield block;
}

function isEnding<One extends License | Grant | CreditBlock>(one: One): one is One & Ended {
  return one.expiresAt !== null;
}

/** So long before an end. */
interface Warning {
  readonly within: IsoDuration;
  readonly at: Instant;
}

/** The warnings of an end, and what they were reckoned by. */
interface Reckoned {
  readonly spans: readonly IsoDuration[];
  readonly zone: TimeZone;
  readonly warnings: readonly Warning[];
}

/**
 * By the subscription, licence, grant or block, which never changes itself: a customer may have a thousand ends, and what is next is asked
 * anew after each thing that time does. The calendar is too slow to be asked each time.
 */
const RECKONED = new WeakMap<Ending, Reckoned>();

/** A span that reaches back to the beginning or beyond makes none. */
function warningsOf(
  end: Ending,
  { timeZone: zone }: CustomerAccount,
  { catalog: { expiringSoon: spans } }: Release,
): readonly Warning[] {
  const known = RECKONED.get(end);
  if (known?.zone === zone && known.spans === spans) return known.warnings;
  const beganAt = began(end);
  const warnings = spans
    .map((within) => ({ within, at: subtractDuration(endsAt(end), within, zone) }))
    .filter(({ at }) => at > beganAt);
  RECKONED.set(end, { spans, zone, warnings });
  return warnings;
}

function began(end: Ending): Instant {
  if ('startsAt' in end) return end.startsAt;
  return 'quantity' in end ? end.createdAt : end.period.start;
}

function endsAt(end: Ending): Instant {
  return 'expiresAt' in end ? end.expiresAt : end.trialEndsAt;
}

function eventOf(end: Ending, { within, at }: Warning): ExpiringSoonEvent {
  if ('quantity' in end)
    return { type: 'credits.expiring_soon', at, within, endsAt: endsAt(end), block: end };
  if ('term' in end) return { type: 'license.expiring_soon', at, within, endsAt: endsAt(end), expires: end };
  return 'effect' in end
    ? { type: 'grant.expiring_soon', at, within, endsAt: endsAt(end), expiring: end }
    : { type: 'subscription.trial_expiring_soon', at, within, endsAt: endsAt(end), trial: end };
}
