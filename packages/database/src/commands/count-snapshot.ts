import type { CustomerId, TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { writeTransaction } from '../connection/transaction.js';
import { positionOf, type Revision } from '../event-log/revision.js';

interface CounterRow {
  readonly counter: number;
  readonly position: number;
}

/**
 * The number of a customer's next snapshot, of the state at `revision`; null where one of a newer state was given
 * already, by whichever gateway: a higher number never goes with an older state.
 */
export async function countSnapshot(
  db: Database,
  tenantId: TenantId,
  { customerId, revision }: { readonly customerId: CustomerId; readonly revision: Revision },
): Promise<number | null> {
  const position = positionOf(revision);
  const named = [tenantId, customerId];
  const { value } = await writeTransaction(db, tenantId, async (transaction) => {
    const [, [row]] = await Promise.all([
      transaction.query({ name: 'add-snapshot-counter', text: ADD, values: named }),
      transaction.query<CounterRow>({ name: 'lock-snapshot-counter', text: LOCK, values: named }),
    ]);
    if (row === undefined) throw new Error(`the customer ${customerId} has no counter of snapshots`);
    // INVARIANT (snapshot order): under the row's lock the number and the position of the log rise together.
    if (row.position > position) return { value: null, statements: [], events: [] };
    const counter = row.counter + 1;
    const write = { name: 'count-snapshot', text: COUNT, values: [...named, counter, position] };
    return { value: counter, statements: [write], events: [] };
  });
  return value;
}

const ADD = 'insert into customer_snapshot values ($1, $2, 0, 0) on conflict do nothing';
const LOCK =
  'select counter, position from customer_snapshot where tenant_id = $1 and customer_id = $2 for update';
const COUNT =
  'update customer_snapshot set counter = $3, position = $4 where tenant_id = $1 and customer_id = $2';
