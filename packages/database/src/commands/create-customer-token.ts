import {
  type CustomerId,
  type Instant,
  instant,
  type IsoDuration,
  lengthOf,
  type MemberId,
  type TenantId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction } from '../connection/transaction.js';
import { refused, type Refused, type Result } from '../result.js';
import { signCustomerToken } from '../signing/customer-token.js';
import { TOKEN_LIFE_MAX } from '../signing/sign-token.js';
import { tokenSigner } from '../signing/tenant-keys.js';

export interface CreateCustomerToken {
  readonly customerId: CustomerId;
  /** The person in front of the screen; null: the token names none. */
  readonly memberId: MemberId | null;
  /** How long it lives; null: 15 minutes. */
  readonly ttl: IsoDuration | null;
  /** When whoever asks for it loses its own right; null: never. */
  readonly endsWith: Instant | null;
}

export interface CreatedCustomerToken {
  readonly token: string;
  readonly expiresAt: Instant;
}

const LIFE = 900_000;
const SECOND = 1000;

/**
 * A token for one customer's front end, which ends with the right of who asked for it at the latest. Writes nothing.
 * BAD_USER_INPUT for a `ttl` of less than a second or more than a day, NOT_FOUND where there is no such customer.
 */
export async function createCustomerToken(
  db: Database,
  tenantId: TenantId,
  { customerId, memberId, ttl, endsWith }: CreateCustomerToken,
): Promise<Result<CreatedCustomerToken>> {
  const life = ttl === null ? LIFE : lengthOf(ttl);
  if (life < SECOND || life > TOKEN_LIFE_MAX) return badLife(ttl);
  if (!(await isCustomer(db, tenantId, customerId)))
    return refused('NOT_FOUND', 'customerId', `there is no customer \`${customerId}\``);
  const { privateKey, clock } = await tokenSigner(db, tenantId);
  const end = Math.min(clock + life, endsWith ?? Infinity);
  // To the second, of which it has one at least.
  const expiresAt = instant(Math.max(inSeconds(end), inSeconds(clock) + SECOND));
  const token = await signCustomerToken(privateKey, { tenantId, customerId, memberId, expiresAt }, clock);
  return { ok: true, token, expiresAt };
}

function inSeconds(time: number): number {
  return time - (time % SECOND);
}

function badLife(ttl: IsoDuration | null): Refused {
  return refused(
    'BAD_USER_INPUT',
    'ttl',
    `a token lives from a second to a day, not \`${String(ttl)}\`; give at most \`PT24H\`, or leave it out for 15 minutes`,
  );
}

async function isCustomer(db: Database, tenantId: TenantId, id: CustomerId): Promise<boolean> {
  const rows = await readTransaction(db, tenantId, (transaction) =>
    transaction.query({
      name: 'is-customer',
      text: 'select 1 from customer where tenant_id = $1 and id = $2',
      values: [tenantId, id],
    }),
  );
  return rows.length > 0;
}
