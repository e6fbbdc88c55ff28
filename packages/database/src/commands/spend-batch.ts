import { createHash, randomUUID } from 'node:crypto';
import {
  ceilingOf,
  contains,
  type CustomerId,
  type CustomerState,
  type Decision,
  type FeatureKey,
  type Instant,
  parseCustomerId,
  parseFeatureKey,
  refuseSpend,
  type Release,
  spend as decideSpend,
  type SpendRequest as DomainSpendRequest,
  withCounter,
} from '@licet/domain';
import type { Writes } from '../connection/transaction.js';
import type { Caller, NewEvent } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import type { LoadedAccounts } from '../repositories/accounts.js';
import {
  type CounterUpdate,
  counterStatement,
  type LockedMeters,
  meterId,
  type MeterKey,
} from '../repositories/meters.js';
import {
  type KeptOperation,
  keyConflict,
  type OperationRecord,
  operationStatements,
} from '../repositories/operations.js';
import { assertRules } from '../repositories/releases.js';
import type { Refused } from '../result.js';

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
export type KeptVerdict = Pick<Verdict, 'decisionId' | 'decision' | 'consumed' | 'release' | 'asOf'>;

/** A request with its place in the list and the names it goes by in the database. */
export interface Asked {
  readonly request: SpendRequest;
  readonly key: Buffer;
  readonly hash: Buffer;
}

export type Answer =
  | Refused
  | ({ readonly ok: true } & KeptVerdict & { readonly replayed: boolean; readonly entryId: string | null });

/** What has to be done in another transaction before this batch can be decided. */
export type Attempt =
  | { readonly kind: 'ANSWERED'; readonly answers: readonly Answer[]; readonly seen: Revision }
  | { readonly kind: 'METERS_MISSING'; readonly keys: readonly MeterKey[] }
  | { readonly kind: 'TIME_HAS_COME'; readonly customerIds: readonly CustomerId[] };

export function unwritten(value: Attempt): Writes<Attempt> {
  return { value, statements: [], events: [] };
}

/** The counters of a batch as they change from request to request, and what is to be written in the end. */
export class Batch {
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
        ...(this.#operations.length === 0 ? [] : [assertRules(this.loaded.release, this.caller.tenantId)]),
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
    const limit = this.#limitAnew(state, feature, this.locked.rules.get(id));
    this.#counters.set(id, { customerId, feature, version, used, limit });
    this.#states.set(request.customerId, withCounter(state, feature, used));
  }

  /** Null where the row's limit was compiled by the release that decides. */
  #limitAnew(
    state: CustomerState,
    feature: FeatureKey,
    compiledBy: number | undefined,
  ): CounterUpdate['limit'] {
    const rulesVersion = state.release.publication.version;
    if (state.kind !== 'KNOWN' || compiledBy === rulesVersion) return null;
    return { ...ceilingOf(state.account, state.release, feature, this.locked.clock), rulesVersion };
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
