import type { SigningKeyData } from '@licet/api-types';
import {
  addDuration,
  formatInstant,
  instant,
  type Instant,
  type IsoDuration,
  longestOf,
  parseTimeZone,
  type TimeZone,
} from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import type { Statement, Transaction, Writes } from '../connection/transaction.js';
import { type Caller, type NewEvent, withLastEntryId } from '../event-log/append.js';
import { currentRevision, revisionOfEntry } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import {
  keptOperations,
  keyConflict,
  operationKey,
  operationStatements,
  requestHash,
} from '../repositories/operations.js';
import { readKeys, signerAt, type SigningKey, type StoredKey } from '../repositories/signing-keys.js';
import { refused, type Refused, type Result } from '../result.js';
import { TOKEN_LIFE_MAX } from '../signing/sign-token.js';
import { ensureSigningKey, lockSigningKeys, newSigningKey, signingKeyEvent } from './ensure-signing-key.js';
import { keyedTransaction } from './keyed-transaction.js';

export interface RotateSigningKey {
  /** How long the old key goes on signing. */
  readonly overlap: IsoDuration;
  readonly idempotencyKey: string;
}

type Rotated =
  Refused | { readonly ok: true; readonly key: SigningKey; readonly replayedAt: Revision | null };

/** Whoever verifies reads all of them, so they are few. */
const KEYS_AT_ONCE = 10;
const OVERLAP_MAX = 90 * 86_400_000;

/**
 * Makes a new signing key, which is listed at once. The old key signs until `overlap` is over, so that whoever verifies
 * knows the new one by then, and verifies for as long again as a token can live. Older keys retire with it at the
 * latest: to rotate again with a shorter overlap shortens. BAD_USER_INPUT for an overlap that is more than 90 days
 * on any date (three months are), CONFLICT where ten keys verify already.
 */
export async function rotateSigningKey(
  db: Database,
  caller: Caller,
  input: RotateSigningKey,
): Promise<Result<{ key: SigningKey; revision: Revision }>> {
  if (longestOf(input.overlap) > OVERLAP_MAX) return tooLong(input.overlap);
  await ensureSigningKey(db, caller.tenantId);
  const { value, revision } = await keyedTransaction(db, caller.tenantId, (transaction) =>
    rotate(db, transaction, caller, input),
  );
  if (!value.ok) return value;
  const { key, replayedAt } = value;
  return { ok: true, key, revision: replayedAt ?? revision ?? (await currentRevision(db, caller.tenantId)) };
}

async function rotate(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  { overlap, idempotencyKey }: RotateSigningKey,
): Promise<Writes<Rotated>> {
  await lockSigningKeys(transaction);
  const operation = {
    key: operationKey(db, caller.tenantId, idempotencyKey),
    requestHash: requestHash('rotateSigningKey', { overlap }),
    kind: 'rotateSigningKey',
  };
  const [kept] = await keptOperations<SigningKey>(transaction, [operation.key]);
  if (kept) {
    if (!kept.request_hash.equals(operation.requestHash)) return nothing(keyConflict('idempotencyKey'));
    const replayedAt = await revisionOfEntry(transaction, kept.batch_id);
    return nothing({ ok: true, key: kept.outcome, replayedAt });
  }
  const clock = await readClock(transaction);
  const keys = await readKeys(transaction, clock);
  const full = tooMany(keys);
  if (full) return nothing(full);
  const signsFrom = addDuration(clock, overlap, UTC);
  const made = newSigningKey(db, caller, { number: (keys[0]?.number ?? 0) + 1, clock, signsFrom });
  const { publicKey } = made;
  const key: SigningKey = {
    kid: publicKey.kid,
    status: 'ACTIVE',
    publicKey,
    createdAt: clock,
    retiresAt: null,
  };
  const retiring = retire(caller, keys, { clock, signsFrom });
  const { events, entryId } = withLastEntryId([...retiring.events, made.event]);
  return {
    value: { ok: true, key, replayedAt: null },
    statements: [
      retiring.statement,
      made.statement,
      ...operationStatements(caller.tenantId, [{ ...operation, outcome: key, at: clock, batchId: entryId }]),
    ],
    events,
  };
}

function tooLong(overlap: IsoDuration): Refused {
  return refused(
    'BAD_USER_INPUT',
    'overlap',
    `\`${overlap}\` is, or can be, more than 90 days, which is the longest; give at most \`P90D\``,
  );
}

/** Null: there is place for one more. */
function tooMany(keys: readonly StoredKey[]): Refused | null {
  const verifying = keys.filter(({ status }) => status !== 'RETIRED');
  if (verifying.length < KEYS_AT_ONCE) return null;
  const next = Math.min(...verifying.map(({ retiresAt }) => retiresAt ?? Infinity));
  return refused(
    'CONFLICT',
    null,
    `${String(KEYS_AT_ONCE)} keys verify tokens, which is the most; rotate again after \`${formatInstant(instant(next))}\`, when the next one retires`,
  );
}

interface Retiring {
  readonly statement: Statement;
  readonly events: readonly NewEvent[];
}

/** What becomes of the keys that the new one follows; private keys that sign no more are destroyed. */
function retire(
  caller: Caller,
  keys: readonly StoredKey[],
  { clock, signsFrom }: { readonly clock: Instant; readonly signsFrom: Instant },
): Retiring {
  const retiresAt = instant(signsFrom + TOKEN_LIFE_MAX);
  const moved = keys.filter((key) => key.retiresAt === null || key.retiresAt > retiresAt);
  return {
    statement: {
      text: `update signing_key set retires_at = least(retires_at, $2),
               private_key = case when number < $3 then null else private_key end
             where tenant_id = $1 and (retires_at is null or retires_at > $2 or private_key is not null)`,
      values: [caller.tenantId, new Date(retiresAt), signerAt(keys, clock)?.number ?? 0],
    },
    events: moved.map((key) =>
      signingKeyEvent(caller, 'signing_key.rotated', clock, {
        before: keyData(key, key.retiresAt),
        after: keyData(key, retiresAt),
      }),
    ),
  };
}

function keyData({ kid, signsFrom }: StoredKey, retiresAt: Instant | null): SigningKeyData {
  return {
    kid,
    signsFrom: formatInstant(signsFrom),
    retiresAt: retiresAt === null ? null : formatInstant(retiresAt),
  };
}

function nothing<T>(value: T): Writes<T> {
  return { value, statements: [], events: [] };
}

const UTC = utc();

function utc(): TimeZone {
  const zone = parseTimeZone('UTC');
  if (zone === null) throw new Error('UTC is a time zone');
  return zone;
}
