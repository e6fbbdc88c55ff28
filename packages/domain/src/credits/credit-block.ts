import type { MeteredFeature, Feature } from '../catalog/catalog.js';
import type { CustomerAccount } from '../customer.js';
import type { AddOnKey, CreditBlockId, FeatureKey, LicenseId, PlanKey, SubscriptionId } from '../ids.js';
import type { Instant } from '../time/instant.js';

/** Prepaid units of a feature; docs/rules.md, "Spending". EXPIRED and VOIDED are final. */
export interface CreditBlock {
  readonly id: CreditBlockId;
  readonly feature: FeatureKey;
  readonly quantity: number;
  /** Not spent yet, those that are held included. Of a block that has ended: those that are still held. */
  readonly remaining: number;
  /** By reservations. */
  readonly held: number;
  /** Lower is spent first. */
  readonly priority: number;
  /** Null: never. */
  readonly expiresAt: Instant | null;
  readonly createdAt: Instant;
  /** What gave it; null: somebody added it. */
  readonly source: CreditSource | null;
  readonly status: 'LIVE' | 'EXPIRED' | 'VOIDED';
}

export type CreditSource =
  | { readonly kind: 'SUBSCRIPTION'; readonly id: SubscriptionId; readonly key: PlanKey }
  | { readonly kind: 'ADD_ON'; readonly id: SubscriptionId; readonly key: AddOnKey }
  | { readonly kind: 'LICENSE'; readonly id: LicenseId; readonly key: PlanKey };

/** Units of one block that a reservation holds. */
export interface CreditHold {
  readonly block: CreditBlockId;
  readonly units: number;
}

export type PrepaidFeature = MeteredFeature & { readonly window: null };

/** Spends blocks, and has no window. */
export function isPrepaid(feature: Feature): feature is PrepaidFeature {
  return feature.type === 'METERED' && feature.window === null;
}

/** What can be spent of a block. */
export function freeUnits({ status, remaining, held }: CreditBlock): number {
  return status === 'LIVE' ? remaining - held : 0;
}

/** Those of one feature that have not ended, in the order in which they are spent. */
export function liveBlocks({ blocks }: CustomerAccount, feature: FeatureKey): CreditBlock[] {
  return blocks.filter((block) => block.feature === feature && block.status === 'LIVE').sort(inOrder);
}

/** Lowest priority, then soonest to expire, then oldest. */
export function inOrder(one: CreditBlock, other: CreditBlock): number {
  return (
    one.priority - other.priority ||
    compared(one.expiresAt ?? Infinity, other.expiresAt ?? Infinity) ||
    one.createdAt - other.createdAt ||
    (one.id < other.id ? -1 : 1)
  );
}

function compared(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/**
 * The limit of a prepaid feature: what was ever spent, and what is left. Spends leave it as it is; blocks that come or
 * end move it. What was recorded beyond all blocks has been spent, and was never given.
 */
export function creditLimit({ meters, blocks }: CustomerAccount, feature: FeatureKey): number {
  const meter = meters.get(feature);
  const left = blocks.reduce((sum, block) => (block.feature === feature ? sum + block.remaining : sum), 0);
  return Math.min((meter?.used ?? 0) - (meter?.overdrawn ?? 0) + left, Number.MAX_SAFE_INTEGER);
}
