import {
  type Account,
  type CreditBlock,
  type Grant,
  hasEnded,
  type License,
  type Subscription,
} from '../model/account.js';
import type { Timing } from '../model/commands.js';
import type { LicenseFile } from '../model/files.js';
import type { QuotaLease, Reservation } from '../model/holds.js';
import { PLANS } from '../model/plans.js';
import { hasLicenseEnded } from '../model/license-status.js';
import { boundaries } from '../model/time.js';
import type { When } from './actions/arbitraries.js';
import type { NamedAction } from './actions/machine-actions.js';
import type { TimingAction } from './actions/subscription-actions.js';

/** What the actions of a history mean where they find themselves. */

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

/** Subscriptions that go on first. */
export function subscriptionAt(account: Account, which: number): Subscription | undefined {
  const sorted = [...account.subscriptions].sort(
    (one, other) => Number(hasEnded(one)) - Number(hasEnded(other)),
  );
  return sorted[which % sorted.length];
}

/** Those that go on first. */
export function licenseAt({ licenses }: Account, which: number): License | undefined {
  const sorted = [...licenses].sort(
    (one, other) => Number(hasLicenseEnded(one)) - Number(hasLicenseEnded(other)),
  );
  return sorted[which % sorted.length];
}

/** Those that are bound to machines first, of these those that go on; seldom another than the first. */
export function boundLicenseAt({ licenses }: Account, which: number): License | undefined {
  const rank = (one: License): number =>
    2 * Number(PLANS[one.plan].machines === undefined) + Number(hasLicenseEnded(one));
  const sorted = [...licenses].sort((one, other) => rank(one) - rank(other));
  return sorted[(which === 3 ? 1 : 0) % sorted.length];
}

/** Whose key is shown: by those machines that it may be bound to, or by nobody in particular. */
export function shownLicenseAt(
  account: Account,
  { which, ...named }: NamedAction & Which,
): License | undefined {
  const isNamed = named.fingerprint !== null || named.components !== null;
  return isNamed ? boundLicenseAt(account, which) : licenseAt(account, which);
}
interface Which {
  readonly which: number;
}

export function grantAt(account: Account, which: number): Grant | undefined {
  return account.grants[account.grants.length === 0 ? 0 : which % account.grants.length];
}

/** How long a reservation is surely remembered. */
const REMEMBERED = 30 * DAY;

/** Open ones first, then those that ended last. */
export function reservationAt({ reservations, now }: Account, which: number): Reservation | undefined {
  const sorted = reservations
    .filter(({ expiresAt }) => now < expiresAt + REMEMBERED)
    .reverse()
    .sort((one, other) => Number(one.status !== 'OPEN') - Number(other.status !== 'OPEN'));
  return sorted[which % sorted.length];
}

/** Those that are out first, then those that ended last. */
export function fileAt({ files, now }: Account, which: number): LicenseFile | undefined {
  const sorted = files
    .filter(({ expiresAt }) => now < expiresAt + REMEMBERED)
    .reverse()
    .sort((one, other) => Number(one.settled !== null) - Number(other.settled !== null));
  return sorted[which % sorted.length];
}

/** As of reservations: open ones first, then those that ended last. Of budgets those that nobody has settled. */
export function leaseAt({ leases, now }: Account, which: number): QuotaLease | undefined {
  const sorted = leases
    .filter(({ expiresAt }) => now < expiresAt + REMEMBERED)
    .filter(({ file, status }) => file === null || status !== 'RETURNED')
    .reverse()
    .sort((one, other) => Number(one.status !== 'OPEN') - Number(other.status !== 'OPEN'));
  return sorted[which % sorted.length];
}

/** Those that can be spent first. */
export function blockAt({ blocks }: Account, which: number): CreditBlock | undefined {
  const sorted = [...blocks]
    .reverse()
    .sort((one, other) => Number(one.status !== 'LIVE') - Number(other.status !== 'LIVE'));
  return sorted[which % sorted.length];
}

/** The instant that an action means here and now. */
export function instantOf(account: Account, when: When): number {
  if ('minutes' in when) return account.now + when.minutes * MINUTE;
  const ahead = boundaries(account);
  const boundary = ahead[when.near % Math.max(1, ahead.length)];
  return boundary === undefined ? account.now + DAY : Math.max(account.now, boundary + when.milliseconds);
}

export function timingOf(account: Account, timing: TimingAction): Timing {
  if (timing === 'NOW' || timing === 'PERIOD_END') return { kind: timing };
  return { kind: 'AT', at: instantOf(account, timing.at) };
}
