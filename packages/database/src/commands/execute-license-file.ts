import {
  type FeatureKey,
  type FileOutcome,
  type Instant,
  type IssueLicenseFile,
  issueLicenseFile,
  knownState,
  type LicenseFile,
  type LicenseFileId,
  parseLicenseFileId,
  type QuotaLease,
  type Release,
  settleLicenseFile,
  type TenantId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import type { FileAnswer, StoredFile } from '../mapping/license-file.js';
import { filesOut, findFile, insertFile, settleFile } from '../repositories/license-files.js';
import { licenseOwner } from '../repositories/licenses.js';
import { requestHash } from '../repositories/operations.js';
import { refused, type Result } from '../result.js';
import type { PrivateKey } from '../signing/key-pair.js';
import { signLicenseFile } from '../signing/license-file-token.js';
import { holdStatements, readBudgets } from '../spending/hold-rows.js';
import type { LockedLease } from '../spending/quota-leases.js';
import { type CustomerCommand, runCustomerCommand } from './customer-command.js';
import { unknownLicenseResult } from './execute-machine.js';
import { fileCounters } from './file-counters.js';

/** What a command on licence files is answered with. `stored`: null where the decision denies. */
export interface FileResult extends FileAnswer {
  readonly stored: StoredFile | null;
  readonly revision: Revision;
  readonly replayed: boolean;
}

/** How a command was decided, and what it leaves behind. */
interface Decided {
  readonly answer: FileAnswer;
  readonly stored: StoredFile | null;
  /** The budgets of a new file. */
  readonly made: readonly LockedLease[];
}

interface FileRead {
  readonly stored: StoredFile;
  readonly out: readonly LicenseFile[];
  /** Those that nobody has settled. */
  readonly budgets: readonly LockedLease[];
}

export interface IssueFileRequest {
  readonly command: IssueLicenseFile;
  readonly idempotencyKey: string;
}

/**
 * Issues a licence file, signed by `key`. A denial is an answer, uses no key up, and so is that there is no such licence. The same
 * idempotency key gets the same file again, to the letter.
 */
export async function executeIssueFile(
  db: Database,
  caller: Caller,
  key: PrivateKey,
  { command, idempotencyKey }: IssueFileRequest,
): Promise<Result<FileResult>> {
  const { licenseId } = command;
  let out: LicenseFile[] = [];
  const decision = new Deciding();
  return run(db, caller, {
    ...{ kind: 'issueLicenseFile', named: { license: licenseId }, idempotencyKey, reason: null },
    requestHash: () => hashOf(command),
    customerOf: async (transaction) =>
      (await licenseOwner(transaction, licenseId)) ?? refused('NOT_FOUND', 'licenseId', 'no such licence'),
    // INVARIANT (files out): counted under the customer's lock, under which each is written and settled.
    read: async (transaction, customerId) => {
      out = await filesOut(transaction, customerId);
    },
    execute: (account, release, now) =>
      decision.keep(issueLicenseFile(account, release, out, command, now), release, now),
    answer: async (_transaction, { account, customerId }) => {
      const { outcome, release, answer } = decision.made;
      const { file } = outcome;
      if (file === null) return { answer, stored: null, made: [] };
      const token = await signLicenseFile(key, caller.tenantId, file, knownState(release, account));
      const stored = { customerId, file, token, answer };
      return { answer, stored, made: outcome.leases.map((lease) => budgetOf(lease, stored)) };
    },
    rows: ({ stored, made }) =>
      stored === null
        ? []
        : [insertFile(caller.tenantId, stored), ...holdStatements(caller.tenantId, made, [])],
    events: (done) => {
      const { outcome, release } = decision.made;
      return fileCounters(caller, done, release, countedBy(outcome.file, outcome.leases));
    },
    toRecord: ({ stored }) => stored?.file.id,
    fromRecord: replayed,
  });
}

/** Settles a file; see `settleLicenseFile` of the domain. Of a file that is not there the answer is a denial, too. */
export async function executeSettleFile(
  db: Database,
  caller: Caller,
  fileId: LicenseFileId,
  spent: ReadonlyMap<FeatureKey, number>,
): Promise<Result<FileResult>> {
  let read: FileRead | null = null;
  let named: CustomerCommand<Decided>['named'] = null;
  const decision = new Deciding();
  return run(db, caller, {
    ...{ kind: 'settleLicenseFile', idempotencyKey: null, reason: null },
    requestHash: () => Buffer.alloc(0),
    customerOf: async (transaction) => {
      const found = await findFile(transaction, fileId);
      named = found && { license: found.file.licenseId };
      return found?.customerId ?? refused('NOT_FOUND', 'fileId', 'no such file');
    },
    /** Its licence is loaded however long ago it ended. */
    get named() {
      return named;
    },
    read: async (transaction, customerId) => {
      const [stored, out, budgets] = await Promise.all([
        mustFind(transaction, fileId),
        filesOut(transaction, customerId),
        readBudgets(transaction, fileId),
      ]);
      read = { stored, out, budgets };
    },
    execute: (account, release, now) => {
      if (read === null) throw new Error('a file is read before it is settled');
      const { stored, out } = read;
      // What was told in its window of one that is open the account knows; of one that has ended nothing is told any more.
      const open = new Map(account.leases.map((lease) => [lease.id, lease]));
      const budgets = read.budgets.map((lease) => open.get(lease.id) ?? { ...lease, told: [] });
      const outcome = settleLicenseFile(account, release, { file: stored.file, out, budgets }, spent, now);
      return decision.keep(outcome, release, now);
    },
    answer: () => {
      const { outcome, answer } = decision.made;
      const { file } = outcome;
      const stored = read === null || file === null ? null : { ...read.stored, file };
      return Promise.resolve({ answer, stored, made: [] });
    },
    rows: ({ stored }) =>
      stored === null || stored.file.settled === null || stored.file === read?.stored.file
        ? []
        : [
            settleFile(caller.tenantId, fileId, stored.file.settled),
            ...holdStatements(caller.tenantId, [], read?.budgets ?? []),
          ],
    events: (done) => {
      const features = countedBy(read?.stored.file ?? null, read?.budgets ?? []);
      return fileCounters(caller, done, decision.made.release, features);
    },
    toRecord: () => undefined,
    fromRecord: () => Promise.reject(new Error('nothing is kept without an idempotency key')),
  });
}

/** The features whose counters a file moves: those of its budgets, and of its seat. */
function countedBy(
  file: LicenseFile | null,
  budgets: readonly { readonly feature: FeatureKey }[],
): FeatureKey[] {
  const seat = file?.seat ?? null;
  return [...budgets.map(({ feature }) => feature), ...(seat === null ? [] : [seat.feature])];
}

interface Made {
  readonly outcome: Extract<FileOutcome, { readonly ok: true }>;
  readonly release: Release;
  readonly answer: FileAnswer;
}

/** The verdict of the last attempt: what is run again is decided anew. */
class Deciding {
  #made: Made | null = null;

  keep(outcome: FileOutcome, release: Release, now: Instant): FileOutcome {
    if (outcome.ok) {
      const { decision } = outcome;
      this.#made = { outcome, release, answer: { decision, release: release.number, asOf: now } };
    }
    return outcome;
  }

  get made(): Made {
    if (this.#made === null) throw new Error('a command that was not refused was decided');
    return this.#made;
  }
}

async function run(
  db: Database,
  caller: Caller,
  command: CustomerCommand<Decided>,
): Promise<Result<FileResult>> {
  const result = await runCustomerCommand(db, caller, command);
  if (!result.ok) {
    if (result.code !== 'NOT_FOUND') return result;
    const what = command.kind === 'settleLicenseFile' ? 'file' : 'licence';
    return { ok: true, ...(await unknownFileResult(db, caller.tenantId, what)) };
  }
  const { answer, revision, replayed: isReplay } = result;
  return { ok: true, ...answer.answer, stored: answer.stored, revision, replayed: isReplay };
}

/** The answer where there is no such licence, or no such file. */
export async function unknownFileResult(
  db: Database,
  tenantId: TenantId,
  what: 'licence' | 'file',
): Promise<FileResult> {
  const { decision, release, asOf, revision } = await unknownLicenseResult(db, tenantId);
  const message = 'there is no such licence file; its id is the `jti` of its token';
  const denied = what === 'file' ? { ...decision, message } : decision;
  return { decision: denied, release, asOf, revision, stored: null, replayed: false };
}

async function mustFind(transaction: Transaction, id: LicenseFileId): Promise<StoredFile> {
  const stored = await findFile(transaction, id);
  if (stored === null) throw new Error(`the file ${id} is gone`);
  return stored;
}

async function replayed(transaction: Transaction, record: unknown): Promise<Decided> {
  const id = typeof record === 'string' ? parseLicenseFileId(record) : null;
  if (id === null) throw new Error('an idempotency record of a file names it');
  const stored = await mustFind(transaction, id);
  return { answer: stored.answer, stored, made: [] };
}

function budgetOf(lease: QuotaLease, { customerId, answer }: StoredFile): LockedLease {
  const { told: _, ...made } = lease;
  return { kind: 'LEASE', status: 'OPEN', customerId, madeAt: answer.asOf, ...made };
}

/** Ids are made up on each call, so they are no part of what was asked. */
function hashOf(command: IssueLicenseFile): Buffer {
  const { budgets: wanted, ...asked } = command;
  const budgets = wanted.map(({ feature, quantity }) => [feature, quantity]);
  return requestHash('issueLicenseFile', {
    ...{ ...asked, fileId: null, machineId: null, seatId: null },
    ...(budgets.length === 0 ? {} : { budgets }),
  });
}
