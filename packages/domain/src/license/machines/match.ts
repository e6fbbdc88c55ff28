import type { MachinePolicy } from '../../catalog/catalog.js';
import { unreachable } from '../../unreachable.js';
import type { Machine } from './machine.js';

/** A machine as it names itself; components are keyed hashes. */
export interface MachineIdentity {
  /** Null: it names none. */
  readonly fingerprint: string | null;
  readonly components: readonly string[];
}

/**
 * The machine that names itself so: the one with this fingerprint, else the one with most equal components among those
 * that have enough of them, of equals the one activated first; null: none.
 */
export function findMachine(
  machines: readonly Machine[],
  match: MachinePolicy['match'],
  { fingerprint, components }: MachineIdentity,
): Machine | null {
  const same = fingerprint === null ? undefined : machines.find((one) => one.fingerprint === fingerprint);
  if (same !== undefined) return same;
  if (components.length === 0) return null;
  const named = new Set(components);
  let best: { readonly machine: Machine; readonly equal: number } | null = null;
  for (const machine of machines) {
    const equal = machine.components.filter((one) => named.has(one)).length;
    if (isEnough(match, equal, machine.components.length) && equal > (best?.equal ?? 0))
      best = { machine, equal };
  }
  return best?.machine ?? null;
}

/**
 * Whether one of two machines could not be told by its components any more: those of the one that was activated later are
 * all the earlier one's, and would name that.
 */
export function isTakenForAnother(match: MachinePolicy['match'], earlier: Machine, later: Machine): boolean {
  const { components } = later;
  return (
    components.every((one) => earlier.components.includes(one)) &&
    isEnough(match, components.length, earlier.components.length)
  );
}

/** Whether so many equal components, `of` those that are known of a machine, make it the same one. */
function isEnough(match: MachinePolicy['match'], equal: number, of: number): boolean {
  switch (match) {
    case 'any':
      return equal >= 1;
    case 'two':
      return equal >= 2;
    case 'most':
      return equal * 2 > of;
    case 'all':
      return equal > 0 && equal === of;
    default:
      return unreachable(match);
  }
}
