import type { Feature } from '../catalog/catalog.js';
import { parseFeatureKey } from '../ids.js';
import type { Release } from '../customer.js';
import { addFacts, type Fact } from './decision-facts.js';
import type { Decision, DecisionCode } from './decision.js';

/** Of OpenFeature, as far as decisions have them. */
export type FlagReason = 'TARGETING_MATCH' | 'UNKNOWN';

/** Stands for "unlimited": JSON has no number that is greater than all. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER;

export type FlagValue = boolean | number | string | Readonly<Record<string, unknown>>;

export interface Flag {
  readonly key: string;
  readonly reason: FlagReason;
  /** Left out where the application's own default counts. */
  readonly value?: FlagValue;
  readonly metadata: Record<string, Fact>;
}

/**
 * A decision as a flag. BOOLEAN features are true where allowed. Counted ones (METERED, LIMIT, SEATS) are the limit, 0 where the
 * customer has none of it. CONFIG ones are their value, an object where that is the JSON of one, and none where denied:
 * then the default in the application's code counts.
 */
export function flagOf(feature: Feature, decision: Omit<Decision, 'sources'>): Flag {
  const { allowed, code, message } = decision;
  const value = valueOf(feature, decision);
  const metadata = addFacts({ allowed, code, message }, decision);
  const { key } = feature;
  const reason = reasonOf(code);
  return value === null ? { key, reason, metadata } : { key, reason, value, metadata };
}

function valueOf(
  { type }: Feature,
  { allowed, code, value, limit, unlimited }: Omit<Decision, 'sources'>,
): FlagValue | null {
  switch (type) {
    case 'BOOLEAN':
      return allowed;
    case 'METERED':
    case 'LIMIT':
    case 'SEATS':
      // How much it is nobody knows where it was let through without a state.
      if (code === 'ENTITLED_FALLBACK') return null;
      return unlimited ? UNLIMITED : (limit ?? 0);
    case 'CONFIG':
      return allowed && value !== null ? configValue(value) : null;
  }
}

function configValue(text: string): FlagValue {
  if (!text.startsWith('{')) return text;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : text;
  } catch {
    return text;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** UNKNOWN where the customer's state was out of reach, and something else decided. */
function reasonOf(code: DecisionCode): FlagReason {
  return code === 'UNAVAILABLE' || code === 'ENTITLED_FALLBACK' ? 'UNKNOWN' : 'TARGETING_MATCH';
}

/** The release's feature of this key; null: there is none. */
export function featureOf({ catalog }: Release, text: string): Feature | null {
  const key = parseFeatureKey(text);
  return key === null ? null : (catalog.features.get(key) ?? null);
}
