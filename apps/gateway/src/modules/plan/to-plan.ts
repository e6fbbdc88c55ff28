import {
  shareOf,
  type Catalog,
  type Plan,
  type PlanEntitlement,
  type PlanVersion,
  type Release,
} from '@licet/domain';
import { toFeature, type FeatureObject } from '../feature/feature-type.js';
import type { PlanEntitlementType, PlanType, PlanVersionType } from './plan-types.js';

/** The plan as the release sells it; one that the release has taken out, as it was sold last. */
export function toPlan(sold: PlanVersion, release: Release): PlanType {
  const { plan, version } = release.planVersions.get(sold.plan.key) ?? sold;
  const { key, name, family, model } = plan;
  return { key, name, family, model, version, entitlements: toPlanEntitlements(plan, release.catalog) };
}

export function toPlanVersion(sold: PlanVersion, release: Release): PlanVersionType {
  const entitlements = toPlanEntitlements(sold.plan, release.catalog);
  return { plan: toPlan(sold, release), version: sold.version, entitlements };
}

/** Features that the release no longer has are left out: nothing can be asked about them. */
function toPlanEntitlements(plan: Plan, catalog: Catalog): PlanEntitlementType[] {
  return [...plan.entitlements].flatMap(([key, entitlement]) => {
    const feature = catalog.features.get(key);
    return feature ? [toPlanEntitlement(toFeature(feature), entitlement)] : [];
  });
}

function toPlanEntitlement(feature: FeatureObject, entitlement: PlanEntitlement): PlanEntitlementType {
  const nothing = {
    feature,
    value: null,
    limit: null,
    unlimited: false,
    enforcement: null,
    overage: null,
  } as const;
  switch (entitlement.kind) {
    case 'ON':
    case 'BLOCKS':
      return nothing;
    case 'VALUE':
      return { ...nothing, value: entitlement.value };
    case 'BOUGHT':
      return { ...nothing, limit: entitlement.default, enforcement: 'HARD' };
    case 'UNITS':
      return { ...nothing, ...limits(entitlement) };
  }
}

type Units = Extract<PlanEntitlement, { kind: 'UNITS' }>;

function limits({
  limit,
  enforcement,
}: Units): Pick<PlanEntitlementType, 'limit' | 'unlimited' | 'enforcement' | 'overage'> {
  const bounds = { limit, unlimited: limit === null, enforcement: enforcement.kind };
  return { ...bounds, overage: enforcement.kind === 'SOFT' ? overage(limit, enforcement.overage) : null };
}

function overage(limit: number | null, threshold: { percent: number } | { units: number }): number | null {
  if ('units' in threshold) return threshold.units;
  return limit === null ? null : shareOf(limit, threshold.percent);
}
