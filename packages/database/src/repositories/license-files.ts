import {
  type CustomerId,
  instant,
  type Instant,
  type LicenseFile,
  type LicenseFileId,
  type LicenseId,
  type Revocations,
  type Settlement,
  type TenantId,
} from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { readTransaction, type Statement, type Transaction } from '../connection/transaction.js';
import { columnArrays, givenRows, namesOf } from '../mapping/columns.js';
import { FILE_ROW, fileFromRow, type FileRow, type StoredFile } from '../mapping/license-file.js';

const COLUMNS = `${namesOf(FILE_ROW)}, settled_at, spent`;

/**
 * Under the customer's lock: its files that may be used somewhere, or could be since this transaction began. The instant that is
 * decided for lies in between: a file that ends after it counts, even if it has ended when it is read.
 */
export async function filesOut(transaction: Transaction, customerId: CustomerId): Promise<LicenseFile[]> {
  const rows = await transaction.query<FileRow>({
    name: 'license-files-out',
    text: `select ${COLUMNS} from license_file
           where tenant_id = $1 and customer_id = $2 and settled_at is null and expires_at > now()`,
    values: [transaction.tenantId, customerId],
  });
  return rows.map((row) => fileFromRow(row).file);
}

/** Null: there is no such file. */
export async function findFile(transaction: Transaction, id: LicenseFileId): Promise<StoredFile | null> {
  const [row] = await transaction.query<FileRow>({
    name: 'license-file',
    text: `select ${COLUMNS} from license_file where tenant_id = $1 and id = $2`,
    values: [transaction.tenantId, id],
  });
  return row === undefined ? null : fileFromRow(row);
}

/** Whose the file is; null: there is none. */
export function licenseFileOwner(
  db: Database,
  tenantId: TenantId,
  id: LicenseFileId,
): Promise<CustomerId | null> {
  return readTransaction(db, tenantId, async (transaction) => {
    const found = await findFile(transaction, id);
    return found?.customerId ?? null;
  });
}

export function insertFile(tenantId: TenantId, file: StoredFile): Statement {
  return {
    name: 'insert-license-file',
    text: `insert into license_file (tenant_id, ${namesOf(FILE_ROW)}) select $1, r.* from ${givenRows(FILE_ROW)} r`,
    values: [tenantId, ...columnArrays(FILE_ROW, [file])],
  };
}

export function settleFile(tenantId: TenantId, id: LicenseFileId, { at, spent }: Settlement): Statement {
  return {
    name: 'settle-license-file',
    text: 'update license_file set settled_at = $3, spent = $4::jsonb where tenant_id = $1 and id = $2',
    values: [tenantId, id, new Date(at), JSON.stringify([...spent])],
  };
}

/** No file lives longer, so what was revoked before concerns none. */
const REVOKED_FOR = '366 days';

interface StandingRow {
  readonly id: LicenseId;
  readonly standing: 'SUSPENDED' | 'REVOKED';
  readonly standing_since: Date;
}

/** What machines out of reach are not to honour any more, and the database's clock. */
export function listRevocations(
  db: Database,
  tenantId: TenantId,
): Promise<Revocations & { readonly clock: Instant }> {
  return readTransaction(db, tenantId, async (transaction) => {
    const [clock, licenses, files] = await Promise.all([
      readClock(transaction),
      transaction.query<StandingRow>({
        name: 'revoked-licenses',
        text: `select id, standing, standing_since from license
               where tenant_id = $1 and standing <> 'GOOD'
                 and (standing = 'SUSPENDED' or standing_since > clock_timestamp() - interval '${REVOKED_FOR}')
               order by id`,
        values: [tenantId],
      }),
      transaction.query<{ readonly id: LicenseFileId; readonly settled_at: Date }>({
        name: 'settled-license-files',
        text: `select id, settled_at from license_file
               where tenant_id = $1 and settled_at is not null and expires_at > clock_timestamp() order by id`,
        values: [tenantId],
      }),
    ]);
    return {
      clock,
      licenses: licenses.map(({ id, standing, standing_since: since }) => ({
        ...{ id, standing },
        since: instant(since.getTime()),
      })),
      files: files.map(({ id, settled_at: since }) => ({ id, since: instant(since.getTime()) })),
    };
  });
}
