import type { CustomerId, TenantId } from '@licet/domain';
import { applyDueFor } from '../commands/apply-due.js';
import type { Database } from '../connection/database.js';
import { DatabaseUnavailableError, errorCode, isKeyTaken, SQLSTATE } from '../connection/errors.js';
import { readTransaction, writeTransaction } from '../connection/transaction.js';
import { revisionOfEntry } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { createMeters, meterId, type MeterKey } from '../repositories/meters.js';
import { refused, type Result } from '../result.js';
import { attempt, type Remembered } from './attempt.js';
import type { Answer, Obstacle } from './answer.js';
import type { Decided } from './batch.js';
import { isolate } from './isolate.js';
import { type KeptOperation, keptOperations } from './operations.js';
import { type Asked, type KeptVerdict, settles, type Verdict } from './request.js';

const MOST_ATTEMPTS = 8;

/** What became of one request. */
export type Ended =
  | { readonly kind: 'ANSWERED'; readonly result: Result<Verdict> }
  | { readonly kind: 'FAILED'; readonly error: unknown };
export type Settled = Ended | { readonly kind: 'HELD_UP'; readonly obstacle: Obstacle };

/** Decides and writes lists of spends of one tenant, and clears away what holds them up. */
export class SpendBatches {
  readonly #db: Database;
  readonly #remembered: Remembered;

  constructor(db: Database, remembered: Remembered) {
    this.#db = db;
    this.#remembered = remembered;
  }

  /**
   * One transaction for the list, each request with its own verdict, in order: counters locked in key order,
   * one operation per granted request, one event. Denials keep no key: asked again they are decided anew.
   * `sent` is called when what it writes is on the wire.
   */
  run(tenantId: TenantId, asked: readonly Asked[], sent: () => void): Promise<readonly Settled[]> {
    /** Of the first transaction alone it is sure that an outage has left nothing behind. */
    let isFirst = true;
    return isolate<Asked, Settled>(
      asked,
      (some) => {
        const settled = this.#settle(tenantId, some, { isFirst, sent });
        isFirst = false;
        return settled;
      },
      (_, error) => failed(error),
    );
  }

  /** Does what holds requests up, in transactions of their own. For each: null where the way is clear, or why not. */
  async clear(tenantId: TenantId, obstacles: readonly Obstacle[]): Promise<(Ended | null)[]> {
    const customers = new Set<CustomerId>();
    const meters = new Map<string, MeterKey>();
    for (const obstacle of obstacles) {
      if (obstacle.kind === 'TIME_HAS_COME') customers.add(obstacle.customerId);
      if (obstacle.kind === 'METER_MISSING')
        meters.set(meterId(obstacle.key.customerId, obstacle.key.feature), obstacle.key);
    }
    const failures: Failures = { customers: new Map(), meters: new Map() };
    await isolate(
      [...customers],
      async (ids) => {
        if (ids.length > 0) await applyDueFor(this.#db, tenantId, ids);
        return [];
      },
      (id, error) => failures.customers.set(id, error),
    );
    await isolate(
      [...meters.values()],
      async (keys) => {
        if (keys.length > 0) await createMeters(this.#db, tenantId, keys);
        return [];
      },
      (key, error) => failures.meters.set(meterId(key.customerId, key.feature), error),
    );
    return obstacles.map((obstacle) => failureOf(obstacle, failures));
  }

  async #settle(
    tenantId: TenantId,
    asked: readonly Asked[],
    { isFirst, sent }: { readonly isFirst: boolean; readonly sent: () => void },
  ): Promise<Settled[]> {
    let maybeWritten = !isFirst;
    let kept: ReadonlyMap<string, KeptOperation> = new Map();
    for (let attempts = 1; ; attempts += 1) {
      try {
        const { value, revision } = await writeTransaction(this.#db, tenantId, async (transaction) => {
          const decided = await attempt(this.#db, this.#remembered, transaction, asked, kept);
          setImmediate(sent);
          return decided;
        });
        maybeWritten = true;
        this.#remember(tenantId, value);
        return await this.#ended(tenantId, asked, value.answers, revision ?? value.seen);
      } catch (error) {
        if (attempts === MOST_ATTEMPTS || !isOvertaken(error))
          throw maybeWritten ? withOutcome(error, 'UNKNOWN') : error;
        maybeWritten = true;
        if (errorCode(error) === SQLSTATE.limitPassed) this.#forget(tenantId, asked);
        if (isKeyTaken(error)) kept = await this.#readKept(tenantId, asked);
      }
    }
  }

  #forget(tenantId: TenantId, asked: readonly Asked[]): void {
    const { accounts, reservations } = this.#remembered;
    for (const { meter, request } of asked) {
      if (meter) accounts.forget(tenantId, meter.customerId);
      if (settles(request)) reservations.forget([request.idempotencyKey]);
    }
  }

  #remember(tenantId: TenantId, { made, settled }: Decided): void {
    const { reservations } = this.#remembered;
    reservations.remember(tenantId, made);
    reservations.forget(settled.map(({ id }) => id));
  }

  #readKept(tenantId: TenantId, asked: readonly Asked[]): Promise<Map<string, KeptOperation>> {
    return readTransaction(this.#db, tenantId, (transaction) => keptOperations(transaction, asked));
  }

  /** Answers with their revisions: this batch's, or, for replays, that of the batch that was answered first. */
  async #ended(
    tenantId: TenantId,
    asked: readonly Asked[],
    answers: readonly Answer[],
    revision: Revision,
  ): Promise<Settled[]> {
    const first = await this.#revisionsOf(tenantId, answers);
    return answers.map((answer, index) => {
      if (answer.ok === null) return { kind: 'HELD_UP', obstacle: answer.obstacle };
      if (!answer.ok) return { kind: 'ANSWERED', result: answer };
      const { verdict, replayed, entryId } = answer;
      const at = (entryId === null ? undefined : first.get(entryId)) ?? revision;
      const customerId = asked[index]?.meter?.customerId;
      if (replayed && customerId !== undefined) this.#db.commits.answered(tenantId, at, customerId);
      return { kind: 'ANSWERED', result: answered(verdict, replayed, at) };
    });
  }

  async #revisionsOf(tenantId: TenantId, answers: readonly Answer[]): Promise<Map<string, Revision>> {
    const entryIds = new Set<string>();
    for (const answer of answers)
      if (answer.ok === true && answer.replayed && answer.entryId !== null) entryIds.add(answer.entryId);
    const revisions = new Map<string, Revision>();
    if (entryIds.size === 0) return revisions;
    return readTransaction(this.#db, tenantId, async (transaction) => {
      for (const entryId of entryIds) revisions.set(entryId, await revisionOfEntry(transaction, entryId));
      return revisions;
    });
  }
}

/** Written out: it is made for each request. */
function answered(verdict: KeptVerdict, replayed: boolean, revision: Revision): Result<Verdict> {
  const { decisionId, decision, consumed, release, asOf, seat, hold } = verdict;
  const result = { ok: true as const, decisionId, decision, consumed, replayed, revision, release, asOf };
  if (hold !== undefined) return { hold, ...result };
  return seat === undefined ? result : { seat, ...result };
}

interface Failures {
  readonly customers: Map<string, unknown>;
  readonly meters: Map<string, unknown>;
}

function failureOf(obstacle: Obstacle, { customers, meters }: Failures): Ended | null {
  switch (obstacle.kind) {
    case 'TIME_HAS_COME':
      return failureIn(customers, obstacle.customerId);
    case 'METER_MISSING':
      return failureIn(meters, meterId(obstacle.key.customerId, obstacle.key.feature));
    case 'BEHIND_ANOTHER':
      return null;
  }
}

function failureIn(failures: ReadonlyMap<string, unknown>, name: string): Ended | null {
  // What was held up is not written, whatever became of what held it up.
  return failures.has(name)
    ? { kind: 'FAILED', error: withOutcome(failures.get(name), 'NOTHING_WRITTEN') }
    : null;
}

/** Something else was committed between reading and writing: decided anew, it has another outcome. */
function isOvertaken(error: unknown): boolean {
  const code = errorCode(error);
  return isKeyTaken(error) || code === SQLSTATE.limitPassed || code === SQLSTATE.rulesChanged;
}

/** An outage says what this list's outcome is; every other error stays as it is. */
function withOutcome(error: unknown, outcome: DatabaseUnavailableError['outcome']): unknown {
  if (!(error instanceof DatabaseUnavailableError)) return error;
  return new DatabaseUnavailableError(error.message, error.cause, outcome);
}

function failed(error: unknown): Ended {
  if (!(error instanceof DatabaseUnavailableError) || error.outcome === 'NOTHING_WRITTEN')
    return { kind: 'FAILED', error };
  const message =
    'the database is out of reach, the outcome is unknown; call again with the same idempotency key';
  return { kind: 'ANSWERED', result: refused('UNAVAILABLE', null, message) };
}
