import type { CustomerAccount } from './customer.js';
import { endOf, isLicenseGiving, type License } from './license/license.js';
import { isGiving } from './subscription/state.js';
import type { Subscription } from './subscription/subscription.js';
import type { Instant } from './time/instant.js';

/** What a customer has bought: a place on a plan over time, or a licence to one. */
export type Holding = Subscription | License;

export function isLicense(holding: Holding): holding is License {
  return 'term' in holding;
}

/** Subscriptions first. */
export function holdingsOf({ subscriptions, licenses }: CustomerAccount): readonly Holding[] {
  return licenses.length === 0 ? subscriptions : [...subscriptions, ...licenses];
}

/** When it began, or will. */
export function beganAt(holding: Holding): Instant {
  return isLicense(holding) ? holding.startsAt : holding.startedAt;
}

/** Since when it has ended; null: it has not. */
export function endedAt(holding: Holding): Instant | null {
  if (isLicense(holding)) return endOf(holding);
  return 'endedAt' in holding ? holding.endedAt : null;
}

/** Whether it gives what its plan lists. */
export function gives(holding: Holding): boolean {
  return isLicense(holding) ? isLicenseGiving(holding) : isGiving(holding);
}

/** Whether it gives only because of a grace period, after a failed payment or a licence's end. */
export function isInGrace(holding: Holding): boolean {
  return isLicense(holding) ? holding.term.phase === 'GRACE' : holding.status === 'PAST_DUE';
}
