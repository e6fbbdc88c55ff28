import type { TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { isKeyTaken } from '../connection/errors.js';
import {
  type Committed,
  type Transaction,
  type Writes,
  writeTransaction,
} from '../connection/transaction.js';

const ATTEMPTS = 3;

/**
 * `writeTransaction` for work that keeps an idempotency key and answers from what is kept under it. Where another
 * transaction has used the key meanwhile it runs again: now that one's answer is there to be read.
 */
export async function keyedTransaction<T>(
  db: Database,
  tenantId: TenantId,
  work: (transaction: Transaction) => Promise<Writes<T>>,
): Promise<Committed<T>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writeTransaction(db, tenantId, work);
    } catch (error) {
      if (!isKeyTaken(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
