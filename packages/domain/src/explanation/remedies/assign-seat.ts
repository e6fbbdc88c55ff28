import type { SeatsFeature } from '../../catalog/catalog.js';
import { knownState } from '../../customer.js';
import { parseSeatId } from '../../ids.js';
import { occupy } from '../../seats/occupy.js';
import { holdsSeat, putSeat } from '../../seats/seat.js';
import { type Candidate, type Denied, remedyOf } from './attempt.js';

/** A seat for the member that asks, of the feature or of the one that it needs. */
export function* assignedSeat(denied: Denied): Iterable<Candidate> {
  const { account, release, request, now } = denied;
  const { memberId } = request;
  const feature = seatsFeatureOf(denied);
  const id = parseSeatId('seat_remedy');
  if (memberId == null || feature === null || id === null) return;
  if (holdsSeat(account, feature.key, memberId)) return;
  const isNamed = feature.seats.kind === 'NAMED';
  const asked = { feature: feature.key, memberId };
  const { decision, before, after } = occupy(
    knownState(release, account),
    isNamed ? { kind: 'assign', ...asked } : { kind: 'lease', ...asked, ttl: null },
    id,
    now,
  );
  if (!decision.allowed) return;
  const message = `give the member a seat of \`${feature.key}\` by ${isNamed ? 'assignSeat' : 'leaseSeat'}`;
  yield { remedy: remedyOf('ASSIGN_SEAT', message), account: putSeat(account, before, after) };
}

/** The feature whose seats are asked for; null: it is none of seats, nor needs one. */
export function seatsFeatureOf({ release, feature }: Denied): SeatsFeature | null {
  const needed = feature.needsSeat === null ? feature : release.catalog.features.get(feature.needsSeat);
  return needed?.type === 'SEATS' ? needed : null;
}
