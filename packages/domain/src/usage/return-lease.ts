import { creditsOf, withCredits } from '../credits/change-blocks.js';
import { spendCredits } from '../credits/spend-credits.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { AccountChange, CustomerEvent } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import { riseOfLease } from './expire-lease.js';
import { firstToEnd, isHeldIn } from './held.js';
import type { Meter } from './meter.js';
import { isCorrectable, type QuotaLease, unitsBack } from './quota-lease.js';

/**
 * The lease is over, and `spent` of it was spent: the rest is free again. One that time has ended is corrected up to a day
 * later. In a window that is over all of it stays spent. Everything due until `now` must have been applied.
 */
export function returnLease(
  account: CustomerAccount,
  lease: QuotaLease,
  spent: number,
  release: Release,
  now: Instant,
): AccountChange {
  const isOpen = account.leases.some(({ id }) => id === lease.id);
  const rest = isOpen ? { ...account, leases: account.leases.filter(({ id }) => id !== lease.id) } : account;
  const before = account.meters.get(lease.feature);
  if (before === undefined || !(isOpen ? isHeldIn(before, lease) : isCorrectable(lease, before, now)))
    return { account: rest, events: isOpen ? [returned(lease, spent, 0, null, now)] : [] };
  if (!isOpen) return correct(account, lease, before, spent, now);
  const after: Meter = {
    ...before,
    used: before.used + spent,
    reserved: Math.max(0, before.reserved - lease.quantity),
    freesAt: firstToEnd(rest, before),
  };
  const counted = withCounter(rest, lease, after, { kind: 'return', quantity: spent });
  const risen = riseOfLease(counted, lease, release, { before, after }, now);
  const event = returned(lease, spent, lease.quantity - spent, after, now);
  return { account: risen.account, events: [event, ...risen.events] };
}

function correct(
  account: CustomerAccount,
  lease: QuotaLease,
  before: Meter,
  spent: number,
  now: Instant,
): AccountChange {
  const given = unitsBack(before, lease.quantity - spent, now);
  const after: Meter = { ...before, used: before.used - given };
  return {
    account: withCounter(account, lease, after, { kind: 'correct', quantity: spent }),
    events: [{ ...returned(lease, spent, given, after, now), late: true }],
  };
}

function withCounter(
  account: CustomerAccount,
  { feature, holds }: QuotaLease,
  counter: Meter,
  question: Parameters<typeof spendCredits>[1],
): CustomerAccount {
  const counted = { ...account, meters: new Map(account.meters).set(feature, counter) };
  if (holds.length === 0) return counted;
  return withCredits(counted, feature, spendCredits(creditsOf(counted, feature), question, holds));
}

function returned(
  lease: QuotaLease,
  spent: number,
  units: number,
  counter: Meter | null,
  at: Instant,
): Extract<CustomerEvent, { type: 'quota.returned' }> {
  const { used = null, reserved = null } = counter ?? {};
  return { type: 'quota.returned', at, lease, spent, returned: units, late: false, used, reserved };
}
