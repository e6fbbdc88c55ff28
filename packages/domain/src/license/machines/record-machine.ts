import type { CustomerAccount } from '../../customer.js';
import type { AccountChange } from '../../subscription/command.js';
import type { Instant } from '../../time/instant.js';
import type { License } from '../license.js';
import type { Machine, MachineEventType } from './machine.js';

interface MachineChange {
  /** Null: new. */
  readonly before: Machine | null;
  /** Null: deactivated. */
  readonly after: Machine | null;
  /** Of the licence, where they are others from then on. */
  readonly deactivations?: readonly Instant[];
}

/** The account with `after` in the place of `before` on the licence, and the event that says so. */
export function recordMachine(
  account: CustomerAccount,
  { id: licenseId }: Pick<License, 'id'>,
  type: MachineEventType,
  at: Instant,
  { before, after, deactivations }: MachineChange,
): AccountChange {
  const changed = (license: License): License => ({
    ...license,
    machines: machinesAfter(license.machines, before, after),
    deactivations: deactivations ?? license.deactivations,
  });
  const licenses = account.licenses.map((one) => (one.id === licenseId ? changed(one) : one));
  return {
    account: { ...account, licenses },
    events: [{ type, at, machine: { licenseId, before, after } }],
  };
}

function machinesAfter(
  machines: readonly Machine[],
  before: Machine | null,
  after: Machine | null,
): readonly Machine[] {
  if (before === null) return after === null ? machines : [...machines, after];
  return machines.flatMap((one) => {
    if (one.id !== before.id) return [one];
    return after === null ? [] : [after];
  });
}

/** Time has ended a place: no heartbeat has held it. */
export function expirePlace(
  account: CustomerAccount,
  license: License,
  machine: Machine,
  at: Instant,
): AccountChange {
  const after = { ...machine, inUseUntil: null };
  return recordMachine(account, license, 'machine.place_expired', at, { before: machine, after });
}
