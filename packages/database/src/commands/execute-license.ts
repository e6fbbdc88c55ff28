import { type CustomerId, executeLicense, type LicenseCommand } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import type { LicenseKey } from '../crypto/license-key.js';
import type { Caller } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import { licenseToRecord, type StoredLicense } from '../mapping/license.js';
import { INSERT_LICENSES, writeRows } from '../repositories/account-rows.js';
import { licenseCreatedAt, licenseFromRecord, licenseOwner, registerKey } from '../repositories/licenses.js';
import { requestHash } from '../repositories/operations.js';
import { refused, type Refused, type Result } from '../result.js';
import { type CustomerCommand, type Done, runCustomerCommand } from './customer-command.js';

export interface LicenseRequest {
  readonly command: LicenseCommand;
  /** For `issueLicense`; the others name a licence, whose customer is looked up. */
  readonly customerId: CustomerId | null;
  /** The key that opens it from then on; null: it stays. */
  readonly key: LicenseKey | null;
  /** Null for commands that may simply be repeated. */
  readonly idempotencyKey: string | null;
  readonly reason: string | null;
}

export interface LicenseResult {
  readonly stored: StoredLicense;
  /** Null where this call has made none: that of a replay was shown by the first one. */
  readonly key: LicenseKey | null;
  readonly revision: Revision;
  readonly replayed: boolean;
}

/** A command on a customer's licences; see `runCustomerCommand`. */
export async function executeLicenseCommand(
  db: Database,
  caller: Caller,
  request: LicenseRequest,
): Promise<Result<LicenseResult>> {
  const result = await runCustomerCommand(db, caller, commandOf(db, caller, request));
  if (!result.ok) return result;
  const { answer: stored, revision, replayed } = result;
  return { ok: true, stored, key: replayed ? null : request.key, revision, replayed };
}

function commandOf(db: Database, caller: Caller, request: LicenseRequest): CustomerCommand<StoredLicense> {
  const { command, customerId, key, idempotencyKey, reason } = request;
  const { licenseId } = command;
  return {
    kind: command.kind,
    named: { license: licenseId },
    idempotencyKey,
    reason,
    requestHash: () => hashOf(request),
    execute: (account, release, now) => executeLicense(account, command, release, now),
    customerOf: (transaction) =>
      customerId === null ? ownerOf(transaction, command) : Promise.resolve(customerId),
    answer: (transaction, done) => licenseIn(transaction, command, done),
    rows: (stored) => [
      ...(command.kind === 'issueLicense' ? writeRows(caller.tenantId, INSERT_LICENSES, [stored]) : []),
      ...(key === null ? [] : [registerKey(caller.tenantId, stored.license)]),
    ],
    toRecord: licenseToRecord,
    fromRecord: (transaction, record) => licenseFromRecord(db, transaction, record),
  };
}

async function ownerOf(
  transaction: Transaction,
  { licenseId }: LicenseCommand,
): Promise<CustomerId | Refused> {
  const owner = await licenseOwner(transaction, licenseId);
  return owner ?? refused('NOT_FOUND', 'licenseId', `there is no licence \`${licenseId}\``);
}

async function licenseIn(
  transaction: Transaction,
  { kind, licenseId }: LicenseCommand,
  { account, clock }: Done,
): Promise<StoredLicense> {
  const license = account.licenses.find(({ id }) => id === licenseId);
  if (!license) throw new Error('a command that was not refused leaves its licence in place');
  const createdAt = kind === 'issueLicense' ? clock : await licenseCreatedAt(transaction, license);
  return { license, createdAt };
}

/** Ids and keys are made up on each call, so they are no part of what was asked. */
function hashOf({ command, customerId }: LicenseRequest): Buffer {
  const made = { keyHint: null, keyDigest: null };
  const named = command.kind === 'issueLicense' ? null : command.licenseId;
  return requestHash(command.kind, { ...command, ...made, licenseId: named, customerId });
}
