import { createHash, randomUUID } from 'node:crypto';
import {
  contains,
  type CustomerId,
  type CustomerState,
  type Decision,
  type FeatureKey,
  type Instant,
  nextDue,
  parseCustomerId,
  parseFeatureKey,
  refuseSpend,
  type Release,
  spend as decideSpend,
  type SpendRequest as DomainSpendRequest,
  type TenantId,
  withCounter,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { errorCode, SQLSTATE } from '../connection/errors.js';
import {
  readTransaction,
  type Transaction,
  type Writes,
  writeTransaction,
} from '../connection/transaction.js';
import type { Caller, NewEvent } from '../event-log/append.js';
import { newestRevision, revisionOfEntry } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { loadAccounts, type LoadedAccounts } from '../repositories/accounts.js';
import {
  type CounterUpdate,
  counterStatement,
  createMeters,
  lockMeters,
  type LockedMeters,
  meterId,
  type MeterKey,
} from '../repositories/meters.js';
import {
  keptOperations,
  type KeptOperation,
  keyConflict,
  operationKey,
  type OperationRecord,
  operationStatements,
  requestHash,
} from '../repositories/operations.js';
import type { Refused, Result } from '../result.js';
import { applyDueFor } from './apply-due.js';

export interface SpendRequest extends DomainSpendRequest {
  readonly customerId: string;
  readonly idempotencyKey: string;
}

/** One request's answer. */
export interface Verdict {
  readonly decisionId: string;
  readonly decision: Decision;
  readonly consumed: number;
  /** The first answer to this idempotency key, again. */
  readonly replayed: boolean;
  readonly revision: Revision;
  readonly release: number;
  readonly asOf: Instant;
}

/** What an idempotency record keeps of a verdict. */
type KeptVerdict = Pick<Verdict, 'decisionId' | 'decision' | 'consumed' | 'release' | 'asOf'>;

/** A request with its place in the list and the names it goes by in the database. */
interface Asked {
  readonly request: SpendRequest;
  readonly key: Buffer;
  readonly hash: Buffer;
}

type Answer =
  | Refused
  | ({ readonly ok: true } & KeptVerdict & { readonly replayed: boolean; readonly entryId: string | null });

/** What has to be done in another transaction before this batch can be decided. */
type Attempt =
  | { readonly kind: 'ANSWERED'; readonly answers: readonly Answer[]; readonly seen: Revision }
  | { readonly kind: 'METERS_MISSING'; readonly keys: readonly MeterKey[] }
  | { readonly kind: 'TIME_HAS_COME'; readonly customerIds: readonly CustomerId[] };

const MOST_ATTEMPTS = 8;

/**
 * Decides and writes a batch of spends of one tenant in one transaction, each with its own verdict, in order:
 * counters locked in key order, decided on what is read after the lock, one operation per granted request, one
 * event for the batch. Denials keep no key: asked again they are decided anew.
 */
export async function spend(
  db: Database,
  caller: Caller,
  requests: readonly SpendRequest[],
): Promise<Result<Verdict>[]> {
  const asked = requests.map((request) => ({
    request,
    key: operationKey(db, caller.tenantId, request.idempotencyKey),
    hash: requestHash(request.kind, { ...request, idempotencyKey: null }),
  }));
  let kept = new Map<string, KeptOperation<KeptVerdict>>();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const committed = await writeTransaction(db, caller.tenantId, (transaction) =>
        decideBatch(db, transaction, caller, asked, kept),
      );
      const done = await prepare(db, caller.tenantId, committed.value);
      if (done) return await verdicts(db, caller.tenantId, done.answers, committed.revision ?? done.seen);
    } catch (error) {
      const code = errorCode(error);
      if (code !== SQLSTATE.keyExists && code !== SQLSTATE.limitPassed) throw error;
      if (attempt >= MOST_ATTEMPTS) throw error;
      kept = await readKept(db, caller.tenantId, asked);
    }
    if (attempt >= MOST_ATTEMPTS) throw new Error('a spend found no state to decide on');
  }
}

/** Does what the attempt asks for; answers with the attempt where there is nothing to do. */
async function prepare(
  db: Database,
  tenantId: TenantId,
  attempt: Attempt,
): Promise<Extract<Attempt, { kind: 'ANSWERED' }> | null> {
  switch (attempt.kind) {
    case 'ANSWERED':
      return attempt;
    case 'METERS_MISSING':
      await createMeters(db, tenantId, attempt.keys);
      return null;
    case 'TIME_HAS_COME':
      await applyDueFor(db, tenantId, attempt.customerIds);
      return null;
  }
}

async function decideBatch(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  asked: readonly Asked[],
  kept: ReadonlyMap<string, KeptOperation<KeptVerdict>>,
): Promise<Writes<Attempt>> {
  const keys = meterKeys(asked);
  const locked = await lockMeters(transaction, keys);
  // Read after the lock: a verdict never rests on what was there before the wait.
  const [loaded, seen] = await Promise.all([
    loadAccounts(db, transaction, [...new Set(keys.map((key) => key.customerId))]),
    newestRevision(transaction),
  ]);
  const due = [...loaded.accounts.values()].filter(({ account }) => {
    const at = nextDue(account, loaded.release);
    return at !== null && at <= locked.clock;
  });
  if (due.length > 0) {
    return unwritten({ kind: 'TIME_HAS_COME', customerIds: due.map(({ account }) => account.id) });
  }
  const decided = new Batch(caller, loaded, locked, kept).decide(asked, seen);
  const known = await keptOfDenied(transaction, asked, decided.value, kept);
  return known.size === kept.size ? decided : new Batch(caller, loaded, locked, known).decide(asked, seen);
}

/**
 * A granted request learns from its insert whether its key was used before. A denied one inserts nothing, so its
 * key is looked up: what was granted once is not denied the second time.
 */
async function keptOfDenied(
  transaction: Transaction,
  asked: readonly Asked[],
  attempt: Attempt,
  kept: ReadonlyMap<string, KeptOperation<KeptVerdict>>,
): Promise<ReadonlyMap<string, KeptOperation<KeptVerdict>>> {
  if (attempt.kind !== 'ANSWERED') return kept;
  const denied = asked.filter((_, index) => isDenied(attempt.answers[index]));
  if (denied.length === 0) return kept;
  const rows = await keptOperations<KeptVerdict>(
    transaction,
    denied.map((one) => one.key),
  );
  return new Map([...kept, ...rows.map((row) => [row.key.toString('hex'), row] as const)]);
}

function isDenied(answer: Answer | undefined): boolean {
  return answer?.ok === true && !answer.decision.allowed;
}

function unwritten(value: Attempt): Writes<Attempt> {
  return { value, statements: [], events: [] };
}

function meterKeys(asked: readonly Asked[]): MeterKey[] {
  const keys = new Map<string, MeterKey>();
  for (const { request } of asked) {
    const customerId = parseCustomerId(request.customerId);
    const feature = parseFeatureKey(request.feature);
    if (customerId !== null && feature !== null)
      keys.set(meterId(customerId, feature), { customerId, feature });
  }
  return [...keys.values()];
}

/** The counters of a batch as they change from request to request, and what is to be written in the end. */
class Batch {
  readonly #states = new Map<string, CustomerState>();
  readonly #counters = new Map<string, CounterUpdate>();
  readonly #operations: OperationRecord[] = [];
  readonly #missing = new Map<string, MeterKey>();
  readonly #answers = new Map<string, { hash: Buffer; answer: Answer }>();
  readonly #entryId = randomUUID();

  constructor(
    private readonly caller: Caller,
    private readonly loaded: LoadedAccounts,
    private readonly locked: LockedMeters,
    private readonly kept: ReadonlyMap<string, KeptOperation<KeptVerdict>>,
  ) {}

  decide(asked: readonly Asked[], seen: Revision): Writes<Attempt> {
    const answers = asked.map((one) => this.#answer(one));
    if (this.#missing.size > 0)
      return unwritten({ kind: 'METERS_MISSING', keys: [...this.#missing.values()] });
    const counters = [...this.#counters.values()];
    return {
      value: { kind: 'ANSWERED', answers, seen },
      statements: [
        ...operationStatements(this.caller.tenantId, this.#operations),
        ...counterStatement(this.caller.tenantId, counters),
      ],
      events: this.#operations.length === 0 ? [] : [this.#event(counters)],
    };
  }

  #answer(asked: Asked): Answer {
    const id = asked.key.toString('hex');
    const earlier = this.#answers.get(id);
    if (earlier) return replayOf(earlier.hash.equals(asked.hash), earlier.answer);
    const kept = this.kept.get(id);
    if (kept) {
      const answer = { ok: true as const, ...kept.outcome, replayed: true, entryId: kept.batch_id };
      return replayOf(kept.request_hash.equals(asked.hash), answer);
    }
    const answer = this.#decide(asked);
    // A denial uses no key up: the same key later in the list is decided anew.
    if (answer.ok && answer.decision.allowed) this.#answers.set(id, { hash: asked.hash, answer });
    return answer;
  }

  #decide({ request, key, hash }: Asked): Answer {
    const { release } = this.loaded;
    const refusal = refuseSpend(release, request);
    if (refusal) return { ok: false, ...refusal };
    const state = this.#state(request.customerId, release);
    const { decision, delta } = decideSpend(state, request, this.locked.clock);
    const verdict: KeptVerdict = {
      decisionId: randomUUID(),
      decision,
      consumed: Math.max(0, delta),
      release: release.number,
      asOf: this.locked.clock,
    };
    if (!decision.allowed) return { ok: true, ...verdict, replayed: false, entryId: null };
    this.#write(request, state, decision, delta);
    this.#operations.push({
      key,
      requestHash: hash,
      kind: request.kind,
      outcome: verdict,
      at: this.locked.clock,
      spend: {
        customerId: request.customerId,
        feature: request.feature,
        quantity: delta,
        usedAfter: decision.used ?? 0,
      },
      batchId: this.#entryId,
    });
    return { ok: true, ...verdict, replayed: false, entryId: this.#entryId };
  }

  #state(text: string, release: Release): CustomerState {
    const known = this.#states.get(text);
    if (known) return known;
    const customerId = parseCustomerId(text);
    const stored = customerId === null ? undefined : this.loaded.accounts.get(customerId);
    if (stored) return { kind: 'KNOWN', release, account: stored.account };
    return { kind: 'UNKNOWN_CUSTOMER', release, customerId: text };
  }

  #write(request: SpendRequest, state: CustomerState, decision: Decision, delta: number): void {
    const customerId = parseCustomerId(request.customerId);
    const feature = parseFeatureKey(request.feature);
    if (customerId === null || feature === null)
      throw new Error('a granted spend has a customer and a feature');
    const id = meterId(customerId, feature);
    const version = this.locked.versions.get(id);
    if (version === undefined || this.#windowIsOver(state, feature)) {
      // Nothing to give back where nothing was ever counted.
      if (delta !== 0) this.#missing.set(id, { customerId, feature });
      return;
    }
    const used = decision.used ?? 0;
    this.#counters.set(id, { customerId, feature, version, used });
    this.#states.set(request.customerId, withCounter(state, feature, used));
  }

  /** An unused counter keeps the window in which it was last used, until it is used again. */
  #windowIsOver(state: CustomerState, feature: FeatureKey): boolean {
    const window = state.kind === 'KNOWN' ? state.account.meters.get(feature)?.window : null;
    return window != null && !contains(window, this.locked.clock);
  }

  /** One summary of the batch: caches take the absolute values, the usage records stand in the operations. */
  #event(counters: readonly CounterUpdate[]): NewEvent {
    const subjects = counters.map((counter) => this.#subjectOf(counter.customerId));
    return {
      type: 'usage.recorded',
      subjectType: 'usage',
      subjectId: this.#entryId,
      customer: null,
      actor: this.caller.actor,
      reason: null,
      requestId: this.caller.requestId,
      at: this.locked.clock,
      recordedAt: this.locked.clock,
      data: {
        meters: counters.map((counter, index) => ({
          subject: subjects[index],
          feature: counter.feature,
          used: counter.used,
          reserved:
            this.loaded.accounts.get(counter.customerId)?.account.meters.get(counter.feature)?.reserved ?? 0,
          version: counter.version + 1,
        })),
        operations: this.#operations.length,
        operationsHash: hashOfOperations(this.#operations),
      },
      listed: false,
      entryId: this.#entryId,
    };
  }

  #subjectOf(customerId: CustomerId): string {
    const stored = this.loaded.accounts.get(customerId);
    if (!stored) throw new Error('a counter belongs to a customer that was loaded');
    return stored.row.subject;
  }
}

/** Binds the usage records to the log: SHA-256 over key and quantity of each, in key order. */
function hashOfOperations(operations: readonly OperationRecord[]): string {
  const lines = operations.map(
    ({ key, spend: units }) => `${key.toString('hex')} ${String(units?.quantity ?? 0)}\n`,
  );
  return createHash('sha256').update(lines.sort().join('')).digest('hex');
}

function replayOf(same: boolean, answer: Answer): Answer {
  if (!same) return keyConflict('idempotencyKey');
  return answer.ok ? { ...answer, replayed: true } : answer;
}

async function readKept(
  db: Database,
  tenantId: TenantId,
  asked: readonly Asked[],
): Promise<Map<string, KeptOperation<KeptVerdict>>> {
  const rows = await readTransaction(db, tenantId, (transaction) =>
    keptOperations<KeptVerdict>(
      transaction,
      asked.map((one) => one.key),
    ),
  );
  return new Map(rows.map((row) => [row.key.toString('hex'), row]));
}

/** Answers with their revisions: this batch's, or, for replays, that of the batch that was answered first. */
async function verdicts(
  db: Database,
  tenantId: TenantId,
  answers: readonly Answer[],
  revision: Revision,
): Promise<Result<Verdict>[]> {
  const replays = answers.some((answer) => answer.ok && answer.replayed);
  const first = replays ? await revisionsOf(db, tenantId, answers) : new Map<string, Revision>();
  return answers.map((answer) => {
    if (!answer.ok) return answer;
    const { entryId, ...verdict } = answer;
    return { ...verdict, revision: (entryId === null ? undefined : first.get(entryId)) ?? revision };
  });
}

async function revisionsOf(
  db: Database,
  tenantId: TenantId,
  answers: readonly Answer[],
): Promise<Map<string, Revision>> {
  const entryIds = new Set(
    answers.flatMap((answer) => (answer.ok && answer.entryId !== null ? [answer.entryId] : [])),
  );
  return readTransaction(db, tenantId, async (transaction) => {
    const revisions = new Map<string, Revision>();
    for (const entryId of entryIds) revisions.set(entryId, await revisionOfEntry(transaction, entryId));
    return revisions;
  });
}
