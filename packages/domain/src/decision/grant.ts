import type { FeatureKey, GrantId } from '../ids.js';
import type { Limit } from '../catalog/catalog.js';
import type { Instant } from '../time/instant.js';

/** An exception for one customer, with an end; docs/rules.md "Combination". */
export interface Grant {
  readonly id: GrantId;
  readonly feature: FeatureKey;
  readonly effect:
    { readonly kind: 'BLOCK' } | { readonly kind: 'ADD' | 'REPLACE'; readonly value: GrantValue };
  readonly startsAt: Instant;
  readonly expiresAt: Instant | null;
}

/** `ON` for BOOLEAN features, units for counted ones, a value for CONFIG. */
export type GrantValue =
  | { readonly kind: 'ON' }
  | { readonly kind: 'UNITS'; readonly limit: Limit }
  | { readonly kind: 'VALUE'; readonly value: string };
