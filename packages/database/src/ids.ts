import { randomUUID } from 'node:crypto';
import {
  type CreditBlockId,
  type GrantId,
  parseCreditBlockId,
  type LeaseId,
  type LicenseFileId,
  type LicenseId,
  type MachineId,
  parseMachineId,
  parseGrantId,
  parseLeaseId,
  parseLicenseFileId,
  parseLicenseId,
  parsePlanMigrationId,
  parseSeatId,
  parseSubscriptionId,
  type PlanMigrationId,
  type SeatId,
  type SubscriptionId,
} from '@licet/domain';

/** A new id of a kind: its prefix and 32 hex digits. */
export function newId(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`;
}

export function newSubscriptionId(): SubscriptionId {
  const id = parseSubscriptionId(newId('sub'));
  if (id === null) throw new Error('a new subscription id has the form of one');
  return id;
}

export function newGrantId(): GrantId {
  const id = parseGrantId(newId('grant'));
  if (id === null) throw new Error('a new grant id has the form of one');
  return id;
}

export function newLicenseId(): LicenseId {
  const id = parseLicenseId(newId('lic'));
  if (id === null) throw new Error('a new licence id has the form of one');
  return id;
}

export function newMachineId(): MachineId {
  const id = parseMachineId(newId('mach'));
  if (id === null) throw new Error('a new machine id has the form of one');
  return id;
}

export function newLicenseFileId(): LicenseFileId {
  const id = parseLicenseFileId(newId('file'));
  if (id === null) throw new Error('a new file id has the form of one');
  return id;
}

export function newLeaseId(): LeaseId {
  const id = parseLeaseId(newId('lse'));
  if (id === null) throw new Error('a new lease id has the form of one');
  return id;
}

export function newCreditBlockId(): CreditBlockId {
  const id = parseCreditBlockId(newId('blk'));
  if (id === null) throw new Error('a new block id has the form of one');
  return id;
}

export function newSeatId(): SeatId {
  const id = parseSeatId(newId('seat'));
  if (id === null) throw new Error('a new seat id has the form of one');
  return id;
}

export function newPlanMigrationId(): PlanMigrationId {
  const id = parsePlanMigrationId(newId('migration'));
  if (id === null) throw new Error('a new migration id has the form of one');
  return id;
}
