import {
  type CustomerId,
  type GrantId,
  grantStatusAt,
  type Instant,
  instant,
  type TenantId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import { textArray } from '../mapping/array-literal.js';
import { type GrantRow, type StoredGrant, storedGrantFromRow } from '../mapping/grant.js';
import { groupBy } from '../mapping/group-by.js';
import type { Result } from '../result.js';
import {
  dateOf,
  decodeTimedCursor,
  encodeTimedCursor,
  malformedCursor,
  type Page,
  type PageRequest,
  pageOf,
} from './page.js';

export const GRANT_COLUMNS =
  'g.id, g.customer_id, g.feature, g.given, g.status, g.reason, g.granted_by, g.starts_at, g.expires_at, g.created_at';

interface ShownRow extends GrantRow {
  readonly clock: Date;
}

export interface GrantSearch extends PageRequest {
  /** Also those that have expired or were revoked. */
  readonly ended: boolean;
}

/** A page of grants for each customer, oldest first, in the order of the ids: one statement for all of them. */
export async function listGrants(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
  request: GrantSearch,
): Promise<Result<{ readonly pages: readonly Page<StoredGrant>[] }>> {
  const after = request.after === null ? null : decodeTimedCursor(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  const rows = await readTransaction(db, tenantId, (transaction) =>
    transaction.query<ShownRow>({
      name: 'list-grants',
      text: `select g.*, clock_timestamp() as clock from unnest($2::text[]) as k(customer_id)
             cross join lateral (
               select ${GRANT_COLUMNS} from entitlement_grant g
               where g.tenant_id = $1 and g.customer_id = k.customer_id
                 and ($3::timestamptz is null or (g.created_at, g.id) > ($3, $4))
                 and ($5 or g.status in ('SCHEDULED', 'ACTIVE') and (g.expires_at is null or g.expires_at > clock_timestamp()))
               order by g.created_at, g.id limit $6) g`,
      values: [tenantId, textArray(ids), dateOf(after), after?.id ?? null, request.ended, request.first + 1],
    }),
  );
  const byCustomer = groupBy(rows.map(shown), ({ customerId }) => customerId);
  const cursorOf = ({ createdAt, grant }: StoredGrant): string => encodeTimedCursor(createdAt, grant.id);
  return { ok: true, pages: ids.map((id) => pageOf(byCustomer.get(id) ?? [], request, cursorOf)) };
}

/** As time has made it: what is due counts, whoever writes it down later. */
function shown(row: ShownRow): StoredGrant {
  const stored = storedGrantFromRow(row);
  return { ...stored, grant: { ...stored.grant, status: grantStatusAt(stored.grant, clockIn(row)) } };
}

function clockIn({ clock }: ShownRow): Instant {
  return instant(clock.getTime());
}

/** Whose grants these are; those that are not there are left out. */
export async function grantOwners(
  db: Database,
  tenantId: TenantId,
  ids: readonly GrantId[],
): Promise<Map<GrantId, CustomerId>> {
  return readTransaction(db, tenantId, (transaction) => ownersOf(transaction, ids));
}

export async function ownersOf(
  transaction: Transaction,
  ids: readonly GrantId[],
): Promise<Map<GrantId, CustomerId>> {
  const rows = await transaction.query<{ id: GrantId; customer_id: CustomerId }>({
    name: 'grant-owners',
    text: 'select id, customer_id from entitlement_grant where tenant_id = $1 and id = any($2)',
    values: [transaction.tenantId, textArray(ids)],
  });
  return new Map(rows.map((row) => [row.id, row.customer_id]));
}

/** Under the customer's lock. */
export async function storedGrant(transaction: Transaction, id: GrantId): Promise<StoredGrant | null> {
  const [row] = await transaction.query<GrantRow>({
    name: 'find-grant',
    text: `select ${GRANT_COLUMNS} from entitlement_grant g where g.tenant_id = $1 and g.id = $2`,
    values: [transaction.tenantId, id],
  });
  return row ? storedGrantFromRow(row) : null;
}

/** A grant as an idempotency record keeps it: by its id, with the status that it had. */
export async function grantFromRecord(transaction: Transaction, record: unknown): Promise<StoredGrant> {
  const [row] = await transaction.query<GrantRow>({
    name: 'grant-record',
    text: `select g.id, g.customer_id, g.feature, g.given, r.status, g.reason, g.granted_by, g.starts_at, g.expires_at, g.created_at
           from jsonb_to_record($2::jsonb) as r(id text, status text)
           join entitlement_grant g on g.tenant_id = $1 and g.id = r.id`,
    values: [transaction.tenantId, JSON.stringify(record)],
  });
  if (!row) throw new Error('an idempotency record names a grant that is gone');
  return storedGrantFromRow(row);
}
