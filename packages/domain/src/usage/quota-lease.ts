import { creditsOf, withCredits } from '../credits/change-blocks.js';
import type { CreditHold } from '../credits/credit-block.js';
import { spendCredits } from '../credits/spend-credits.js';
import type { CustomerAccount } from '../customer.js';
import type { FeatureKey, LeaseId, LicenseFileId } from '../ids.js';
import { addDuration, lengthOf } from '../time/calendar.js';
import { instant, type Instant, type IsoDuration, type TimeZone } from '../time/instant.js';
import { firstToEnd, isHeldIn } from './held.js';
import type { Meter } from './meter.js';
import { endRolled } from './rollover.js';

/** Units handed to one caller to spend without asking again; docs/rules.md, "Spending". What time ends is spent, not freed. */
export interface QuotaLease {
  readonly id: LeaseId;
  readonly feature: FeatureKey;
  readonly quantity: number;
  /** Never after the end of its window, unless it is a budget of a file. */
  readonly expiresAt: Instant;
  /** Of the window in which it was lent, and in which it counts; null: a level, and what is prepaid, have none. */
  readonly windowStart: Instant | null;
  /** The credit blocks that it holds; none where the feature is not prepaid. */
  readonly holds: readonly CreditHold[];
  /** Thresholds of `notifyAt` that are told in its window already, as they are written. */
  readonly told: readonly string[];
  /** The licence file whose budget it is, and with which it is settled; null: it is returned by itself. */
  readonly fileId: LicenseFileId | null;
}

const LONGEST_MILLISECONDS = 366 * 86_400_000;

/** Whether a lease may last so long: a year at most, so that what has no window is not lent for ever. */
export function isLeaseTtl(ttl: IsoDuration): boolean {
  const length = lengthOf(ttl);
  return length >= 1 && length <= LONGEST_MILLISECONDS;
}

/** When a lease made at `at` ends: after `ttl`, by the customer's calendar, or with its window. */
export function leasedUntil(at: Instant, ttl: IsoDuration, zone: TimeZone, window: Meter['window']): Instant {
  const end = Math.min(addDuration(at, ttl, zone), window?.end ?? Infinity);
  // A zone may skip the whole day that it was to last.
  return instant(Math.max(end, at + 1));
}

const CORRECTABLE_MILLISECONDS = 24 * 3_600_000;

/** Whether what a lease has counted as spent can still be corrected: up to a day after its end, in the window that runs. */
export function isCorrectable(
  lease: Pick<QuotaLease, 'expiresAt' | 'windowStart'>,
  meter: Pick<Meter, 'window'>,
  now: Instant,
): boolean {
  return isHeldIn(meter, lease) && now < lease.expiresAt + CORRECTABLE_MILLISECONDS;
}

/** Units of the counter that are lent: its window is over, and they are spent in it. */
export function lentIn({ leases }: CustomerAccount, meter: Meter): number {
  return leases.reduce(
    (sum, lease) => (lease.feature === meter.feature && isHeldIn(meter, lease) ? sum + lease.quantity : sum),
    0,
  );
}

/**
 * When a lease ends that nobody returns: where its window was cut short, by a reset or another zone, as the next one began.
 * A budget ends with its file.
 */
export function leaseEndsAt({ meters }: CustomerAccount, lease: QuotaLease): Instant {
  const { feature, windowStart, expiresAt, fileId } = lease;
  const running = meters.get(feature)?.window?.start;
  if (running === undefined || windowStart === null || fileId !== null) return expiresAt;
  return running > windowStart && running < expiresAt ? running : expiresAt;
}

/** A lease whose time is over, and its counter before and after; null: that has moved on, and has it in its closed window. */
export interface SpentLease {
  readonly account: CustomerAccount;
  readonly counter: { readonly before: Meter; readonly after: Meter } | null;
}

/** Its time is over, and nobody has returned it: it is spent in full. */
export function spendLease(account: CustomerAccount, lease: QuotaLease): SpentLease {
  const leases = account.leases.filter(({ id }) => id !== lease.id);
  const before = account.meters.get(lease.feature);
  if (before === undefined || !isHeldIn(before, lease))
    return { account: { ...account, leases }, counter: null };
  // What has ended of rolled-over units by now has ended before the lease was spent.
  const { meter } = endRolled(before, lease.expiresAt);
  const rest = { ...account, leases };
  const after: Meter = {
    ...meter,
    used: meter.used + lease.quantity,
    reserved: Math.max(0, meter.reserved - lease.quantity),
    freesAt: firstToEnd(rest, meter),
  };
  const meters = new Map(account.meters).set(after.feature, after);
  return { account: withoutHolds({ ...rest, meters }, lease), counter: { before, after } };
}

function withoutHolds(account: CustomerAccount, { feature, holds, quantity }: QuotaLease): CustomerAccount {
  if (holds.length === 0) return account;
  return withCredits(
    account,
    feature,
    spendCredits(creditsOf(account, feature), { kind: 'return', quantity }, holds),
  );
}

/**
 * How many of `units` that a lease has counted as spent come back: those of rolled-over units that have ended since are
 * lost, as they would be had they never been spent.
 */
export function unitsBack(meter: Meter, units: number, now: Instant): number {
  const back = Math.min(units, meter.used);
  return back - endRolled({ ...meter, used: meter.used - back }, now).lost;
}
