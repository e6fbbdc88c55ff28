import { type Account, meet, Refusal, tell } from './account.js';
import { plus } from './calendar.js';
import { hold, putBack, unhold } from './credits.js';
import { type Answer, entitlementOf } from './entitlements.js';
import { type FeatureKey, isPrepaid } from './features.js';
import type { QuotaLease } from './holds.js';
import { loseLeft } from './rollover.js';
import { count, isCounted } from './usage.js';
import { meterOf } from './windows.js';

/** Quota leases: units that are spent somewhere else, and told of afterwards. */

export interface NewLease {
  /** Null where the product has made none. */
  readonly id: string;
  readonly feature: FeatureKey;
  /** The most that is wanted. */
  readonly quantity: number;
  readonly ttl: string;
}

export interface Lent {
  readonly answer: Answer;
  readonly lease: QuotaLease | null;
}

export function leaseQuota(account: Account, { id, feature, quantity, ttl }: NewLease): Lent {
  const { now, zone } = account;
  const end = plus(now, ttl, zone);
  if (!isCounted(feature) || end > plus(now, 'P1Y', zone)) throw new Refusal('BAD_USER_INPUT');
  const expiresAt = Math.min(end, meterOf(account, feature).window?.end ?? end);
  const ask = (units: number): Answer => entitlementOf(account, feature, units);
  return lend(account, { feature, quantity }, { id, file: null, expiresAt }, ask);
}

/** As far as a spend would be allowed; where not one unit is, denied like one. */
export function lend(
  account: Account,
  { feature, quantity }: Pick<NewLease, 'feature' | 'quantity'>,
  terms: Pick<QuotaLease, 'id' | 'file' | 'expiresAt'>,
  ask: (units: number) => Answer,
): Lent {
  let units = quantity;
  let answer = ask(units);
  while (!answer.allowed && units > 1) {
    units -= 1;
    answer = ask(units);
  }
  if (!answer.allowed) return { answer, lease: null };
  if (units < quantity) meet(account, 'less is lent than was asked for');
  meterOf(account, feature).everUsed = true;
  const lease: QuotaLease = {
    ...{ ...terms, feature, quantity: units },
    status: 'OPEN',
    inWindow: true,
    holds: isPrepaid(feature) ? hold(account, feature, units) : [],
    takenAlong: null,
    returned: null,
  };
  account.leases.push(lease);
  tell(account, 'quota.leased', lease.id, account.now);
  return { answer, lease };
}

export interface Return {
  readonly consumed: number;
  readonly replayed: boolean;
}

/** In time whatever is asked of it; then for a day, while its window runs. */
export function returnQuota(account: Account, lease: QuotaLease, spent: number): Return {
  const { id, returned } = lease;
  if (spent > lease.quantity) throw new Refusal('BAD_USER_INPUT');
  if (lease.file !== null) throw new Refusal('CONFLICT');
  if (returned) {
    if (returned.spent !== spent) throw new Refusal('CONFLICT');
    return { consumed: returned.consumed, replayed: true };
  }
  if (lease.status === 'SPENT') correct(account, lease, spent);
  else {
    unhold(account, lease, spent);
    count(account, lease.feature, spent);
  }
  const consumed = lease.status === 'SPENT' ? 0 : spent;
  lease.status = 'RETURNED';
  lease.returned = { spent, consumed };
  tell(account, 'quota.returned', id, account.now);
  return { consumed, replayed: false };
}

/** What was not spent is taken off again; what has ended since is lost. */
function correct(account: Account, lease: QuotaLease, spent: number): void {
  if (!isCorrectable(account, lease)) {
    meet(account, 'a lease is returned too late');
    throw new Refusal('CONFLICT');
  }
  takeOff(account, lease, spent);
  meet(account, 'a lease is returned late');
}

function takeOff(account: Account, lease: QuotaLease, spent: number): void {
  const meter = meterOf(account, lease.feature);
  meter.used = Math.max(0, meter.used - (lease.quantity - spent));
  putBack(account, lease, spent);
  loseLeft(meter, account.now);
}

/** With its file: in time, or late where that still can be corrected; else all of it stays spent. */
export function settleBudget(account: Account, lease: QuotaLease, spent: number): void {
  const { id, feature, status, inWindow } = lease;
  if (status === 'SPENT') {
    if (!isCorrectable(account, lease)) {
      meet(account, 'a budget is settled too late');
      return;
    }
    takeOff(account, lease, spent);
    meet(account, 'a budget is settled late');
  }
  lease.status = 'RETURNED';
  tell(account, 'quota.returned', id, account.now);
  if (status !== 'OPEN') return;
  meet(account, inWindow ? 'a budget is settled' : 'a budget is settled after its window');
  if (!inWindow) return;
  unhold(account, lease, spent);
  count(account, feature, spent);
}

function isCorrectable({ now }: Account, lease: QuotaLease): boolean {
  return lease.inWindow && now < correctableUntil(lease);
}

/** Its day has 24 hours. */
export function correctableUntil({ expiresAt }: QuotaLease): number {
  return expiresAt + 24 * 3_600_000;
}

interface LeaseDue {
  readonly at: number;
  readonly id: string;
  happen(): void;
}

export function leaseDues(account: Account): LeaseDue[] {
  return account.leases.flatMap((lease): LeaseDue[] => {
    const { id, status, expiresAt, takenAlong } = lease;
    if (takenAlong !== null)
      return [{ at: takenAlong, id, happen: () => tellEnd(account, lease, takenAlong) }];
    return status === 'OPEN' ? [{ at: expiresAt, id, happen: () => spendLease(account, lease) }] : [];
  });
}

/** Nobody has returned it. */
function spendLease(account: Account, lease: QuotaLease): void {
  const { feature, quantity, expiresAt } = lease;
  lease.status = 'SPENT';
  // The window in which a budget was lent has it already, if that is over.
  if (lease.inWindow) {
    unhold(account, lease, quantity);
    count(account, feature, quantity, expiresAt);
    meet(account, 'a lease is spent by time');
  }
  tellEnd(account, lease, expiresAt);
}

function tellEnd(account: Account, lease: QuotaLease, at: number): void {
  lease.takenAlong = null;
  tell(account, 'quota.expired', lease.id, at);
}
