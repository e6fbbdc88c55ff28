import type { LicenseId, Machine, TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction } from '../connection/transaction.js';
import { textArray } from '../mapping/array-literal.js';
import { groupBy } from '../mapping/group-by.js';
import { MACHINE_COLUMNS, machineFromRow, type MachineRow } from '../mapping/machine.js';
import type { Result } from '../result.js';
import {
  type CountedPage,
  dateOf,
  decodeTimedCursor,
  encodeTimedCursor,
  malformedCursor,
  type PageRequest,
  pageOf,
} from './page.js';

interface ListedRow extends MachineRow {
  readonly license_id: LicenseId;
  readonly is_idle: boolean;
}

/** A page of machines for each licence, oldest first, in the order of the ids. A place that is over is held no more. */
export async function listMachines(
  db: Database,
  tenantId: TenantId,
  ids: readonly LicenseId[],
  request: PageRequest,
): Promise<Result<{ readonly pages: readonly CountedPage<Machine>[] }>> {
  const after = request.after === null ? null : decodeTimedCursor(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  const [rows, totals] = await readTransaction(db, tenantId, (transaction) =>
    Promise.all([
      transaction.query<ListedRow>({
        name: 'list-machines',
        text: `select l.* from unnest($2::text[]) as k(license_id)
               cross join lateral (
                 select m.license_id, ${MACHINE_COLUMNS},
                   coalesce(m.in_use_until <= clock_timestamp(), true) as is_idle
                 from machine m
                 where m.tenant_id = $1 and m.license_id = k.license_id
                   and ($3::timestamptz is null or (m.activated_at, m.id) > ($3, $4))
                 order by m.activated_at, m.id limit $5) l`,
        values: [tenantId, textArray(ids), dateOf(after), after?.id ?? null, request.first + 1],
      }),
      transaction.query<{ license_id: LicenseId; total: number }>({
        name: 'count-machines',
        text: `select license_id, count(*)::int as total from machine
               where tenant_id = $1 and license_id = any($2) group by license_id`,
        values: [tenantId, textArray(ids)],
      }),
    ]),
  );
  const byLicense = groupBy(rows, ({ license_id }) => license_id);
  const counted = new Map(totals.map((row) => [row.license_id, row.total]));
  const cursorOf = ({ activatedAt, id }: Machine): string => encodeTimedCursor(activatedAt, id);
  const pages = ids.map((id) => ({
    ...pageOf((byLicense.get(id) ?? []).map(shown), request, cursorOf),
    total: counted.get(id) ?? 0,
  }));
  return { ok: true, pages };
}

function shown(row: ListedRow): Machine {
  const machine = machineFromRow(row);
  return row.is_idle ? { ...machine, inUseUntil: null } : machine;
}
