import type { ConfigFeature, Enforcement, Feature, Limit, PlanEntitlement } from '../catalog/catalog.js';
import { unreachable } from '../unreachable.js';
import type { Grant } from '../grant/grant.js';
import { beganAt, isLicense } from '../holding.js';
import { shareOf } from './share.js';
import type { NamingSource, Part } from './sources.js';

/** What a customer has of a feature that is counted: null stands for unlimited, and for no ceiling. */
export interface Units {
  readonly kind: 'UNITS';
  readonly limit: Limit;
  /** Where spending ends: the limit and its overage. */
  readonly ceiling: Limit;
}
/** What a customer has of a feature. */
export type Allowance = { readonly kind: 'ON' } | Units | { readonly kind: 'VALUE'; readonly value: string };

/**
 * Makes one allowance of all sources that pass, by docs/rules.md, "Combination"; null: they give nothing.
 * `holdings` and `grants` are those in force.
 */
export function combine(
  feature: Feature,
  holdings: readonly NamingSource[],
  grants: readonly Grant[],
): Allowance | null {
  if (holdings.length === 0 && grants.length === 0) return null;
  switch (feature.type) {
    case 'BOOLEAN':
      return { kind: 'ON' };
    case 'LIMIT':
    case 'METERED':
    case 'SEATS':
      return combineUnits(feature.combine, holdings, grants);
    case 'CONFIG':
      return combineValues(feature, holdings, grants);
    default:
      return unreachable(feature);
  }
}

function combineUnits(by: 'max' | 'sum', holdings: readonly NamingSource[], grants: readonly Grant[]): Units {
  const replacing = latest(grants.filter((grant) => grant.effect.kind === 'REPLACE'));
  const bought = replacing ? [grantedUnits(replacing)] : holdings.map(unitsOf);
  const base = bought.length === 0 ? hard(0) : bought.reduce((one, other) => join(by, one, other));
  return grants
    .filter((grant) => grant.effect.kind === 'ADD')
    .map(grantedUnits)
    .reduce((sum, added) => join('sum', sum, added), base);
}

/** With what earlier windows have left over; docs/rules.md, "Spending". */
export function raised(allowance: Allowance | null, units: number): Allowance | null {
  if (units === 0 || allowance?.kind !== 'UNITS') return allowance;
  const { limit, ceiling } = allowance;
  return {
    ...allowance,
    limit: joinLimits('sum', limit, units),
    ceiling: joinLimits('sum', ceiling, units),
  };
}

function hard(limit: Limit): Units {
  return { kind: 'UNITS', limit, ceiling: limit };
}

/** Limit and ceiling are combined each for itself; with unlimited the result is unlimited. */
function join(by: 'max' | 'sum', one: Units, other: Units): Units {
  return {
    kind: 'UNITS',
    limit: joinLimits(by, one.limit, other.limit),
    ceiling: joinLimits(by, one.ceiling, other.ceiling),
  };
}

function joinLimits(by: 'max' | 'sum', one: Limit, other: Limit): Limit {
  if (one === null || other === null) return null;
  return by === 'max' ? Math.max(one, other) : Math.min(one + other, Number.MAX_SAFE_INTEGER);
}

/** One holding: the plan's number, and the add-ons' on top, once for each bought. */
export function unitsOf({ plan, addOns }: NamingSource): Units {
  const [first, ...rest] = plan ? [plan, ...addOns] : addOns;
  if (!first) return hard(0);
  const added = rest.reduce<Limit>((sum, part) => joinLimits('sum', sum, numberOf(part)), 0);
  const limit = joinLimits('sum', numberOf(first), added);
  return { kind: 'UNITS', limit, ceiling: ceilingUnder(enforcementOf(first.entitlement), limit) };
}

function numberOf({ entitlement, times }: Part): Limit {
  if (entitlement.kind !== 'UNITS') throw new Error('the parser gives counted features numbers');
  return entitlement.limit === null ? null : Math.min(entitlement.limit * times, Number.MAX_SAFE_INTEGER);
}

function enforcementOf(entitlement: PlanEntitlement): Enforcement {
  return entitlement.kind === 'UNITS' ? entitlement.enforcement : { kind: 'HARD' };
}

function ceilingUnder(enforcement: Enforcement, limit: Limit): Limit {
  if (limit === null) return null;
  switch (enforcement.kind) {
    case 'HARD':
      return limit;
    case 'SOFT':
      return Math.min(limit + overageOf(enforcement.overage, limit), Number.MAX_SAFE_INTEGER);
    case 'NONE':
      return null;
    default:
      return unreachable(enforcement);
  }
}

function overageOf(
  overage: { readonly percent: number } | { readonly units: number },
  limit: number,
): number {
  return 'percent' in overage ? shareOf(limit, overage.percent) : overage.units;
}

function grantedUnits(grant: Grant): Units {
  const { effect } = grant;
  if (effect.kind === 'BLOCK' || effect.value.kind !== 'UNITS')
    throw new Error('a grant of units holds units');
  return hard(effect.value.limit);
}

function latest(grants: readonly Grant[]): Grant | null {
  return grants.reduce<Grant | null>(
    (best, grant) => (best && best.startsAt > grant.startsAt ? best : grant),
    null,
  );
}

/** How near to the customer a value was given: a licence's before an add-on's before a plan's (docs/rules.md, `specific`). */
interface Candidate {
  readonly value: string;
  readonly nearness: number;
  readonly began: number;
}

function combineValues(
  feature: ConfigFeature,
  holdings: readonly NamingSource[],
  grants: readonly Grant[],
): Allowance | null {
  const replacing = latest(grants.filter((grant) => grant.effect.kind === 'REPLACE'));
  const bought = replacing
    ? [grantedValue(replacing)]
    : holdings.flatMap((naming) => candidate(feature, naming));
  const offered = grants.filter((grant) => grant.effect.kind === 'ADD').map(grantedValue);
  const candidates = [...bought, ...offered];
  const [first, ...rest] = candidates;
  if (!first) return null;
  const better = feature.combine === 'order' ? laterIn(feature) : isNearer;
  return {
    kind: 'VALUE',
    value: rest.reduce((best, next) => (better(next, best) ? next : best), first).value,
  };
}

/** Within one holding the later in `values` counts. */
function candidate(feature: ConfigFeature, { holding, plan, addOns }: NamingSource): Candidate[] {
  const parts = [
    ...(plan ? [{ part: plan, nearness: isLicense(holding) ? 2 : 0 }] : []),
    ...addOns.map((part) => ({ part, nearness: 1 })),
  ];
  const candidates = parts.flatMap(({ part, nearness }): Candidate[] =>
    part.entitlement.kind === 'VALUE'
      ? [{ value: part.entitlement.value, nearness, began: beganAt(holding) }]
      : [],
  );
  const [first, ...rest] = candidates;
  const later = laterIn(feature);
  return first ? [rest.reduce((best, next) => (later(next, best) ? next : best), first)] : [];
}

function laterIn(feature: ConfigFeature): (one: Candidate, other: Candidate) => boolean {
  return (one, other) => feature.values.indexOf(one.value) > feature.values.indexOf(other.value);
}

function isNearer(one: Candidate, other: Candidate): boolean {
  return one.nearness !== other.nearness ? one.nearness > other.nearness : one.began > other.began;
}

function grantedValue(grant: Grant): Candidate {
  const { effect } = grant;
  if (effect.kind === 'BLOCK' || effect.value.kind !== 'VALUE')
    throw new Error('a grant of a value holds one');
  return { value: effect.value.value, nearness: 3, began: grant.startsAt };
}
