import type { Threshold } from '../catalog/catalog.js';
import { thresholdText } from '../catalog/threshold.js';
import { NO_CONTEXT } from '../condition/facts.js';
import type { CustomerAccount, Release } from '../customer.js';
import { NOBODY } from '../decision/asker.js';
import { entitlementOf } from '../decision/entitlement.js';
import type { FeatureKey } from '../ids.js';
import type { AccountChange, CustomerEvent } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import { type QuotaLease, type SpentLease, spendLease } from './quota-lease.js';
import { thresholdsReached } from './thresholds.js';

/** A lease that nobody has returned is spent when its time is over, and what that reaches of `notifyAt` is told. */
export function expireLease(
  account: CustomerAccount,
  lease: QuotaLease,
  release: Release,
  at: Instant,
): AccountChange {
  const spent = spendLease(account, lease);
  const { used = null, reserved = null } = spent.counter?.after ?? {};
  const expired = { type: 'quota.expired', at, lease, used, reserved } as const;
  if (spent.counter === null) return { account: spent.account, events: [expired] };
  const risen = riseOfLease(spent.account, lease, release, spent.counter, at);
  return { account: risen.account, events: [...risen.events, expired] };
}

/** What the units of a lease that were spent reach of `notifyAt`, unless it is told already. */
export function riseOfLease(
  account: CustomerAccount,
  lease: QuotaLease,
  release: Release,
  { before, after }: NonNullable<SpentLease['counter']>,
  at: Instant,
): AccountChange {
  const limit = limitAt(account, release, lease.feature, at);
  const reached = untold(lease, release, { from: before.used, to: after.used, limit });
  const events = reached.map((threshold): CustomerEvent => {
    const { feature, window } = after;
    return { type: 'usage.threshold_reached', at, feature, threshold, used: after.used, limit, window };
  });
  return { account: withTold(account, lease, reached), events };
}

/** Without overage; null: unlimited, or no right to it any more, of which no share is told. */
function limitAt(account: CustomerAccount, release: Release, key: FeatureKey, at: Instant): number | null {
  const feature = release.catalog.features.get(key);
  if (feature === undefined) return null;
  const right = entitlementOf({ account, release, feature, context: NO_CONTEXT, asker: NOBODY }, at);
  return right.kind === 'ENTITLED' && right.allowance.kind === 'UNITS' ? right.allowance.limit : null;
}

function untold(
  { feature: key, told }: QuotaLease,
  { catalog }: Release,
  rise: Parameters<typeof thresholdsReached>[1],
): readonly Threshold[] {
  const feature = catalog.features.get(key);
  if (feature === undefined) return [];
  return thresholdsReached(feature, rise).filter((threshold) => !told.includes(thresholdText(threshold)));
}

/** What one lease has told, others in its window do not tell again. A level has no window: each time is told. */
function withTold(
  account: CustomerAccount,
  { feature, windowStart }: QuotaLease,
  reached: readonly Threshold[],
): CustomerAccount {
  if (reached.length === 0 || windowStart === null) return account;
  const leases = account.leases.map((one) =>
    one.feature === feature && one.windowStart === windowStart
      ? { ...one, told: [...one.told, ...reached.map(thresholdText)] }
      : one,
  );
  return { ...account, leases };
}
