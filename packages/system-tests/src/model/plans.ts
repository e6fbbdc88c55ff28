import type { FeatureKey } from './features.js';

export type PlanKey =
  'free' | 'pro' | 'plus' | 'enterprise' | 'basic' | 'max' | 'forever' | 'station' | 'node';

export type Units = number | 'unlimited';
export interface LimitSpec {
  readonly limit: Units;
  readonly enforce: 'hard' | 'soft' | 'none';
  readonly overage?: string;
}
export interface BoughtSpec {
  readonly bought: { readonly atLeast: number; readonly atMost: number; readonly default: number };
}
/** A text is `unlimited`, or a value of a config feature. */
export type EntitlementSpec = true | string | number | LimitSpec | BoughtSpec | BlocksSpec;

export interface BlockOffer {
  readonly quantity: number;
  readonly given: 'once' | 'everyPeriod';
  readonly priority?: number;
  readonly expiresAfter?: string;
}
export interface BlocksSpec {
  readonly blocks: readonly BlockOffer[];
}

export interface MachinesSpec {
  readonly limit: number;
  readonly match?: 'any' | 'two' | 'most' | 'all';
  readonly atOnce?: number;
  readonly deactivations?: number;
  readonly per?: string;
  readonly whenFull: 'refuse' | 'replaceOldest';
}

export interface PlanSpec {
  /** Licences are bound to them. */
  readonly machines?: MachinesSpec;
  /** Sold by licence alone. */
  readonly model?: 'perpetual';
  readonly maintenance?: string;
  readonly family: string;
  readonly period?: string;
  /** `then`: a plan, or `continue`; left out: it expires. */
  readonly trial?: { readonly for: string; readonly then?: string };
  readonly grace?: string;
  readonly onExpiry?: PlanKey;
  readonly onCancel?: PlanKey;
  readonly onPause?: { readonly clock: 'stops' | 'runs' };
  readonly entitlements: Readonly<Partial<Record<FeatureKey, EntitlementSpec>>>;
}

export const PLANS: Readonly<Record<PlanKey, PlanSpec>> = {
  free: { family: 'cloud', entitlements: { viewers: 1, projects: 3, calls: 10, support: 'community' } },
  pro: {
    family: 'cloud',
    period: 'P1M',
    trial: { for: 'P14D', then: 'free' },
    grace: 'P7D',
    onExpiry: 'free',
    onPause: { clock: 'stops' },
    entitlements: {
      sso: true,
      projects: 8,
      calls: { limit: 30, enforce: 'soft', overage: '10%' },
      minutes: 20,
      viewers: { limit: 2, enforce: 'soft', overage: '50%' },
      pages: 9,
      exports: 5,
      support: 'business',
      credits: {
        blocks: [
          { quantity: 6, given: 'everyPeriod', priority: 1, expiresAfter: 'P20D' },
          { quantity: 5, given: 'once' },
        ],
      },
    },
  },
  plus: {
    family: 'cloud',
    period: 'P1M',
    trial: { for: 'P7D', then: 'continue' },
    onPause: { clock: 'runs' },
    entitlements: {
      projects: 5,
      calls: 20,
      minutes: 13,
      steps: 4,
      pages: { limit: 6, enforce: 'soft', overage: '50%' },
      exports: { limit: 4, enforce: 'soft', overage: '50%' },
      credits: { blocks: [{ quantity: 4, given: 'everyPeriod', expiresAfter: 'P2M' }] },
    },
  },
  enterprise: {
    family: 'cloud',
    period: 'P1Y',
    grace: 'P30D',
    onCancel: 'free',
    entitlements: {
      sso: true,
      projects: 'unlimited',
      calls: { limit: 50, enforce: 'none' },
      minutes: 'unlimited',
      viewers: 5,
      steps: 12,
      pages: { limit: 20, enforce: 'none' },
      exports: 'unlimited',
      support: 'premium',
    },
  },
  basic: {
    family: 'studio',
    period: 'P1W',
    trial: { for: 'P3D' },
    grace: 'P2D',
    onPause: { clock: 'stops' },
    entitlements: {
      editors: { bought: { atLeast: 1, atMost: 20, default: 2 } },
      desktop: true,
      storage: 4,
      credits: { blocks: [{ quantity: 3, given: 'everyPeriod', priority: 2, expiresAfter: 'P10D' }] },
      calls: 7,
      steps: 3,
      pages: 2,
      exports: 3,
    },
  },
  max: {
    family: 'studio',
    period: 'P3M',
    grace: 'P10D',
    onExpiry: 'basic',
    onCancel: 'basic',
    onPause: { clock: 'runs' },
    entitlements: {
      rendering: true,
      credits: { blocks: [{ quantity: 9, given: 'once', expiresAfter: 'P1M' }] },
      editors: { bought: { atLeast: 10, atMost: 60, default: 15 } },
      storage: 15,
      calls: 17,
      projects: 6,
      steps: 6,
      support: 'business',
    },
  },
  station: {
    family: 'station',
    period: 'P2M',
    grace: 'P5D',
    machines: { limit: 2, match: 'two', atOnce: 1, deactivations: 2, per: 'P30D', whenFull: 'refuse' },
    entitlements: { desktop: true, projects: 9 },
  },
  node: {
    model: 'perpetual',
    family: 'node',
    machines: { limit: 2, match: 'most', atOnce: 2, deactivations: 4, whenFull: 'replaceOldest' },
    entitlements: { desktop: true, projects: 10 },
  },
  forever: {
    model: 'perpetual',
    family: 'forever',
    maintenance: 'P1Y',
    entitlements: {
      desktop: true,
      projects: 7,
      storage: 2,
      steps: 2,
      pages: 4,
      exports: 6,
      credits: { blocks: [{ quantity: 7, given: 'once', priority: 1 }] },
    },
  },
};

export function limitOf(spec: EntitlementSpec | undefined): LimitSpec | null {
  if (spec === undefined || spec === true) return null;
  if (spec === 'unlimited' || typeof spec === 'number') return { limit: spec, enforce: 'hard' };
  if (typeof spec === 'string') return null;
  if ('bought' in spec || 'blocks' in spec) return null;
  return spec;
}

export function blocksOf(spec: EntitlementSpec | undefined): readonly BlockOffer[] {
  return typeof spec === 'object' && 'blocks' in spec ? spec.blocks : [];
}
