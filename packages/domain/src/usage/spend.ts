import type { RequestContext } from '../condition/facts.js';
import type { CustomerState, KnownState, Release } from '../customer.js';
import { decideOnce } from '../decision/decide.js';
import { findFeature } from '../decision/find-feature.js';
import { denyOutOfReach } from '../decision/without-state.js';
import type { CheckRequest, Decision } from '../decision/decision.js';
import { parseFeatureKey } from '../ids.js';
import type { Refusal } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import { type Meter, unusedMeter } from './meter.js';
import { unitsBack } from './quota-lease.js';

/**
 * `consume` counts up, `reserve` holds, `lend` hands out a quota lease; `release` gives back units of a LIMIT feature;
 * `record` counts what was used already; `commit` spends what a reservation holds, `free` ends it; `return` ends a lease,
 * `correct` one that was counted as spent.
 */
export type SpendRequest = AskingRequest | MovingRequest;

/** Who spends, where rights depend on it: the person whose seat is needed, the machine that a licence is bound to. */
export interface Spender {
  /** Null: nobody is named. */
  readonly memberId?: string | null;
  /** Of the machine; null: none is named. */
  readonly fingerprint?: string | null;
}

/** Fits, or does not; of what is lent as much as fits is enough. */
interface AskingRequest extends Spender {
  readonly kind: 'consume' | 'reserve' | 'lend';
  readonly feature: string;
  /** At least 1. */
  readonly quantity: number;
  /** Facts of the request, for rules that read `context`. */
  readonly context?: RequestContext | null;
}

/** What no limit stops. */
type MovingRequest = CountRequest | SettleRequest | CorrectRequest;

interface CountRequest {
  readonly kind: 'release' | 'record';
  readonly feature: string;
  /** At least 1. */
  readonly quantity: number;
}

interface SettleRequest {
  readonly kind: 'commit' | 'free' | 'return';
  readonly feature: string;
  /** What is spent: at most what was reserved, or lent. */
  readonly quantity: number;
  /** What the reservation, or lease, still holds in the running window: what was reserved, or 0. */
  readonly held: number;
}

/** What may count in a window that is over. */
interface LateRequest {
  readonly kind: 'record' | 'commit';
  readonly feature: string;
  readonly quantity: number;
}

interface CorrectRequest {
  readonly kind: 'correct';
  readonly feature: string;
  /** What was spent of the lease. */
  readonly quantity: number;
  /** What it has counted as spent when its time was over. */
  readonly counted: number;
}

/** The decision as it stands after the spend, and by how much `used` and `reserved` change: 0 where it was denied. */
export interface SpendOutcome {
  readonly decision: Decision;
  readonly delta: number;
  readonly held: number;
}

const MOST = Number.MAX_SAFE_INTEGER;

/** Why a request can never be right, whoever makes it and whenever: BAD_USER_INPUT. Null: it may be decided. */
export function refuseSpend(
  release: Release,
  { kind, feature: text }: Pick<SpendRequest, 'kind' | 'feature'>,
): Refusal | null {
  const feature = findFeature(release, text);
  if (feature === null) return null;
  const isCounted = feature.type === 'LIMIT' || feature.type === 'METERED';
  if (kind === 'release')
    return feature.type === 'LIMIT'
      ? null
      : badInput(`feature \`${feature.key}\` is ${feature.type}; only LIMIT features take units back`);
  if (isCounted) return null;
  return badInput(
    `feature \`${feature.key}\` is ${feature.type}; METERED and LIMIT features can be ${doneBy(kind)}`,
  );
}

function doneBy(kind: SpendRequest['kind']): string {
  if (kind === 'reserve') return 'reserved';
  return kind === 'lend' ? 'leased' : 'consumed';
}

function badInput(message: string): Refusal {
  return { code: 'BAD_USER_INPUT', field: 'feature', message };
}

/**
 * Decides one spend on the counter as it is: what fits is spent, or held, whole, else nothing; of what is to be lent
 * as much as fits, at least 1. Giving back never fails
 * and never goes below 0; what is recorded, or was reserved, counts whatever the limit says (docs/rules.md,
 * "Spending"). Out of reach, nothing is done ("Without state"). `refuseSpend`, or `refuseRecord`, has been asked before.
 */
export function spend(state: CustomerState, request: SpendRequest, now: Instant): SpendOutcome {
  switch (request.kind) {
    case 'consume':
    case 'reserve':
    case 'lend':
      return asked(state, request, now);
    default:
      return moved(state, request, now);
  }
}

function asked(state: CustomerState, request: AskingRequest, now: Instant): SpendOutcome {
  const { kind, feature, context = null, memberId = null, fingerprint = null } = request;
  const check = { feature, quantity: request.quantity, context, memberId, fingerprint };
  if (state.kind === 'OUT_OF_REACH') return denied(denyOutOfReach(state, check));
  const whole = decideOnce(state, check, now);
  const { decision, quantity } =
    kind === 'lend' && whole.code === 'LIMIT_EXCEEDED'
      ? mostThatFits(state, check, now)
      : { decision: whole, quantity: check.quantity };
  if (!decision.allowed) return denied(decision);
  const used = decision.used ?? 0;
  const reserved = decision.reserved ?? 0;
  if (quantity > MOST - used - reserved) return counterFull(decision);
  return kind === 'consume'
    ? { decision: withCounter(decision, used + quantity, reserved), delta: quantity, held: 0 }
    : { decision: withCounter(decision, used, reserved + quantity), delta: 0, held: quantity };
}

interface Fitting {
  readonly decision: Decision;
  readonly quantity: number;
}

/** Searched for with `decide`, which alone says what fits. `check`: of a quantity that does not. */
function mostThatFits(state: CustomerState, check: CheckRequest, now: Instant): Fitting {
  const ask = (quantity: number): Fitting => ({
    decision: decideOnce(state, { ...check, quantity }, now),
    quantity,
  });
  let most = ask(1);
  if (!most.decision.allowed) return most;
  let tooMany = check.quantity;
  while (tooMany - most.quantity > 1) {
    const next = ask(most.quantity + Math.floor((tooMany - most.quantity) / 2));
    if (next.decision.allowed) most = next;
    else tooMany = next.quantity;
  }
  return most;
}

function denied(decision: Decision): SpendOutcome {
  return { decision, delta: 0, held: 0 };
}

function moved(state: CustomerState, request: MovingRequest, now: Instant): SpendOutcome {
  const check = { feature: request.feature, quantity: 0 };
  if (state.kind === 'OUT_OF_REACH') return denied(denyOutOfReach(state, check));
  const decision = decideOnce(state, check, now);
  const key = parseFeatureKey(decision.feature);
  if (state.kind !== 'KNOWN' || key === null || !state.release.catalog.features.has(key))
    return denied(decision);
  const meter = state.account.meters.get(key) ?? unusedMeter(key, null);
  const { used, reserved } = meter;
  const { delta, held, message } = movement(request, meter, now);
  // What is held counts: its commit must still find room.
  if (delta + held > MOST - used - reserved) return counterFull(decision);
  const done: Decision = { ...decision, allowed: true, code: 'DONE', message };
  return { decision: withCounter(done, used + delta, Math.max(0, reserved + held)), delta, held };
}

/**
 * What counts in a window that is over, of which `used` is kept: late usage, or the commit of what was reserved in it. No
 * limit stops it, and the running counter neither moves nor bounds it. It is answered with that window: no limit is kept of
 * it, and what was held in it ended with it (docs/rules.md, "Spending").
 */
export function spendInClosedWindow(
  state: KnownState,
  request: LateRequest,
  used: number,
  now: Instant,
): SpendOutcome {
  const { kind, feature, quantity } = request;
  const decision = decideOnce(state, { feature, quantity: 0 }, now);
  if (findFeature(state.release, feature) === null) return denied(decision);
  if (quantity > MOST - used) return counterFull(inClosedWindow(decision, used));
  const done: Decision = { ...decision, allowed: true, code: 'DONE', message: countedText(kind, quantity) };
  return { decision: inClosedWindow(done, used + quantity), delta: quantity, held: 0 };
}

function inClosedWindow(decision: Decision, used: number): Decision {
  const limitless = { limit: null, unlimited: false, remaining: null } as const;
  return { ...decision, ...limitless, used, reserved: 0, resetsAt: null, validUntil: null };
}

function countedText(kind: LateRequest['kind'], quantity: number): string {
  return kind === 'record'
    ? `${String(quantity)} recorded`
    : `${String(quantity)} of what was reserved spent`;
}

interface Movement {
  readonly delta: number;
  readonly held: number;
  readonly message: string;
}

function movement(request: MovingRequest, meter: Meter, now: Instant): Movement {
  const { quantity } = request;
  switch (request.kind) {
    case 'record':
      return { delta: quantity, held: 0, message: countedText(request.kind, quantity) };
    case 'commit':
      return { delta: quantity, held: -request.held, message: countedText(request.kind, quantity) };
    case 'free':
      return { delta: 0, held: -request.held, message: `${String(request.held)} reserved given back` };
    case 'return':
      return {
        delta: quantity,
        held: -request.held,
        message: `${String(quantity)} of the lease spent, ${String(request.held - quantity)} given back`,
      };
    case 'correct': {
      const given = unitsBack(meter, request.counted - quantity, now);
      return {
        delta: -given,
        held: 0,
        message: `the lease was counted as spent when it ended; ${String(given)} given back`,
      };
    }
    case 'release': {
      const given = Math.min(meter.used, quantity);
      return { delta: -given, held: 0, message: `${String(given)} given back` };
    }
  }
}

function withCounter(decision: Decision, used: number, reserved: number): Decision {
  const { limit } = decision;
  const remaining = limit === null ? null : Math.max(0, limit - used - reserved);
  return { ...decision, used, reserved, remaining };
}

/** No counter goes beyond what a number can hold. */
function counterFull(decision: Decision): SpendOutcome {
  const message = `the counter cannot go beyond ${String(MOST)}`;
  return denied({ ...decision, allowed: false, code: 'LIMIT_EXCEEDED', message });
}
