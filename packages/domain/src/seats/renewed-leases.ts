import { type KnownState, knownState } from '../customer.js';
import type { Instant } from '../time/instant.js';
import { asksMember } from './seat-test.js';

/** Until when seats are held, by their ids. */
export type Leases = ReadonlyMap<string, Instant>;

/** The state with leases that were renewed since; what does not rest on seats stays as it was worked out. */
export function withLeases(state: KnownState, leases: Leases): KnownState {
  if (leases.size === 0) return state;
  const seats = state.account.seats.map((seat) => {
    const leaseExpiresAt = leases.get(seat.id);
    return leaseExpiresAt === undefined ? seat : { ...seat, leaseExpiresAt };
  });
  const changed = knownState(state.release, { ...state.account, seats });
  for (const feature of state.release.catalog.features.values()) {
    const right = asksMember(feature) ? undefined : state.compiled.get(feature.key);
    if (right !== undefined) changed.compiled.set(feature.key, right);
  }
  return changed;
}
