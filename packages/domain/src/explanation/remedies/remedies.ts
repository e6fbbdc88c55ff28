import type { RuleFailure } from '../../decision/rule-reading.js';
import type { Remedy } from '../explanation.js';
import { addedCredits } from './add-credits.js';
import { addOns } from './add-on.js';
import { activations } from './activate-machine.js';
import { allows, type Candidate, type Denied } from './attempt.js';
import { assignedSeat } from './assign-seat.js';
import { boughtQuantities } from './buy-quantity.js';
import { freedSeats } from './free-seat.js';
import { changesOfPlan } from './change-plan.js';
import { liftedBlocks } from './lift-block.js';
import { payments } from './pay.js';
import { reinstatements, renewals } from './license.js';
import { resumes } from './resume.js';
import { suppliedFacts } from './supply-fact.js';
import { waits } from './wait.js';

/** Of each kind: the smallest that would do, and how many are tried to find them. */
const MOST_OFFERED = 3;
const MOST_TRIED = 200;

/**
 * Single changes that would allow what was denied; docs/rules.md, "Why". Each is made in memory by the command that would
 * make it, and `decide` has then allowed the request. `conditions`: see `KnownTests`.
 */
export function remediesFor(denied: Denied, conditions: readonly (readonly RuleFailure[])[]): Remedy[] {
  const kinds = [
    ...[waits, liftedBlocks, reinstatements, renewals, resumes, activations, payments],
    ...[addedCredits, assignedSeat, freedSeats, boughtQuantities, addOns, changesOfPlan],
  ];
  return [
    ...suppliedFacts(conditions).slice(0, MOST_OFFERED),
    ...kinds.flatMap((candidates) => thatAllow(denied, candidates(denied))),
  ];
}

/** A change that waits for a time at which the request is allowed without it is none. */
function comesAnyway(denied: Denied, { kind, availableAt }: Remedy): boolean {
  return kind !== 'WAIT' && availableAt !== null && allows(denied, denied.account, availableAt);
}

function thatAllow(denied: Denied, candidates: Iterable<Candidate>): Remedy[] {
  const offered: Remedy[] = [];
  let tried = 0;
  for (const { remedy, account } of candidates) {
    if (allows(denied, account, remedy.availableAt) && !comesAnyway(denied, remedy)) offered.push(remedy);
    tried += 1;
    if (offered.length === MOST_OFFERED || tried === MOST_TRIED) break;
  }
  return offered;
}
