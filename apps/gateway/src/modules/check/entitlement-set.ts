import type { StampedState } from '@licet/database';
import {
  entitlementsOf,
  type Entitlements,
  type Outline,
  outlineOf,
  outlinesAt,
  staleEntitlementsOf,
} from '@licet/domain';
import type { Access } from '../../access.js';
import type { EntitlementSetType } from './entitlement-types.js';

/** What a customer, or its member, may do at the state's revision; an unknown customer has none of it. */
export function toEntitlementSet(
  stamped: StampedState,
  { entitlements, validUntil }: Entitlements,
): EntitlementSetType {
  const { state, revision, asOf, stale } = stamped;
  return {
    customerId: state.kind === 'KNOWN' ? state.account.id : state.customerId,
    revision,
    release: state.release.number,
    asOf,
    validUntil,
    stale,
    entitlements,
  };
}

/** Of what `entitlementsIn` says, for who compares it and is done. */
export function outlinesIn(stamped: StampedState, access: Access): Outline[] {
  if (stamped.stale) return outlineOf(entitlementsIn(stamped, access).entitlements);
  return outlinesAt(stamped.state, stamped.now, access.requireMember('memberId', null));
}

/** Decided for the member whom the caller's credential names, as its checks are. */
export function entitlementsIn({ state, now, asOf, stale }: StampedState, access: Access): Entitlements {
  const memberId = access.requireMember('memberId', null);
  return stale ? staleEntitlementsOf(state, now, asOf, memberId) : entitlementsOf(state, now, memberId);
}
