import type { CustomerAccount } from '../../customer.js';
import type { CustomerEvent } from '../../subscription/command.js';
import { conflict, type Refused } from '../../subscription/refusal.js';
import type { Instant } from '../../time/instant.js';
import { type License, machineLimitOf } from '../license.js';
import type { MachineCommand } from './command.js';
import { deactivationsLeft, withDeactivation } from './deactivations.js';
import { isDerivedFingerprint, type Machine } from './machine.js';
import { isTakenForAnother } from './match.js';
import { recordMachine } from './record-machine.js';

export type Activate = Extract<MachineCommand, { kind: 'activateMachine' }>;

/**
 * A machine that is known, with what it names anew of itself. The same account where that is nothing. CONFLICT where by its new
 * components it, or another machine of the licence, would be taken for the other.
 */
export function reactivate(
  account: CustomerAccount,
  license: License,
  known: Machine,
  command: Activate,
  now: Instant,
): Activated | Refused {
  const { fingerprint, isDerived, components, name = known.name } = command;
  const machine: Machine = {
    ...known,
    fingerprint: isDerived && !isDerivedFingerprint(known.fingerprint) ? known.fingerprint : fingerprint,
    components: components.length === 0 ? known.components : components,
    name,
  };
  if (isSame(machine, known)) return { account, events: [], machine: known };
  if (!hasSameParts(machine, known) && isMixedUp(license, known, machine))
    return conflict(
      'components',
      'these components are those of another machine of the licence; deactivate that one, or leave the components out',
    );
  const change = { before: known, after: machine };
  return { ...recordMachine(account, license, 'machine.updated', now, change), machine };
}

/** `machine`: in the place of `known`. They are in the order in which they were activated. */
function isMixedUp({ machines, planVersion: { plan } }: License, known: Machine, machine: Machine): boolean {
  const match = plan.machines?.match ?? 'all';
  const place = machines.indexOf(known);
  return machines.some((other, index) => {
    if (index === place) return false;
    return index < place
      ? isTakenForAnother(match, other, machine)
      : isTakenForAnother(match, machine, other);
  });
}

export interface Activated {
  readonly account: CustomerAccount;
  readonly events: readonly CustomerEvent[];
  readonly machine: Machine;
}

/**
 * A machine that is new takes a place; where all are taken the plan's `whenFull` says whether the oldest make room for
 * it, each of which is a deactivation.
 */
export function activateNew(
  account: CustomerAccount,
  license: License,
  command: Activate,
  now: Instant,
): Activated | 'DEACTIVATION_LIMIT_EXCEEDED' | 'MACHINE_LIMIT_EXCEEDED' {
  const leaving = license.machines.slice(0, placesMissing(license));
  if (leaving.length > 0) {
    if (license.planVersion.plan.machines?.whenFull !== 'replaceOldest') return 'MACHINE_LIMIT_EXCEEDED';
    const left = deactivationsLeft(license, now, account.timeZone);
    if (left !== null && left < leaving.length) return 'DEACTIVATION_LIMIT_EXCEEDED';
  }
  const events: CustomerEvent[] = [];
  let made = { account, license };
  for (const machine of leaving) {
    const change = removeMachine(made.account, made.license, machine, now);
    events.push(...change.events);
    made = change;
  }
  const { machineId: id, fingerprint, components, name = null } = command;
  const machine = { id, fingerprint, components, name, activatedAt: now, lastSeenAt: null, inUseUntil: null };
  const change = recordMachine(made.account, made.license, 'machine.activated', now, {
    before: null,
    after: machine,
  });
  return { account: change.account, events: [...events, ...change.events], machine };
}

/** How many machines have to go before a new one has a place. */
export function placesMissing(license: License): number {
  return Math.max(0, license.machines.length + 1 - (machineLimitOf(license) ?? 0));
}

/** The licence without the machine, whose places are free. It counts as a deactivation. */
export function removeMachine(
  account: CustomerAccount,
  license: License,
  machine: Machine,
  now: Instant,
): {
  readonly account: CustomerAccount;
  readonly license: License;
  readonly events: readonly CustomerEvent[];
} {
  const deactivations = withDeactivation(license, now, account.timeZone);
  const change = recordMachine(account, license, 'machine.deactivated', now, {
    ...{ before: machine, after: null },
    deactivations,
  });
  const after = change.account.licenses.find(({ id }) => id === license.id);
  return { ...change, license: after ?? license };
}

function isSame(one: Machine, other: Machine): boolean {
  return one.fingerprint === other.fingerprint && one.name === other.name && hasSameParts(one, other);
}

function hasSameParts(one: Machine, other: Machine): boolean {
  return (
    one.components.length === other.components.length &&
    one.components.every((component) => other.components.includes(component))
  );
}
