import { type CustomerState, knownState } from '../customer.js';
import type { CheckRequest } from '../decision/decision.js';
import { findFeature } from '../decision/find-feature.js';
import { stateAtHand } from '../decision/without-state.js';
import { accountAt } from '../subscription/due.js';
import type { Instant } from '../time/instant.js';
import { unusedMeter } from '../usage/meter.js';
import { contains } from '../usage/window.js';
import { explainWithoutRemedies } from './explain.js';
import type { Explanation } from './explanation.js';

/** A decision that is on record, and what it rested on besides the customer's state. */
export interface PastDecision {
  readonly request: CheckRequest;
  /** The instant by which it was decided. */
  readonly at: Instant;
  readonly decision: { readonly allowed: boolean; readonly code: string };
  /** The feature's counter as it was before; null: it was not counted, or does not matter. */
  readonly counter: PastCounter | null;
  /** Until when what it rested on was known to be current; null: it was at hand. */
  readonly staleSince: Instant | null;
}

export interface PastCounter {
  readonly used: number;
  readonly reserved: number;
  /** When its window ended; null: it has none. */
  readonly resetsAt: Instant | null;
}

/**
 * Why it was decided so; docs/rules.md, "Why". `state`: as it was, as far as that can be told. Null: by that state it would have
 * been decided otherwise, so it is not what was decided on.
 */
export function explainPast(
  state: CustomerState,
  { request, at, decision, counter, staleSince }: PastDecision,
): Pick<Explanation, 'steps' | 'reasons'> | null {
  const counted = withCounter(state, request, at, counter);
  const held = staleSince === null ? counted : stateAtHand(counted, request, at, staleSince);
  const { steps, reasons, decision: again } = explainWithoutRemedies(held, request, at);
  const isSame = again.code === decision.code && again.allowed === decision.allowed;
  return isSame ? { steps, reasons } : null;
}

/** Usage is told batch by batch: how much it was is on record with the decision. */
function withCounter(
  state: CustomerState,
  request: CheckRequest,
  at: Instant,
  counter: PastCounter | null,
): CustomerState {
  if (state.kind !== 'KNOWN' || counter === null) return state;
  const { release } = state;
  const feature = findFeature(release, request.feature);
  if (feature === null) return state;
  const account = accountAt(state.account, release, at);
  const { used, reserved, resetsAt } = counter;
  const window = resetsAt === null ? null : { start: at, end: resetsAt };
  const kept = account.meters.get(feature.key);
  const runs = kept !== undefined && (kept.window === null ? window === null : contains(kept.window, at));
  const meter = { ...(runs ? kept : unusedMeter(feature.key, window)), used, reserved, freesAt: null };
  return knownState(release, { ...account, meters: new Map(account.meters).set(feature.key, meter) });
}
