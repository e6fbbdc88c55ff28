import { type Instant, instant, type KeyId } from '@licet/domain';
import type { Transaction } from '../connection/transaction.js';
import { type PublicJwk, publicJwk } from '../signing/key-pair.js';

/** ACTIVE: it signs, or will. RETIRING: another follows it, it verifies. RETIRED: nothing is to be trusted for it. */
export type SigningKeyStatus = 'ACTIVE' | 'RETIRING' | 'RETIRED';

/** What may be told of a signing key. */
export interface SigningKey {
  readonly kid: KeyId;
  readonly status: SigningKeyStatus;
  readonly publicKey: PublicJwk;
  readonly createdAt: Instant;
  /** Until when it verifies; null: as long as nothing follows it. */
  readonly retiresAt: Instant | null;
}

/** A key as it is kept. */
export interface StoredKey extends SigningKey {
  /** Place in the order in which they were made. */
  readonly number: number;
  readonly signsFrom: Instant;
  /** Encrypted; null: it signs no more. */
  readonly sealed: Buffer | null;
}

interface KeyRow {
  readonly number: number;
  readonly x: string;
  readonly private_key: Buffer | null;
  readonly created_at: Date;
  readonly signs_from: Date;
  readonly retires_at: Date | null;
}

const LISTED_MAX = 100;

/** The newest 100 keys of a tenant, newest first, as they stand at this time. */
export async function readKeys(transaction: Transaction, clock: Instant): Promise<StoredKey[]> {
  const rows = await transaction.query<KeyRow>({
    name: 'signing-keys',
    text: `select number, x, private_key, created_at, signs_from, retires_at from signing_key
           where tenant_id = $1 order by number desc limit ${LISTED_MAX}`,
    values: [transaction.tenantId],
  });
  return rows.map((row) => keyFromRow(row, clock));
}

function keyFromRow(row: KeyRow, clock: Instant): StoredKey {
  const publicKey = publicJwk(row.x);
  const retiresAt = row.retires_at === null ? null : instant(row.retires_at.getTime());
  return {
    kid: publicKey.kid,
    status: retiresAt === null ? 'ACTIVE' : retiresAt > clock ? 'RETIRING' : 'RETIRED',
    publicKey,
    createdAt: instant(row.created_at.getTime()),
    retiresAt,
    number: row.number,
    signsFrom: instant(row.signs_from.getTime()),
    sealed: row.private_key,
  };
}

/** The key that signs at this time: the newest one that has come to its turn. `keys`: newest first. */
export function signerAt(keys: readonly StoredKey[], clock: Instant): StoredKey | null {
  return keys.find(({ signsFrom }) => signsFrom <= clock) ?? null;
}

/** Without what only this package knows. */
export function toSigningKey({ kid, status, publicKey, createdAt, retiresAt }: SigningKey): SigningKey {
  return { kid, status, publicKey, createdAt, retiresAt };
}
