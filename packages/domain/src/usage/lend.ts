import { creditsOf, withCredits } from '../credits/change-blocks.js';
import { type CreditHold, isPrepaid } from '../credits/credit-block.js';
import { spendCredits } from '../credits/spend-credits.js';
import { type CustomerAccount, knownState, type Release } from '../customer.js';
import { earliest } from '../decision/compile.js';
import { findFeature } from '../decision/find-feature.js';
import type { Decision } from '../decision/decision.js';
import type { Instant } from '../time/instant.js';
import { type Meter, unusedMeter } from './meter.js';
import type { QuotaLease } from './quota-lease.js';
import { type Spender, spend } from './spend.js';
import { meterAt } from './window.js';

interface LendRequest extends Spender {
  readonly feature: string;
  /** At least 1. */
  readonly quantity: number;
}

/** `lease` null: it is denied, and nothing has changed. `counter`: as it stands afterwards. */
export type Lending =
  | { readonly decision: Decision; readonly lease: null }
  | {
      readonly decision: Decision;
      readonly lease: QuotaLease;
      readonly account: CustomerAccount;
      readonly counter: Meter;
    };

/**
 * Lends from the counter as it is now, as far as it goes, at least 1; docs/rules.md, "Spending". `terms`: of the lease that
 * is made. Everything due until `now` must have been applied, and `refuseSpend` been asked.
 */
export function lend(
  account: CustomerAccount,
  release: Release,
  request: LendRequest,
  terms: Pick<QuotaLease, 'id' | 'expiresAt' | 'fileId'>,
  now: Instant,
): Lending {
  const feature = findFeature(release, request.feature);
  const state = knownState(release, account);
  const { decision, held } = spend(state, { kind: 'lend', ...request }, now);
  if (feature === null || held === 0) return { decision, lease: null };
  const { key } = feature;
  const known =
    feature.type === 'METERED'
      ? meterAt(account, feature, now)
      : (account.meters.get(key) ?? unusedMeter(key, null));
  const counter: Meter = {
    ...known,
    reserved: known.reserved + held,
    freesAt: earliest(known.freesAt, terms.expiresAt),
  };
  const counted = { ...account, meters: new Map(account.meters).set(key, counter) };
  const { holds, account: after } = isPrepaid(feature)
    ? holdCredits(counted, key, held)
    : { holds: [], account: counted };
  const windowStart = counter.window?.start ?? null;
  const lease: QuotaLease = { ...terms, feature: key, quantity: held, windowStart, holds, told: [] };
  const leases = [...after.leases, lease].sort((one, other) => one.expiresAt - other.expiresAt);
  return { decision, lease, counter, account: { ...after, leases } };
}

function holdCredits(
  account: CustomerAccount,
  feature: QuotaLease['feature'],
  quantity: number,
): { readonly account: CustomerAccount; readonly holds: readonly CreditHold[] } {
  const held = spendCredits(creditsOf(account, feature), { kind: 'lend', quantity });
  return { account: withCredits(account, feature, held), holds: held.holds };
}
