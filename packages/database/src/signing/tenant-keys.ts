import type { Instant, TenantId } from '@licet/domain';
import { ensureSigningKey } from '../commands/ensure-signing-key.js';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { readTransaction } from '../connection/transaction.js';
import {
  readKeys,
  signerAt,
  type SigningKey,
  type StoredKey,
  toSigningKey,
} from '../repositories/signing-keys.js';
import { openPrivateKey, type PrivateKey, type PublicJwk } from './key-pair.js';

interface KeysNow {
  readonly keys: readonly StoredKey[];
  readonly clock: Instant;
}

/** A tenant's keys, of which the first is made here where there is none yet; null: there is no such tenant. */
async function keysOf(db: Database, tenantId: TenantId): Promise<KeysNow | null> {
  const known = await keysNow(db, tenantId);
  if (known.keys.length > 0) return known;
  return (await ensureSigningKey(db, tenantId)) ? keysNow(db, tenantId) : null;
}

async function keysNow(db: Database, tenantId: TenantId): Promise<KeysNow> {
  return readTransaction(db, tenantId, async (transaction) => {
    const clock = await readClock(transaction);
    return { clock, keys: await readKeys(transaction, clock) };
  });
}

/** A tenant's newest 100 signing keys, newest first, with those that have retired; empty: there is no such tenant. */
export async function signingKeys(db: Database, tenantId: TenantId): Promise<SigningKey[]> {
  const found = await keysOf(db, tenantId);
  return (found?.keys ?? []).map(toSigningKey);
}

/** What verifies a tenant's tokens at this time, newest first; null: there is no such tenant. */
export async function publicKeys(db: Database, tenantId: TenantId): Promise<PublicJwk[] | null> {
  const found = await keysOf(db, tenantId);
  return found?.keys.filter(({ status }) => status !== 'RETIRED').map(({ publicKey }) => publicKey) ?? null;
}

/** A public key, and until when it verifies; null: as long as nothing follows it. */
export type KnownKey = Pick<SigningKey, 'publicKey' | 'retiresAt'>;

/**
 * What verifies a tenant's tokens at this time, newest first; none where it has no key yet, or there is no such tenant. Makes
 * no key: it is asked on behalf of whoever sends a token.
 */
export async function knownKeys(db: Database, tenantId: TenantId): Promise<KnownKey[]> {
  const { keys } = await keysNow(db, tenantId);
  return keys
    .filter(({ status }) => status !== 'RETIRED')
    .map(({ publicKey, retiresAt }) => ({ publicKey, retiresAt }));
}

/** What signs tokens, and since when by the database's clock that is known. */
export interface TokenSigner {
  readonly privateKey: PrivateKey;
  readonly clock: Instant;
  /** When it is the turn of another key that is there already; null: of none. */
  readonly until: Instant | null;
}

/**
 * What signs a tenant's tokens at this time, and what time that is by the database's clock. SealedKeyError where the
 * master key is not the one that it was made under.
 */
export async function tokenSigner(db: Database, tenantId: TenantId): Promise<TokenSigner> {
  const found = await keysOf(db, tenantId);
  const signer = found === null ? null : signerAt(found.keys, found.clock);
  if (!found || !signer?.sealed) throw new Error(`the tenant ${tenantId} has no key to sign with`);
  const { kid, sealed } = signer;
  const { clock, keys } = found;
  return {
    privateKey: openPrivateKey(db.keys.signing, tenantId, { kid, sealed }),
    clock,
    until: nextTurn(keys, clock),
  };
}

function nextTurn(keys: readonly StoredKey[], clock: Instant): Instant | null {
  let next: Instant | null = null;
  for (const { signsFrom } of keys)
    if (signsFrom > clock && (next === null || signsFrom < next)) next = signsFrom;
  return next;
}
