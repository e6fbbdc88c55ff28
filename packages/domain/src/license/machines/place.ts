import type { MachineId } from '../../ids.js';
import type { Instant } from '../../time/instant.js';
import type { License } from '../license.js';
import type { Machine } from './machine.js';
import { findMachine, type MachineIdentity } from './match.js';

/** What stands in the way of a machine; `row` is its number in docs/rules.md, "Decision codes". */
export type MachineObstacle =
  | { readonly row: 16; readonly code: 'NOT_ACTIVATED' }
  | { readonly row: 17; readonly code: 'MACHINE_IN_USE' };

/** Rows 16 and 17 of the decision codes. Null: nothing, or the licence is not bound to machines. */
export function machineObstacle(
  license: License,
  identity: MachineIdentity,
  at: Instant,
): MachineObstacle | null {
  const policy = license.planVersion.plan.machines;
  if (policy === null) return null;
  const machine = findMachine(license.machines, policy.match, identity);
  if (machine === null) return { row: 16, code: 'NOT_ACTIVATED' };
  return hasPlace(license, machine, at) ? null : { row: 17, code: 'MACHINE_IN_USE' };
}

/** Whether the machine holds a place `atOnce`, or may take one. */
export function hasPlace(license: License, { id }: Machine, at: Instant): boolean {
  const atOnce = license.planVersion.plan.machines?.atOnce ?? null;
  return atOnce === null || placesBeside(license, id, at) < atOnce;
}

/** How many places `atOnce` other machines hold. */
function placesBeside({ machines, unread }: License, id: MachineId, at: Instant): number {
  const read = machines.filter((one) => one.id !== id && one.inUseUntil !== null && at < one.inUseUntil);
  return read.length + (unread?.inUse ?? 0);
}

/** The machine whose place ends first, of equals the one with the lower id; null: no place is held. */
export function firstPlaceToEnd({ machines }: License): (Machine & { readonly inUseUntil: Instant }) | null {
  let first: (Machine & { readonly inUseUntil: Instant }) | null = null;
  for (const machine of machines) {
    if (!holdsPlace(machine)) continue;
    const { id, inUseUntil } = machine;
    if (first === null || inUseUntil < first.inUseUntil || (inUseUntil === first.inUseUntil && id < first.id))
      first = machine;
  }
  return first;
}

function holdsPlace(machine: Machine): machine is Machine & { readonly inUseUntil: Instant } {
  return machine.inUseUntil !== null;
}

/** When time alone lets a machine in that has to wait for a place; null: it does not wait. */
export function placeFreesAt(license: License, identity: MachineIdentity, at: Instant): Instant | null {
  if (machineObstacle(license, identity, at)?.row !== 17) return null;
  return firstPlaceToEnd(license)?.inUseUntil ?? null;
}
