import { knownState } from '../../customer.js';
import { parseSeatId } from '../../ids.js';
import { occupy } from '../../seats/occupy.js';
import { freeAt, isHeld, putSeat } from '../../seats/seat.js';
import type { Instant } from '../../time/instant.js';
import { seatsFeatureOf } from './assign-seat.js';
import { allows, type Candidate, type Denied, remedyOf } from './attempt.js';

/** As few seats as will do are given back, those that were assigned last; they may have to cool down. */
export function* freedSeats(denied: Denied): Iterable<Candidate> {
  const { account, release, request, now } = denied;
  const feature = seatsFeatureOf(denied);
  const id = parseSeatId('seat_remedy');
  if (request.memberId != null || feature === null || feature !== denied.feature || id === null) return;
  const held = account.seats
    .filter((seat) => seat.feature === feature.key && isHeld(seat))
    .sort((one, other) => other.assignedAt - one.assignedAt);
  let freed = account;
  let availableAt: Instant | null = null;
  for (const [index, { memberId }] of held.entries()) {
    const asked = { kind: 'giveBack', feature: feature.key, memberId } as const;
    const { before, after } = occupy(knownState(release, freed), asked, id, now);
    freed = putSeat(freed, before, after);
    const end = after === null ? null : freeAt(after);
    if (end !== null) availableAt = end;
    if (!allows(denied, freed, availableAt)) continue;
    const quantity = index + 1;
    const message = `release ${String(quantity)} ${quantity === 1 ? 'seat' : 'seats'} of \`${feature.key}\` by releaseSeat`;
    yield { remedy: remedyOf('FREE_SEAT', message, { quantity, availableAt }), account: freed };
    return;
  }
}
