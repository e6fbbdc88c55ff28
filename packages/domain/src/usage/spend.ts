import type { RequestContext } from '../condition/facts.js';
import { type CustomerState, knownState, type KnownState, type Release } from '../customer.js';
import type { CompiledFeature } from '../decision/compile.js';
import { decide, denyOutOfReach, findFeature } from '../decision/decide.js';
import { isDecided } from '../decision/entitlement.js';
import type { Decision } from '../decision/decision.js';
import { parseFeatureKey } from '../ids.js';
import type { Refusal } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import type { Meter } from './meter.js';
import { endsWithin } from './rollover.js';

/** `consume` counts up; `release` gives back units of a LIMIT feature; `record` counts what was used already. */
export interface SpendRequest {
  readonly kind: 'consume' | 'release' | 'record';
  readonly feature: string;
  /** At least 1. */
  readonly quantity: number;
  /** Facts of the request, for rules that read `context`. */
  readonly context?: RequestContext | null;
}

/** The decision as it stands after the spend, and by how much `used` changes: 0 where it was denied. */
export interface SpendOutcome {
  readonly decision: Decision;
  readonly delta: number;
}

const MOST = Number.MAX_SAFE_INTEGER;

/** Why a request can never be right, whoever makes it and whenever: BAD_USER_INPUT. Null: it may be decided. */
export function refuseSpend(release: Release, request: SpendRequest): Refusal | null {
  const feature = findFeature(release, request.feature);
  if (feature === null) return null;
  if (!isDecided(feature))
    return badInput(`feature \`${feature.key}\` cannot be spent yet: not supported yet`);
  const spendable = request.kind === 'consume' ? ['LIMIT', 'METERED'] : ['LIMIT'];
  if (spendable.includes(feature.type)) return null;
  const remedy =
    request.kind === 'consume'
      ? 'METERED and LIMIT features can be consumed'
      : 'only LIMIT features take units back';
  return badInput(`feature \`${feature.key}\` is ${feature.type}; ${remedy}`);
}

function badInput(message: string): Refusal {
  return { code: 'BAD_USER_INPUT', field: 'feature', message };
}

/**
 * Decides one spend on the counter as it is: what fits is spent whole, else nothing. Giving back never fails
 * and never goes below 0; what is recorded counts in the running window whatever the limit says (docs/rules.md,
 * "Spending"). Out of reach, nothing is done ("Without state"). `refuseSpend`, or `refuseRecord`, has been asked before.
 */
export function spend(state: CustomerState, request: SpendRequest, now: Instant): SpendOutcome {
  const quantity = request.kind === 'consume' ? request.quantity : 0;
  const check = { feature: request.feature, quantity, context: request.context ?? null };
  if (state.kind === 'OUT_OF_REACH') return { decision: denyOutOfReach(state, check), delta: 0 };
  const decision = decide(state, check, now);
  if (request.kind !== 'consume') return moved(state, decision, request);
  if (!decision.allowed) return { decision, delta: 0 };
  const used = decision.used ?? 0;
  if (quantity > MOST - used - (decision.reserved ?? 0)) return counterFull(decision);
  return { decision: withUsed(decision, used + quantity), delta: quantity };
}

/** The state with one counter replaced; the right that the counter is held against stays as it was worked out. */
export function withMeter(state: KnownState, meter: Meter): KnownState {
  const meters = new Map(state.account.meters).set(meter.feature, meter);
  const changed = knownState(state.release, { ...state.account, meters });
  for (const [feature, right] of state.compiled) changed.compiled.set(feature, copied(right));
  recount(changed, meter);
  return changed;
}

/** A right of its own: counters move in place. */
function copied(right: CompiledFeature): CompiledFeature {
  if (right.kind !== 'ASKED') return { ...right };
  return { ...right, answers: new Map([...right.answers].map(([key, answer]) => [key, { ...answer }])) };
}

/** Puts a counter into what was worked out, in place. Of another window than the one it was worked out for, it is forgotten. */
export function recount({ compiled, answers }: KnownState, meter: Meter): void {
  answers.forget(meter.feature);
  const right = compiled.get(meter.feature);
  if (right === undefined || !moveCounter(right, meter)) compiled.delete(meter.feature);
}

/** False: it must be worked out anew. */
function moveCounter(right: CompiledFeature, meter: Meter): boolean {
  if (right.kind === 'ASKED') {
    for (const [key, answer] of right.answers) if (!moveCounter(answer, meter)) right.answers.delete(key);
    return true;
  }
  if (right.kind !== 'COUNTED' || right.resetsAt !== (meter.window?.end ?? null)) return false;
  // How much of rolled units will end depends on how much of them is spent.
  if (endsWithin(meter)) return false;
  right.used = meter.used;
  right.reserved = meter.reserved;
  return true;
}

/** What no limit stops. */
function moved(state: CustomerState, decision: Decision, { kind, quantity }: SpendRequest): SpendOutcome {
  const key = parseFeatureKey(decision.feature);
  if (state.kind !== 'KNOWN' || key === null || !state.release.catalog.features.has(key))
    return { decision, delta: 0 };
  const used = state.account.meters.get(key)?.used ?? 0;
  if (kind === 'record' && quantity > MOST - used) return counterFull(decision);
  const delta = kind === 'record' ? quantity : -Math.min(used, quantity);
  const message = kind === 'record' ? `${String(delta)} recorded` : `${String(-delta)} given back`;
  const done: Decision = { ...decision, allowed: true, code: 'DONE', message };
  return { decision: withUsed(done, used + delta), delta };
}

function withUsed(decision: Decision, used: number): Decision {
  const { limit } = decision;
  const remaining = limit === null ? null : Math.max(0, limit - used - (decision.reserved ?? 0));
  return { ...decision, used, remaining };
}

/** No counter goes beyond what a number can hold. */
export function counterFull(decision: Decision): SpendOutcome {
  const message = `the counter cannot go beyond ${String(MOST)}`;
  return { decision: { ...decision, allowed: false, code: 'LIMIT_EXCEEDED', message }, delta: 0 };
}
