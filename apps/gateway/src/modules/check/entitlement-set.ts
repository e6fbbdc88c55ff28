import { entitlementsOf, type Entitlements } from '@licet/domain';
import type { StampedState } from '../../loaders.js';
import type { EntitlementSetType } from './entitlement-types.js';

/** All that a customer may do at the state's revision; an unknown customer has none of it. */
export function toEntitlementSet(
  { state, revision, asOf }: StampedState,
  { entitlements, validUntil }: Entitlements = entitlementsOf(state, asOf),
): EntitlementSetType {
  return {
    customerId: state.kind === 'KNOWN' ? state.account.id : state.customerId,
    revision,
    release: state.release.number,
    asOf,
    validUntil,
    stale: false,
    entitlements: entitlements.map((entitlement) => ({
      ...entitlement,
      sources: entitlement.sources.map((source) => ({ ...source })),
    })),
  };
}
