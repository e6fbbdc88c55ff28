import { nextDue, parseCustomerId, parseFeatureKey, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { errorCode, SQLSTATE } from '../connection/errors.js';
import {
  readTransaction,
  type Transaction,
  type Writes,
  writeTransaction,
} from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';
import { newestRevision, revisionOfEntry } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { loadAccounts } from '../repositories/accounts.js';
import { createMeters, lockMeters, meterId, type MeterKey } from '../repositories/meters.js';
import { keptOperations, type KeptOperation, operationKey, requestHash } from '../repositories/operations.js';
import type { Result } from '../result.js';
import { applyDueFor } from './apply-due.js';
import {
  type Answer,
  type Asked,
  type Attempt,
  Batch,
  type KeptVerdict,
  type SpendRequest,
  unwritten,
  type Verdict,
} from './spend-batch.js';

const MOST_ATTEMPTS = 8;

/**
 * Decides and writes a batch of spends of one tenant in one transaction, each with its own verdict, in order:
 * counters locked in key order, decided on what is read after the lock, one operation per granted request, one
 * event for the batch. Denials keep no key: asked again they are decided anew.
 */
export async function spend(
  db: Database,
  caller: Caller,
  requests: readonly SpendRequest[],
): Promise<Result<Verdict>[]> {
  const asked = requests.map((request) => ({
    request,
    key: operationKey(db, caller.tenantId, request.idempotencyKey),
    hash: requestHash(request.kind, { ...request, idempotencyKey: null }),
  }));
  let kept = new Map<string, KeptOperation<KeptVerdict>>();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const committed = await writeTransaction(db, caller.tenantId, (transaction) =>
        decideBatch(db, transaction, caller, asked, kept),
      );
      const done = await prepare(db, caller.tenantId, committed.value);
      if (done) return await verdicts(db, caller.tenantId, done.answers, committed.revision ?? done.seen);
    } catch (error) {
      const code = errorCode(error);
      if (code !== SQLSTATE.keyExists && code !== SQLSTATE.limitPassed) throw error;
      if (attempt >= MOST_ATTEMPTS) throw error;
      kept = await readKept(db, caller.tenantId, asked);
    }
    if (attempt >= MOST_ATTEMPTS) throw new Error('a spend found no state to decide on');
  }
}

/** Does what the attempt asks for; answers with the attempt where there is nothing to do. */
async function prepare(
  db: Database,
  tenantId: TenantId,
  attempt: Attempt,
): Promise<Extract<Attempt, { kind: 'ANSWERED' }> | null> {
  switch (attempt.kind) {
    case 'ANSWERED':
      return attempt;
    case 'METERS_MISSING':
      await createMeters(db, tenantId, attempt.keys);
      return null;
    case 'TIME_HAS_COME':
      await applyDueFor(db, tenantId, attempt.customerIds);
      return null;
  }
}

async function decideBatch(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  asked: readonly Asked[],
  kept: ReadonlyMap<string, KeptOperation<KeptVerdict>>,
): Promise<Writes<Attempt>> {
  const keys = meterKeys(asked);
  const locked = await lockMeters(transaction, keys);
  // Read after the lock: a verdict never rests on what was there before the wait.
  const [loaded, seen] = await Promise.all([
    loadAccounts(db, transaction, [...new Set(keys.map((key) => key.customerId))]),
    newestRevision(transaction),
  ]);
  const due = [...loaded.accounts.values()].filter(({ account }) => {
    const at = nextDue(account, loaded.release);
    return at !== null && at <= locked.clock;
  });
  if (due.length > 0) {
    return unwritten({ kind: 'TIME_HAS_COME', customerIds: due.map(({ account }) => account.id) });
  }
  const decided = new Batch(caller, loaded, locked, kept).decide(asked, seen);
  const known = await keptOfDenied(transaction, asked, decided.value, kept);
  return known.size === kept.size ? decided : new Batch(caller, loaded, locked, known).decide(asked, seen);
}

/**
 * A granted request learns from its insert whether its key was used before. A denied one inserts nothing, so its
 * key is looked up: what was granted once is not denied the second time.
 */
async function keptOfDenied(
  transaction: Transaction,
  asked: readonly Asked[],
  attempt: Attempt,
  kept: ReadonlyMap<string, KeptOperation<KeptVerdict>>,
): Promise<ReadonlyMap<string, KeptOperation<KeptVerdict>>> {
  if (attempt.kind !== 'ANSWERED') return kept;
  const denied = asked.filter((_, index) => isDenied(attempt.answers[index]));
  if (denied.length === 0) return kept;
  const rows = await keptOperations<KeptVerdict>(
    transaction,
    denied.map((one) => one.key),
  );
  return new Map([...kept, ...rows.map((row) => [row.key.toString('hex'), row] as const)]);
}

function isDenied(answer: Answer | undefined): boolean {
  return answer?.ok === true && !answer.decision.allowed;
}

function meterKeys(asked: readonly Asked[]): MeterKey[] {
  const keys = new Map<string, MeterKey>();
  for (const { request } of asked) {
    const customerId = parseCustomerId(request.customerId);
    const feature = parseFeatureKey(request.feature);
    if (customerId !== null && feature !== null)
      keys.set(meterId(customerId, feature), { customerId, feature });
  }
  return [...keys.values()];
}

async function readKept(
  db: Database,
  tenantId: TenantId,
  asked: readonly Asked[],
): Promise<Map<string, KeptOperation<KeptVerdict>>> {
  const rows = await readTransaction(db, tenantId, (transaction) =>
    keptOperations<KeptVerdict>(
      transaction,
      asked.map((one) => one.key),
    ),
  );
  return new Map(rows.map((row) => [row.key.toString('hex'), row]));
}

/** Answers with their revisions: this batch's, or, for replays, that of the batch that was answered first. */
async function verdicts(
  db: Database,
  tenantId: TenantId,
  answers: readonly Answer[],
  revision: Revision,
): Promise<Result<Verdict>[]> {
  const replays = answers.some((answer) => answer.ok && answer.replayed);
  const first = replays ? await revisionsOf(db, tenantId, answers) : new Map<string, Revision>();
  return answers.map((answer) => {
    if (!answer.ok) return answer;
    const { entryId, ...verdict } = answer;
    return { ...verdict, revision: (entryId === null ? undefined : first.get(entryId)) ?? revision };
  });
}

async function revisionsOf(
  db: Database,
  tenantId: TenantId,
  answers: readonly Answer[],
): Promise<Map<string, Revision>> {
  const entryIds = new Set(
    answers.flatMap((answer) => (answer.ok && answer.entryId !== null ? [answer.entryId] : [])),
  );
  return readTransaction(db, tenantId, async (transaction) => {
    const revisions = new Map<string, Revision>();
    for (const entryId of entryIds) revisions.set(entryId, await revisionOfEntry(transaction, entryId));
    return revisions;
  });
}
