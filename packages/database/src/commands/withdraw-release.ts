import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { type Transaction, type Writes, writeTransaction } from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';
import { currentRevision } from '../event-log/read.js';
import { releaseOf, type StoredRelease } from '../repositories/stored-releases.js';
import { refused, type Result } from '../result.js';
import {
  candidateRelease,
  lockReleases,
  type Outcome,
  parsedRelease,
  previewOf,
  readLive,
  type ReleaseChange,
  releaseEvent,
  unwritten,
} from './release-changes.js';

export interface WithdrawRelease {
  readonly number: number;
  readonly reason: string;
}

/** Takes a draft out: it is never published. CONFLICT for one that is or was live; again: no change. */
export async function withdrawRelease(
  db: Database,
  caller: Caller,
  input: WithdrawRelease,
): Promise<Result<ReleaseChange>> {
  const { value, revision } = await writeTransaction(db, caller.tenantId, (transaction) =>
    withdraw(db, transaction, caller, input),
  );
  if (!value.ok) return value;
  const { release, preview } = value;
  return { ok: true, release, preview, revision: revision ?? (await currentRevision(db, caller.tenantId)) };
}

async function withdraw(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  { number, reason }: WithdrawRelease,
): Promise<Writes<Outcome>> {
  await lockReleases(transaction);
  const stored = await releaseOf(transaction, number);
  if (stored === null)
    return unwritten(refused('NOT_FOUND', 'release', `there is no release ${String(number)}`));
  if (stored.status === 'LIVE' || stored.status === 'RETIRED') {
    const message = `release ${String(number)} is or was live; \`rollbackRelease\` makes another one live`;
    return unwritten(refused('CONFLICT', 'release', message));
  }
  const parsed = parsedRelease(stored);
  if (!('catalog' in parsed)) return unwritten(parsed);
  const live = await readLive(db, transaction);
  const at = await readClock(transaction);
  const release = await candidateRelease(transaction, live, parsed, { number, at });
  const preview = await previewOf(db, transaction, live, { parsed, release });
  if (stored.status === 'REJECTED')
    return unwritten({ ok: true, release: stored, preview, replayedAt: null });
  const rejected: StoredRelease = { ...stored, status: 'REJECTED', reason };
  const before = { number, status: stored.status };
  const after = { number, status: rejected.status };
  return {
    value: { ok: true, release: rejected, preview, replayedAt: null },
    statements: [
      {
        name: 'reject-release',
        text: `update catalog_release set status = 'REJECTED', reason = $3 where tenant_id = $1 and number = $2`,
        values: [caller.tenantId, number, reason],
      },
    ],
    events: [releaseEvent(caller, { type: 'release.withdrawn', number, reason, before, after }, at)],
  };
}
