import type { StampedState } from '@licet/database';
import { entitlementsOf, staleEntitlementsOf, type Entitlements } from '@licet/domain';
import type { EntitlementSetType } from './entitlement-types.js';

/** All that a customer may do at the state's revision; an unknown customer has none of it. */
export function toEntitlementSet(
  stamped: StampedState,
  { entitlements, validUntil }: Entitlements = entitlementsIn(stamped),
): EntitlementSetType {
  const { state, revision, asOf, stale } = stamped;
  return {
    customerId: state.kind === 'KNOWN' ? state.account.id : state.customerId,
    revision,
    release: state.release.number,
    asOf,
    validUntil,
    stale,
    entitlements: entitlements.map((entitlement) => ({
      ...entitlement,
      sources: entitlement.sources.map((source) => ({ ...source })),
    })),
  };
}

export function entitlementsIn({ state, now, asOf, stale }: StampedState): Entitlements {
  return stale ? staleEntitlementsOf(state, now, asOf) : entitlementsOf(state, now);
}
