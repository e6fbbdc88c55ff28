import type { CatalogPreview, ParsedCatalog } from '@licet/domain';
import { formatInstant } from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { type Statement, type Transaction, type Writes } from '../connection/transaction.js';
import { type Caller, withLastEntryId } from '../event-log/append.js';
import { currentRevision, revisionOfEntry } from '../event-log/read.js';
import {
  keptOperations,
  keyConflict,
  operationKey,
  operationStatements,
  requestHash,
} from '../repositories/operations.js';
import { releaseOf, type StoredRelease } from '../repositories/stored-releases.js';
import type { Result } from '../result.js';
import { keyedTransaction } from './keyed-transaction.js';
import {
  candidateRelease,
  checksum,
  lockReleases,
  type Outcome,
  previewOf,
  readLive,
  type ReleaseChange,
  releaseEvent,
  unpublishable,
  unwritten,
} from './release-changes.js';

export interface DraftRelease {
  readonly parsed: ParsedCatalog;
  readonly comment: string | null;
  readonly idempotencyKey: string | null;
}

/** What an idempotency record keeps of a draft. */
interface KeptDraft {
  readonly number: number;
  readonly preview: CatalogPreview;
}

/**
 * Keeps a catalog as a release that decides nothing yet. Problems of severity ERROR refuse it; failing scenarios do
 * not, they only stand in the way of its publication.
 */
export async function draftRelease(
  db: Database,
  caller: Caller,
  input: DraftRelease,
): Promise<Result<ReleaseChange>> {
  const { value, revision } = await keyedTransaction(db, caller.tenantId, (transaction) =>
    draft(db, transaction, caller, input),
  );
  if (!value.ok) return value;
  const { replayedAt, ...change } = value;
  return { ...change, revision: replayedAt ?? revision ?? (await currentRevision(db, caller.tenantId)) };
}

async function draft(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  input: DraftRelease,
): Promise<Writes<Outcome>> {
  await lockReleases(transaction);
  const kept = await answerKept(db, transaction, caller, input);
  if (kept) return unwritten(kept);
  const [live, at, number] = [
    await readLive(db, transaction),
    await readClock(transaction),
    await nextNumber(transaction),
  ];
  const { parsed, comment } = input;
  const release = await candidateRelease(transaction, live, parsed, { number, at });
  const preview = await previewOf(db, transaction, live, { parsed, release });
  const refusal = unpublishable({ ...preview, scenarios: [] }, null);
  if (refusal) return unwritten(refusal);
  const stored: StoredRelease = {
    number,
    base: live.release.number,
    status: 'DRAFT',
    document: parsed.document,
    checksum: checksum(parsed.document),
    comment,
    reason: null,
    createdBy: caller.actor,
    createdAt: at,
    publishedAt: null,
  };
  const after = { number, base: stored.base, checksum: stored.checksum, comment };
  const drafted = { type: 'release.drafted', number, reason: null, before: null, after } as const;
  const { events, entryId } = withLastEntryId([releaseEvent(caller, drafted, at)]);
  return {
    value: { ok: true, release: stored, preview, replayedAt: null },
    statements: [
      insertRelease(caller, stored),
      ...keepDraft(db, caller, input, { stored, preview, entryId }),
    ],
    events,
  };
}

async function nextNumber(transaction: Transaction): Promise<number> {
  const [row] = await transaction.query<{ next: number }>({
    name: 'next-release',
    text: 'select coalesce(max(number), 0) + 1 as next from catalog_release where tenant_id = $1',
    values: [transaction.tenantId],
  });
  if (!row) throw new Error('an aggregate without a row');
  return row.next;
}

function insertRelease({ tenantId }: Caller, release: StoredRelease): Statement {
  return {
    name: 'insert-release',
    text: `insert into catalog_release (tenant_id, number, base, status, document, checksum, comment, created_by, created_at)
           values ($1, $2, $3, 'DRAFT', $4, $5, $6, $7, $8)`,
    values: [
      tenantId,
      release.number,
      release.base,
      JSON.stringify(release.document),
      release.checksum,
      release.comment,
      JSON.stringify(release.createdBy),
      formatInstant(release.createdAt),
    ],
  };
}

function hashOf({ parsed, comment }: DraftRelease): Buffer {
  return requestHash('draftRelease', { document: parsed.document, comment });
}

interface Drafted {
  readonly stored: StoredRelease;
  readonly preview: CatalogPreview;
  readonly entryId: string | null;
}

function keepDraft(
  db: Database,
  caller: Caller,
  input: DraftRelease,
  { stored, preview, entryId }: Drafted,
): Statement[] {
  if (input.idempotencyKey === null) return [];
  const outcome: KeptDraft = { number: stored.number, preview };
  return operationStatements(caller.tenantId, [
    {
      key: operationKey(db, caller.tenantId, input.idempotencyKey),
      kind: 'draftRelease',
      requestHash: hashOf(input),
      outcome,
      at: stored.createdAt,
      batchId: entryId,
    },
  ]);
}

async function answerKept(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  input: DraftRelease,
): Promise<Outcome | null> {
  if (input.idempotencyKey === null) return null;
  const [kept] = await keptOperations<KeptDraft>(transaction, [
    operationKey(db, caller.tenantId, input.idempotencyKey),
  ]);
  if (!kept) return null;
  if (!kept.request_hash.equals(hashOf(input))) return keyConflict('idempotencyKey');
  const release = await releaseOf(transaction, kept.outcome.number);
  if (!release) throw new Error('a release is never deleted');
  const replayedAt = await revisionOfEntry(transaction, kept.batch_id);
  // As it was drafted: what has become of it since is told by `catalogRelease`.
  const drafted: StoredRelease = { ...release, status: 'DRAFT', reason: null, publishedAt: null };
  return { ok: true, release: drafted, preview: kept.outcome.preview, replayedAt };
}
