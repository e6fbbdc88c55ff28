import { type Instant, instant } from '@licet/domain';
import type { Transaction } from './transaction.js';

/** The database's clock, by which spends and transitions are decided. */
export async function readClock(transaction: Transaction): Promise<Instant> {
  const [row] = await transaction.query<{ clock: Date }>({
    name: 'clock',
    text: 'select clock_timestamp() as clock',
  });
  if (!row) throw new Error('the database has no clock');
  return instant(row.clock.getTime());
}
