import type { CustomerAccount } from '../../customer.js';
import type { Instant } from '../../time/instant.js';
import type { License } from '../license.js';
import type { Activated } from './activate.js';
import type { Machine } from './machine.js';
import { recordMachine } from './record-machine.js';

/** The machine is in use until `until`. It holds a place until then, where machines take turns. */
export function beat(
  account: CustomerAccount,
  license: License,
  known: Machine,
  until: Instant,
  now: Instant,
): Activated {
  const takesTurns = (license.planVersion.plan.machines?.atOnce ?? null) !== null;
  const machine: Machine = { ...known, lastSeenAt: now, inUseUntil: takesTurns ? until : null };
  const type = takesTurns && known.inUseUntil === null ? 'machine.place_taken' : 'machine.seen';
  return { ...recordMachine(account, license, type, now, { before: known, after: machine }), machine };
}
