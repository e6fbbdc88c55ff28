import {
  type Caller,
  type Database,
  type Result,
  SpendQueue,
  type SpendRequest,
  type Verdict,
} from '@licet/database';

const queues = new WeakMap<Database, SpendQueue>();

/** Sends a list through the queue of this view of the database; throws what could not be written. */
export async function spend(
  db: Database,
  caller: Caller,
  requests: readonly SpendRequest[],
): Promise<Result<Verdict>[]> {
  const queue = queues.get(db) ?? new SpendQueue(db);
  queues.set(db, queue);
  const results = await queue.submitAll(caller, requests);
  return results.map((result) => {
    if (result instanceof Error) throw result;
    return result;
  });
}
