import {
  type CustomerId,
  type Instant,
  instant,
  type Release,
  type TenantId,
  type TimeZone,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction } from '../connection/transaction.js';
import { timeZoneInForce } from '../mapping/account.js';
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
import { publishedRelease, rulesVersion } from './releases.js';

/** What a vendor keeps of a customer. */
export interface Customer {
  readonly id: CustomerId;
  /** Stands for the customer in the log. */
  readonly subject: string;
  readonly name: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** In force: the customer's own, else the catalog's, else the tenant's. */
  readonly timeZone: TimeZone;
  readonly createdAt: Instant;
}

export interface ProfileRow {
  readonly id: CustomerId;
  readonly subject: string;
  readonly name: string | null;
  readonly attributes: Record<string, unknown>;
  readonly time_zone: string | null;
  readonly created_at: Date;
}

const COLUMNS = 'c.id, c.subject, c.name, c.attributes, c.time_zone, c.created_at';

export function customerFromRow(row: ProfileRow, release: Release): Customer {
  return {
    id: row.id,
    subject: row.subject,
    name: row.name,
    attributes: row.attributes,
    timeZone: timeZoneInForce(row, release),
    createdAt: instant(row.created_at.getTime()),
  };
}

export async function findCustomers(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
): Promise<Map<CustomerId, Customer>> {
  return readTransaction(db, tenantId, async (transaction) => {
    const [version, rows] = await Promise.all([
      rulesVersion(transaction),
      transaction.query<ProfileRow>({
        name: 'find-customers',
        text: `select ${COLUMNS} from customer c where c.tenant_id = $1 and c.id = any($2)`,
        values: [tenantId, ids],
      }),
    ]);
    const release = await publishedRelease(db, transaction, version);
    return new Map(rows.map((row) => [row.id, customerFromRow(row, release)]));
  });
}

export interface CustomerSearch extends PageRequest {
  /** Beginning of id or name. */
  readonly search: string | null;
  /** A caller that may see some customers only. */
  readonly only: readonly CustomerId[] | null;
}

/** Customers, oldest first. */
export async function listCustomers(
  db: Database,
  tenantId: TenantId,
  request: CustomerSearch,
): Promise<Result<{ page: Page<Customer> }>> {
  const after = request.after === null ? null : decodeTimedCursor(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  return readTransaction(db, tenantId, async (transaction) => {
    const [version, rows] = await Promise.all([
      rulesVersion(transaction),
      transaction.query<ProfileRow>({
        text: `select ${COLUMNS} from customer c
               where c.tenant_id = $1 and ($2::timestamptz is null or (c.created_at, c.id) > ($2, $3))
                 and ($4::text is null or starts_with(c.id, $4) or starts_with(lower(c.name), lower($4)))
                 and ($5::text[] is null or c.id = any($5))
               order by c.created_at, c.id limit $6`,
        values: [tenantId, dateOf(after), after?.id ?? null, request.search, request.only, request.first + 1],
      }),
    ]);
    const release = await publishedRelease(db, transaction, version);
    const customers = rows.map((row) => customerFromRow(row, release));
    return {
      ok: true,
      page: pageOf(customers, request, (customer) => encodeTimedCursor(customer.createdAt, customer.id)),
    };
  });
}
