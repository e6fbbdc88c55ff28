import { type CustomerId } from '@licet/domain';
import type { Transaction } from '../connection/transaction.js';
import { positionOf, type Revision } from '../event-log/revision.js';
import { EVENT_COLUMNS, type EventRow, eventFromRow, type StoredEvent } from '../event-log/read.js';

/** How far back is looked: own events, and publications with what moved the tenant's time zone, and positions in which its usage is looked for. */
const MOST_EVENTS = 200;
const MOST_POSITIONS = 20_000;

/** The latest events of a customer, newest first and without a gap: its own, publications, and its usage if that counts. */
export async function pastEvents(
  transaction: Transaction,
  customer: { readonly id: CustomerId; readonly subject: string },
  countsUsage: boolean,
  most = MOST_EVENTS,
): Promise<PastEvents> {
  const { tenantId } = transaction;
  const [own, publications, usage] = await Promise.all([
    transaction.query<EventRow>({
      text: `select ${EVENT_COLUMNS} from event where tenant_id = $1 and customer_id = $2 order by position desc limit $3`,
      values: [tenantId, customer.id, most],
    }),
    transaction.query<EventRow>({
      text: `select ${EVENT_COLUMNS} from event
             where tenant_id = $1 and type = any('{release.published,release.rolled_back,tenant.updated}') order by position desc limit $2`,
      values: [tenantId, most],
    }),
    countsUsage ? usageOf(transaction, customer.subject) : { rows: [], from: 0 },
  ]);
  // Where a list was cut off, what is older may have a gap.
  const from = Math.max(endOf(own, most), endOf(publications, most), usage.from);
  const events = [...own, ...publications, ...usage.rows]
    .filter(({ position }) => position >= from)
    .sort((one, other) => other.position - one.position)
    .map(eventFromRow);
  return { events, from };
}

export interface PastEvents {
  /** Newest first. */
  readonly events: StoredEvent[];
  /** None is missing from this position on. */
  readonly from: number;
}

/** Whether anything after a revision may have changed what the customer has. */
export async function isTouchedAfter(
  transaction: Transaction,
  { id, subject }: { readonly id: CustomerId; readonly subject: string },
  after: Revision,
): Promise<boolean> {
  const [row] = await transaction.query<{ touched: boolean }>({
    name: 'touched-after',
    text: `select exists (select 1 from event where tenant_id = $1 and position > $2
             and (customer_id = $3 or type in ('release.published', 'release.rolled_back', 'tenant.updated')
                  or type = 'usage.recorded' and position(convert_to($4, 'UTF8') in body) > 0)) as touched`,
    values: [transaction.tenantId, positionOf(after), id, subject],
  });
  return row?.touched ?? false;
}

function endOf(rows: readonly EventRow[], most: number): number {
  return rows.length < most ? 0 : (rows.at(-1)?.position ?? 0);
}

/** Batches name their customers in their bodies alone. */
async function usageOf(
  transaction: Transaction,
  subject: string,
): Promise<{ readonly rows: EventRow[]; readonly from: number }> {
  const [head] = await transaction.query<{ newest: number | null }>({
    text: 'select max(position) as newest from event where tenant_id = $1',
    values: [transaction.tenantId],
  });
  const from = Math.max(0, (head?.newest ?? 0) - MOST_POSITIONS);
  const rows = await transaction.query<EventRow>({
    text: `select ${EVENT_COLUMNS} from event
           where tenant_id = $1 and type = 'usage.recorded' and position > $2 and position(convert_to($3, 'UTF8') in body) > 0
           order by position desc limit $4`,
    values: [transaction.tenantId, from, subject, MOST_EVENTS],
  });
  return { rows, from: Math.max(from, endOf(rows, MOST_EVENTS)) };
}
