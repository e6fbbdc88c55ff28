import type { FeatureKey, GrantId } from '../ids.js';
import type { Limit } from '../catalog/catalog.js';
import type { Instant } from '../time/instant.js';

/** An exception for one customer; docs/rules.md, "Combination" and "Grants". EXPIRED and REVOKED are final. */
export interface Grant {
  readonly id: GrantId;
  readonly feature: FeatureKey;
  readonly effect: GrantGiven;
  readonly status: 'SCHEDULED' | 'ACTIVE' | 'EXPIRED' | 'REVOKED';
  readonly reason: string;
  readonly startsAt: Instant;
  /** Null: it holds until it is revoked. */
  readonly expiresAt: Instant | null;
}

/** BLOCK denies, whatever else there is; ADD gives on top; REPLACE stands instead of what is bought. */
export type GrantGiven =
  { readonly kind: 'BLOCK' } | { readonly kind: 'ADD' | 'REPLACE'; readonly value: GrantValue };

export type GrantEffect = GrantGiven['kind'];

/** `ON` for BOOLEAN features, units for counted ones, a value for CONFIG. */
export type GrantValue =
  | { readonly kind: 'ON' }
  | { readonly kind: 'UNITS'; readonly limit: Limit }
  | { readonly kind: 'VALUE'; readonly value: string };

export type GrantEventType = 'grant.created' | 'grant.started' | 'grant.expired' | 'grant.revoked';

/** Whether time or a caller can still end it. */
export function isOpen({ status }: Grant): boolean {
  return status === 'SCHEDULED' || status === 'ACTIVE';
}

/** Whether it holds at `at`, whoever has written down that it began. */
export function isInForce(grant: Grant, at: Instant): boolean {
  return isOpen(grant) && grant.startsAt <= at && (grant.expiresAt === null || at < grant.expiresAt);
}

/** The status as time has made it until `at`. */
export function grantStatusAt(grant: Grant, at: Instant): Grant['status'] {
  if (!isOpen(grant)) return grant.status;
  if (grant.expiresAt !== null && grant.expiresAt <= at) return 'EXPIRED';
  return grant.startsAt <= at ? 'ACTIVE' : 'SCHEDULED';
}
