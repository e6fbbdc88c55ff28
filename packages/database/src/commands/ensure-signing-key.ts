import type { SigningKeyEventData } from '@licet/api-types';
import type { Instant, TenantId } from '@licet/domain';
import { formatInstant } from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { type Statement, type Transaction, writeTransaction } from '../connection/transaction.js';
import type { Caller, NewEvent } from '../event-log/append.js';
import { newKeyPair, type PublicJwk, sealPrivateKey } from '../signing/key-pair.js';
import { SYSTEM } from './create-tenant.js';

/**
 * Sees to it that a tenant has a signing key; false: there is no such tenant. It is made when it is needed first, by
 * whoever needs it: of several at once one makes it, the others wait and find it.
 */
export async function ensureSigningKey(db: Database, tenantId: TenantId): Promise<boolean> {
  const caller: Caller = { tenantId, actor: SYSTEM, requestId: null };
  const { value } = await writeTransaction(db, tenantId, async (transaction) => {
    const there = await lockSigningKeys(transaction);
    if (!there || (await hasKey(transaction))) return { value: there, statements: [], events: [] };
    const clock = await readClock(transaction);
    const made = newSigningKey(db, caller, { number: 1, clock, signsFrom: clock });
    return { value: true, statements: [made.statement], events: [made.event] };
  });
  return value;
}

/** INVARIANT (one signing key after the other): whoever makes one holds its tenant's row. False: there is no such tenant. */
export async function lockSigningKeys(transaction: Transaction): Promise<boolean> {
  const rows = await transaction.query({
    name: 'lock-signing-keys',
    text: 'select 1 from tenant where tenant_id = $1 for no key update',
    values: [transaction.tenantId],
  });
  return rows.length > 0;
}

async function hasKey(transaction: Transaction): Promise<boolean> {
  const rows = await transaction.query({
    name: 'has-signing-key',
    text: 'select 1 from signing_key where tenant_id = $1 limit 1',
    values: [transaction.tenantId],
  });
  return rows.length > 0;
}

interface KeyTimes {
  /** Place in the order in which they are made. */
  readonly number: number;
  readonly clock: Instant;
  readonly signsFrom: Instant;
}

export interface NewSigningKey {
  readonly publicKey: PublicJwk;
  readonly statement: Statement;
  readonly event: NewEvent;
}

/** A new key, encrypted for its row, and the event that it was made. */
export function newSigningKey(
  db: Database,
  caller: Caller,
  { number, clock, signsFrom }: KeyTimes,
): NewSigningKey {
  const { publicKey, privateKey } = newKeyPair();
  const { kid, x } = publicKey;
  const sealed = sealPrivateKey(db.keys.signing, caller.tenantId, privateKey);
  return {
    publicKey,
    statement: {
      text: `insert into signing_key (tenant_id, kid, number, x, private_key, created_at, signs_from)
             values ($1, $2, $3, $4, $5, $6, $7)`,
      values: [caller.tenantId, kid, number, x, sealed, new Date(clock), new Date(signsFrom)],
    },
    event: signingKeyEvent(caller, 'signing_key.created', clock, {
      before: null,
      after: { kid, signsFrom: formatInstant(signsFrom), retiresAt: null },
    }),
  };
}

/** The event's data names keys by their ids; no event holds a key. */
export function signingKeyEvent(
  caller: Caller,
  type: 'signing_key.created' | 'signing_key.rotated',
  clock: Instant,
  { before, after }: SigningKeyEventData,
): NewEvent {
  return {
    type,
    subjectType: 'signing_key',
    subjectId: after.kid,
    customer: null,
    actor: caller.actor,
    reason: null,
    requestId: caller.requestId,
    at: clock,
    recordedAt: clock,
    data: { before, after },
    listed: true,
  };
}
