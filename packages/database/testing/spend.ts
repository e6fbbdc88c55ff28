import {
  type Caller,
  type Database,
  type Result,
  seatRequest,
  SpendQueue,
  type SpendRequest,
  type Verdict,
} from '@licet/database';
import type { SeatRequest } from '@licet/domain';

const queues = new WeakMap<Database, SpendQueue>();

function queueOf(db: Database): SpendQueue {
  const queue = queues.get(db) ?? new SpendQueue(db);
  queues.set(db, queue);
  return queue;
}

/** Asks for a seat, or gives it back, through the queue of this view of the database. */
export function occupySeat(
  db: Database,
  caller: Caller,
  customerId: string,
  asked: SeatRequest,
): Promise<Result<Verdict>> {
  return queueOf(db).submit(caller, seatRequest(customerId, asked));
}

/** Sends a list through the queue of this view of the database; throws what could not be written. */
export async function spend(
  db: Database,
  caller: Caller,
  requests: readonly SpendRequest[],
): Promise<Result<Verdict>[]> {
  const results = await queueOf(db).submitAll(caller, requests);
  return results.map((result) => {
    if (result instanceof Error) throw result;
    return result;
  });
}

/** Sends one request through the queue of this view of the database. */
export async function spendOne(
  db: Database,
  caller: Caller,
  request: SpendRequest,
): Promise<Result<Verdict>> {
  const [result] = await spend(db, caller, [request]);
  if (result === undefined) throw new Error('one request has one answer');
  return result;
}
