import type { CustomerState } from '../customer.js';
import { decide } from '../decision/decide.js';
import type { CheckRequest, Decision } from '../decision/decision.js';
import type { Instant } from '../time/instant.js';
import type { Snapshot } from './snapshot.js';
import type { SnapshotTimes } from './times.js';

/** How much a snapshot is worth; docs/rules.md, "Without state". */
export type SnapshotPhase = 'FRESH' | 'STALE' | 'GRACE' | 'EXPIRED';

export function snapshotPhase(times: SnapshotTimes, now: Instant): SnapshotPhase {
  if (now < times.refreshAfter) return 'FRESH';
  if (now < times.graceFrom) return 'STALE';
  return now < times.expiresAt ? 'GRACE' : 'EXPIRED';
}

/** The first instant after `now` at which the snapshot, or what it says of a feature, is worth less; null: never again. */
export function nextPhaseAt(snapshot: Snapshot, now: Instant): Instant | null {
  const { refreshAfter, graceFrom, expiresAt, lastKnownUntil } = snapshot;
  const ends = [refreshAfter, graceFrom, expiresAt, ...lastKnownUntil.values()].filter(
    (at) => at > now && at <= expiresAt,
  );
  return ends.reduce<Instant | null>((first, at) => (first === null || at < first ? at : first), null);
}

/**
 * `decide` where the gateway may be out of reach, in the phase of the snapshot that whoever calls has found: what is allowed
 * in GRACE is ENTITLED_GRACE, and an EXPIRED snapshot says no more than which features fail open.
 */
export function decideBySnapshot(
  snapshot: Snapshot,
  request: CheckRequest,
  now: Instant,
  phase: SnapshotPhase = snapshotPhase(snapshot, now),
): Decision {
  const decision = decide(stateBySnapshot(snapshot, request.feature, now, phase), request, now);
  return phase === 'GRACE' ? inGrace(decision) : decision;
}

/** What counts of a snapshot for one feature: its state, or OUT_OF_REACH where that is too old. */
export function stateBySnapshot(
  snapshot: Snapshot,
  feature: string,
  now: Instant,
  phase: SnapshotPhase,
): CustomerState {
  const { state, customerId, lastKnownUntil } = snapshot;
  const { release } = state;
  if (phase !== 'EXPIRED') {
    // Mostly there are none, and to look for one among none takes a Map as long as among many.
    const until = lastKnownUntil.size === 0 ? undefined : lastKnownUntil.get(feature);
    if (until === undefined || now < until) return state;
  }
  return { kind: 'OUT_OF_REACH', release, customerId };
}

/** The first that fits of the allowing codes: beyond the limit is said before grace, and both before grants. */
export function inGrace(decision: Decision): Decision {
  const isSaid = !decision.allowed || decision.code === 'ENTITLED_OVERAGE';
  return isSaid || decision.code === 'ENTITLED_FALLBACK'
    ? decision
    : { ...decision, code: 'ENTITLED_GRACE', message: GRACE };
}

const GRACE = 'allowed during the grace period of a snapshot; it ends unless the gateway answers again';
