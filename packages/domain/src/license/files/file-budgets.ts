import type { CustomerAccount, Release } from '../../customer.js';
import type { Decision } from '../../decision/decision.js';
import type { FeatureKey, LeaseId, LicenseFileId } from '../../ids.js';
import type { AccountChange, CustomerEvent } from '../../subscription/command.js';
import { badInput, type Refused } from '../../subscription/refusal.js';
import type { Instant } from '../../time/instant.js';
import { lend } from '../../usage/lend.js';
import type { QuotaLease } from '../../usage/quota-lease.js';
import { returnLease } from '../../usage/return-lease.js';
import { refuseSpend } from '../../usage/spend.js';

/** Units of a feature that a machine is to spend. */
export interface BudgetRequest {
  readonly feature: string;
  /** At least 1; less is lent where less is left. */
  readonly quantity: number;
  readonly leaseId: LeaseId;
}

/** Why budgets can never be lent, whatever is left. Null: they may. */
export function refuseBudgets(release: Release, budgets: readonly BudgetRequest[]): Refused | null {
  for (const { feature } of budgets) {
    const refusal = refuseSpend(release, { kind: 'lend', feature });
    if (refusal !== null) return badInput('budgets', refusal.message);
  }
  return null;
}

interface Bearer {
  readonly fileId: LicenseFileId;
  readonly expiresAt: Instant;
  readonly fingerprint: string;
  readonly memberId: string | null;
}

type LentBudgets =
  | { readonly ok: false; readonly decision: Decision }
  | (AccountChange & {
      readonly ok: true;
      readonly leases: readonly QuotaLease[];
      readonly budgets: ReadonlyMap<FeatureKey, number>;
    });

/** Each budget as far as it goes, at least 1 of it; where not one unit of one of them is left, none. */
export function lendBudgets(
  account: CustomerAccount,
  release: Release,
  asked: readonly BudgetRequest[],
  { fileId, expiresAt, ...spender }: Bearer,
  now: Instant,
): LentBudgets {
  let current = account;
  const leases: QuotaLease[] = [];
  const events: CustomerEvent[] = [];
  for (const { feature, quantity, leaseId: id } of asked) {
    const request = { feature, quantity, ...spender };
    const lent = lend(current, release, request, { id, fileId, expiresAt }, now);
    const { decision, lease } = lent;
    if (lease === null) return { ok: false, decision };
    const { used, reserved } = lent.counter;
    current = lent.account;
    leases.push(lease);
    events.push({ type: 'quota.leased', at: now, lease, asked: quantity, used, reserved });
  }
  const budgets = new Map(leases.map((lease) => [lease.feature, lease.quantity]));
  return { ok: true, account: current, leases, budgets, events };
}

/** What the machine has spent is counted, the rest comes back. What is not named was not spent. */
export function settleBudgets(
  account: CustomerAccount,
  release: Release,
  leases: readonly QuotaLease[],
  spent: ReadonlyMap<FeatureKey, number>,
  now: Instant,
): AccountChange {
  let current = account;
  const events: CustomerEvent[] = [];
  for (const lease of leases) {
    const change = returnLease(current, lease, spent.get(lease.feature) ?? 0, release, now);
    current = change.account;
    events.push(...change.events);
  }
  return { account: current, events };
}
