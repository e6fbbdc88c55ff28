import type { PoolClient, QueryResultRow } from 'pg';
import type { TenantId } from '@licet/domain';
import {
  appendStatements,
  type AppendedRow,
  type NewEvent,
  sealEvents,
  type SealedEvent,
} from '../event-log/append.js';
import { revisionOf, type Revision } from '../event-log/revision.js';
import type { Database } from './database.js';
import {
  DatabaseUnavailableError,
  errorCode,
  isGivenUp,
  isLostConnection,
  isRetryable,
  NoConnectionError,
  SQLSTATE,
} from './errors.js';

/** One prepared statement; the server keeps the plan of a named one. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** An open transaction of one tenant. Statements that do not depend on each other may be sent without waiting. */
export interface Transaction {
  readonly tenantId: TenantId;
  query<Row extends QueryResultRow>(statement: Statement): Promise<Row[]>;
}

/** What a transaction decided to write: sent in one go with the events and COMMIT. */
export interface Writes<T> {
  readonly value: T;
  readonly statements: readonly Statement[];
  readonly events: readonly NewEvent[];
  /** The release that was decided by: where another is live at the commit, the server raises LK003. */
  readonly rulesVersion?: number;
}

export interface Committed<T> {
  readonly value: T;
  /** The last position of this transaction; null where it appended no event. */
  readonly revision: Revision | null;
}

interface Sent<T> extends Committed<T> {
  readonly events: readonly NewEvent[];
}

const ATTEMPTS = 4;
/** Where each time another release has gone live: nothing is wrong with the database then. */
const ATTEMPTS_BETWEEN_RELEASES = 25;

/**
 * For rows that are found by their keys: planned for one list of keys, a statement would scan the table for the next,
 * and to plan it anew each time takes longer than to run it.
 */
const PLANNED_ONCE = 'set local plan_cache_mode = force_generic_plan';
const BEGIN_WRITE = `begin; ${PLANNED_ONCE}`;
const BEGIN_READ = 'begin isolation level repeatable read read only';

/** Reads at one moment: repeatable read, read only. `plans`: `once` for rows that are found by their keys. */
export async function readTransaction<T>(
  db: Database,
  tenantId: TenantId,
  work: (transaction: Transaction) => Promise<T>,
  plans: 'once' | 'each time' = 'each time',
): Promise<T> {
  return retried(() =>
    onConnection(
      db,
      tenantId,
      plans === 'once' ? `${BEGIN_READ}; ${PLANNED_ONCE}` : BEGIN_READ,
      async (transaction, client) => {
        const value = await work(transaction);
        await client.query('commit');
        return value;
      },
    ),
  );
}

/**
 * Runs `work` at READ COMMITTED and commits what it returns: statements, then the events under the lock of
 * `log_head`, then COMMIT, all on the wire at once, so that this process never stands between the lock and
 * COMMIT. Runs again as a whole on a deadlock, a lock timeout or a lost connection: what it writes must carry
 * an idempotency key or repeat harmlessly. DatabaseUnavailableError when it stays out of reach; it says whether a
 * COMMIT was sent that had no answer.
 */
export async function writeTransaction<T>(
  db: Pick<Database, 'pool' | 'signal' | 'commits'>,
  tenantId: TenantId,
  work: (transaction: Transaction) => Promise<Writes<T>>,
): Promise<Committed<T>> {
  let lostCommit = false;
  const committed = await retried(
    () =>
      onConnection(db, tenantId, BEGIN_WRITE, async (transaction, client) => {
        const writes = await work(transaction);
        try {
          return await commit(client, tenantId, writes);
        } catch (error) {
          lostCommit ||= isLostConnection(error);
          throw error;
        }
      }),
    () => (lostCommit ? 'UNKNOWN' : 'NOTHING_WRITTEN'),
  );
  const { value, revision, events } = committed;
  if (revision !== null) {
    db.commits.committed(tenantId, revision, events);
    db.signal.look(tenantId);
  }
  return { value, revision };
}

async function commit<T>(client: PoolClient, tenantId: TenantId, writes: Writes<T>): Promise<Sent<T>> {
  if (writes.statements.length === 0 && writes.events.length === 0) {
    await client.query('rollback');
    return { value: writes.value, revision: null, events: [] };
  }
  const sealed = sealEvents(writes.events);
  const append = appendStatements(tenantId, sealed, writes.rulesVersion);
  const sent = [...writes.statements, ...append].map((statement) =>
    client.query<AppendedRow>(toQuery(statement)),
  );
  const results = await allOrFirstError([...sent, client.query<AppendedRow>('commit')]);
  const ended = results.at(-1)?.command ?? 'nothing';
  if (ended !== 'COMMIT') throw new Error(`the server answered COMMIT with ${ended}`);
  const { value, events } = writes;
  return { value, revision: lastRevision(results.at(-2)?.rows ?? [], sealed), events };
}

function lastRevision(rows: readonly AppendedRow[], sealed: readonly SealedEvent[]): Revision | null {
  const last = sealed.at(-1);
  const [row] = rows;
  return last && row ? revisionOf(row.position, Buffer.from(last.leafHash, 'hex')) : null;
}

/** Waits for all, so that nothing is left on the wire, then fails as the first that failed. */
async function allOrFirstError<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

async function onConnection<T>(
  db: Pick<Database, 'pool'>,
  tenantId: TenantId,
  begin: string,
  work: (transaction: Transaction, client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await db.pool.connect().catch((error: unknown) => {
    throw new NoConnectionError(error);
  });
  // Where the server ends it, the next statement says so; without a listener the process would end instead.
  const onLost = (): void => undefined;
  client.on('error', onLost);
  let broken: Error | undefined;
  const begun = client.query(`${begin}; set local app.tenant = ${client.escapeLiteral(tenantId)}`);
  const transaction: Transaction = {
    tenantId,
    async query<Row extends QueryResultRow>(statement: Statement): Promise<Row[]> {
      const { rows } = await client.query<Row>(toQuery(statement));
      return rows;
    },
  };
  try {
    const [, value] = await Promise.all([begun, work(transaction, client)]);
    return value;
  } catch (error) {
    broken = await rollback(client, begun, error);
    throw error;
  } finally {
    client.off('error', onLost);
    client.release(broken);
  }
}

/** Returns the error that makes the connection unfit for the pool, if there is one. */
async function rollback(
  client: PoolClient,
  begun: Promise<unknown>,
  error: unknown,
): Promise<Error | undefined> {
  await begun.catch(() => undefined);
  if (isLostConnection(error)) return asError(error);
  try {
    await client.query('rollback');
    return undefined;
  } catch (rollbackError) {
    return asError(rollbackError);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function toQuery(statement: Statement): { name?: string; text: string; values: unknown[] } {
  const values = [...(statement.values ?? [])];
  return statement.name === undefined
    ? { text: statement.text, values }
    : { name: statement.name, text: statement.text, values };
}

/**
 * Runs again what a deadlock, a lock timeout, a lost connection or another release has ended; DatabaseUnavailableError at last, and at
 * once for a statement that ran into its time limit.
 */
export async function retried<T>(
  run: () => Promise<T>,
  outcome: () => DatabaseUnavailableError['outcome'] = () => 'NOTHING_WRITTEN',
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (isGivenUp(error))
        throw new DatabaseUnavailableError('the database took too long', error, outcome());
      if (!isRetryable(error)) throw error;
      const most = errorCode(error) === SQLSTATE.rulesChanged ? ATTEMPTS_BETWEEN_RELEASES : ATTEMPTS;
      if (attempt >= most)
        throw new DatabaseUnavailableError('the database is out of reach or overloaded', error, outcome());
      await new Promise((resolve) =>
        setTimeout(resolve, Math.min(attempt, ATTEMPTS) * 20 * (1 + Math.random())),
      );
    }
  }
}
