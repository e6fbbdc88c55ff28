import {
  accountAt,
  type CustomerId,
  instant,
  type License,
  type LicenseId,
  type TenantId,
} from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { readTransaction, retried, type Statement, type Transaction } from '../connection/transaction.js';
import { type LicenseKey, licenseKeyDigest, licenseKeyHint, makeLicenseKey } from '../crypto/license-key.js';
import { textArray } from '../mapping/array-literal.js';
import { groupBy } from '../mapping/group-by.js';
import type { LicenseRow, StoredLicense } from '../mapping/license.js';
import type { Result } from '../result.js';
import { loadAccounts } from './accounts.js';
import { LICENSE_COLUMNS, LICENSE_TABLES, licensesFromRows } from './license-rows.js';
import {
  dateOf,
  decodeTimedCursor,
  encodeTimedCursor,
  malformedCursor,
  type CountedPage,
  type PageRequest,
  pageOf,
} from './page.js';

interface ShownRow extends LicenseRow {
  /** Something is due for its customer that nobody has written down yet. */
  readonly is_late: boolean;
}

const SHOWN_COLUMNS = `${LICENSE_COLUMNS},
exists (select 1 from customer c where c.tenant_id = l.tenant_id and c.id = l.customer_id
  and c.next_due_at <= clock_timestamp()) as is_late`;

/** Licences by id, as time has made them: what is due counts, whoever writes it down later. */
export async function findLicenses(
  db: Database,
  tenantId: TenantId,
  ids: readonly LicenseId[],
): Promise<Map<LicenseId, StoredLicense>> {
  const found = await readTransaction(db, tenantId, async (transaction) => {
    const rows = await transaction.query<ShownRow>({
      name: 'find-licenses',
      text: `select ${SHOWN_COLUMNS} from ${LICENSE_TABLES} where l.tenant_id = $1 and l.id = any($2)`,
      values: [tenantId, textArray(ids)],
    });
    return asTimeMadeThem(db, transaction, rows);
  });
  return new Map(found.map((stored) => [stored.license.id, stored]));
}

/** A page of licences for each customer, oldest first, in the order of the ids: two statements for all of them. */
export async function listLicenses(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
  request: PageRequest,
): Promise<Result<{ readonly pages: readonly CountedPage<StoredLicense>[] }>> {
  const after = request.after === null ? null : decodeTimedCursor(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  const { found, totals } = await readTransaction(db, tenantId, async (transaction) => {
    const reading = transaction.query<ShownRow>({
      name: 'list-licenses',
      text: `select l.* from unnest($2::text[]) as k(customer_id)
             cross join lateral (
               select ${SHOWN_COLUMNS} from ${LICENSE_TABLES}
               where l.tenant_id = $1 and l.customer_id = k.customer_id
                 and ($3::timestamptz is null or (l.created_at, l.id) > ($3, $4))
               order by l.created_at, l.id limit $5) l`,
      values: [tenantId, textArray(ids), dateOf(after), after?.id ?? null, request.first + 1],
    });
    // Together: of two statements that fail nobody would hear of the one that is awaited last.
    const [rows, counted] = await Promise.all([reading, countLicenses(transaction, ids)]);
    return { found: await asTimeMadeThem(db, transaction, rows), totals: counted };
  });
  const byCustomer = groupBy(found, ({ license }) => license.customerId);
  const cursorOf = ({ createdAt, license }: StoredLicense): string =>
    encodeTimedCursor(createdAt, license.id);
  const pages = ids.map((id) => ({
    ...pageOf(byCustomer.get(id) ?? [], request, cursorOf),
    total: totals.get(id) ?? 0,
  }));
  return { ok: true, pages };
}

async function countLicenses(
  transaction: Transaction,
  ids: readonly CustomerId[],
): Promise<Map<CustomerId, number>> {
  const rows = await transaction.query<{ customer_id: CustomerId; total: number }>({
    name: 'count-licenses',
    text: `select customer_id, count(*)::int as total from license
           where tenant_id = $1 and customer_id = any($2) group by customer_id`,
    values: [transaction.tenantId, textArray(ids)],
  });
  return new Map(rows.map((row) => [row.customer_id, row.total]));
}

/** With what is due for their customers and not written yet (docs/rules.md, "Time"). Writes nothing. */
async function asTimeMadeThem(
  db: Database,
  transaction: Transaction,
  rows: readonly ShownRow[],
): Promise<StoredLicense[]> {
  const written = await licensesFromRows(db, transaction, rows);
  const late = new Set(rows.flatMap((row) => (row.is_late ? [row.customer_id] : [])));
  if (late.size === 0) return written;
  const { release, accounts } = await loadAccounts(db, transaction, [...late]);
  const clock = await readClock(transaction);
  const made = [...accounts.values()].flatMap(({ account }) => accountAt(account, release, clock).licenses);
  const byId = new Map(made.map((license) => [license.id, license]));
  return written.map(({ license, createdAt }) => ({ license: byId.get(license.id) ?? license, createdAt }));
}

/** Whose the licence is; null: there is none. */
export async function licenseOwner(transaction: Transaction, id: LicenseId): Promise<CustomerId | null> {
  const [row] = await transaction.query<{ customer_id: CustomerId }>({
    name: 'license-owner',
    text: 'select customer_id from license where tenant_id = $1 and id = $2',
    values: [transaction.tenantId, id],
  });
  return row?.customer_id ?? null;
}

/** A licence as an idempotency record keeps it: its row, instants as text. */
export async function licenseFromRecord(
  db: Database,
  transaction: Transaction,
  record: unknown,
): Promise<StoredLicense> {
  const rows = await transaction.query<LicenseRow>({
    name: 'license-record',
    text: `select ${LICENSE_COLUMNS}
           from (select $1::uuid as tenant_id, r.* from jsonb_to_record($2::jsonb) as r(id text, customer_id text, plan text,
             plan_version int, key_hint text, key_digest text, quantities jsonb, starts_at timestamptz, expires_at timestamptz,
             maintenance_until timestamptz, machine_limit int, phase text, grace_ends_at timestamptz, ended_at timestamptz,
             standing text, standing_since timestamptz, credits_given jsonb, deactivations jsonb, created_at timestamptz)) l
           join plan_version v on v.tenant_id = l.tenant_id and v.plan = l.plan and v.version = l.plan_version`,
    values: [transaction.tenantId, JSON.stringify(record)],
  });
  const [stored] = await licensesFromRows(db, transaction, rows);
  if (!stored) throw new Error('an idempotency record names a plan version that is gone');
  return stored;
}

/** Under the customer's lock. */
export async function licenseCreatedAt(
  transaction: Transaction,
  { id }: License,
): Promise<StoredLicense['createdAt']> {
  const [row] = await transaction.query<{ created_at: Date }>({
    name: 'license-created-at',
    text: 'select created_at from license where tenant_id = $1 and id = $2',
    values: [transaction.tenantId, id],
  });
  if (!row) throw new Error('a licence that was loaded is there');
  return instant(row.created_at.getTime());
}

/** The key under which the licence is found from then on; the one before ends. */
export function registerKey(tenantId: TenantId, { id, keyDigest }: License): Statement {
  return {
    name: 'register-license-key',
    text: `select register_license_key(decode($1, 'hex'), $2, $3)`,
    values: [keyDigest, tenantId, id],
  };
}

export interface LicenseOfKey {
  readonly tenantId: TenantId;
  readonly customerId: CustomerId;
  readonly licenseId: LicenseId;
}

/** How a key is kept: a digest under a key of its own, which a copy of the table cannot be searched with. */
export function digestOfKey(db: Pick<Database, 'keys'>, key: LicenseKey): string {
  return licenseKeyDigest(db.keys.license, key).toString('hex');
}

export interface NewLicenseKey {
  /** To be shown once. */
  readonly key: LicenseKey;
  /** What is kept of it. */
  readonly known: { readonly keyHint: string; readonly keyDigest: string };
}

export function newLicenseKey(db: Pick<Database, 'keys'>): NewLicenseKey {
  const key = makeLicenseKey();
  return { key, known: { keyHint: licenseKeyHint(key), keyDigest: digestOfKey(db, key) } };
}

/** The licence that a key opens, by the key's digest; null: there is none. DatabaseUnavailableError where that cannot be found out. */
export async function findLicenseKey(db: Database, digest: string): Promise<LicenseOfKey | null> {
  const { rows } = await retried(() =>
    db.pool.query<{ tenant_id: TenantId; license_id: LicenseId }>({
      name: 'find-license-key',
      text: `select tenant_id, license_id from find_license_key(decode($1, 'hex'))`,
      values: [digest],
    }),
  );
  const [found] = rows;
  if (!found) return null;
  const { tenant_id: tenantId, license_id: licenseId } = found;
  const customerId = await readTransaction(db, tenantId, (transaction) =>
    licenseOwner(transaction, licenseId),
  );
  return customerId && { tenantId, customerId, licenseId };
}
