import { randomUUID } from 'node:crypto';
import {
  contains,
  type CustomerState,
  isHeld,
  occupy,
  poolAfter,
  refuseRecord,
  refuseSeat,
  refuseSpend,
  type Rise,
  type SeatOutcome,
  spend,
  spendInClosedWindow,
  type SpendOutcome,
  type SpendRequest as Question,
  type TenantId,
  thresholdsReached,
  withSeat,
} from '@licet/domain';
import type { Writes } from '../connection/transaction.js';
import type { Revision } from '../event-log/revision.js';
import type { MeterKey } from '../repositories/meters.js';
import { seatStatements } from '../repositories/seats.js';
import { newSeatId } from '../ids.js';
import { Actors } from './actors.js';
import { type Answer, keptAnswer, type Obstacle, replayOf } from './answer.js';
import { BatchCounters, type CounterGround } from './batch-counters.js';
import { batchEvent } from './batch-event.js';
import { BlockChanges, lowerCeiling } from './block-changes.js';
import { type Counter, updateOf } from './counter.js';
import { counterStatements } from './counter-rows.js';
import { DecisionIds } from './decision-ids.js';
import { putMeter, putSeats } from './kept-account.js';
import { HoldChanges } from './hold-changes.js';
import type { LockedHold } from './hold-rows.js';
import { type KeptOperation, type Operation, operationStatements } from './operations.js';
import { Corrections, type Past } from './past-windows.js';
import { type Asked, isSeatRequest, type KeptVerdict, type SeatRequest, settles } from './request.js';
import { lentBy } from './quota-leases.js';
import { countsAt, isOverdue, type LockedHolds, questionOf, usedAtOf } from './settlement.js';
import { coolingAfter, cools, dueStatements, neededSeat, SeatChanges } from './seats.js';
import type { ReachedThreshold } from './thresholds.js';

/** What a batch rests on: read under, or after, its locks. */
export interface Ground extends CounterGround {
  readonly tenantId: TenantId;
  /** Operations that are known to stand under keys of this batch. */
  readonly kept: ReadonlyMap<string, KeptOperation>;
  /** Of what counts before the running window. */
  readonly past: ReadonlyMap<Asked, Past>;
  /** Those that requests of this batch settle. */
  readonly holds: LockedHolds;
  readonly seen: Revision;
}

export interface Decided {
  readonly answers: readonly Answer[];
  /** The tenant's newest revision when it was decided. */
  readonly seen: Revision;
  /** In the order in which counters have reached them. */
  readonly reached: readonly ReachedThreshold[];
  /** What is committed with it. */
  readonly made: readonly LockedHold[];
  readonly settled: readonly LockedHold[];
}

/** The counters of a batch as they change from request to request, and what is to be written in the end. */
export class Batch {
  readonly #ground: Ground;
  readonly #counters: BatchCounters;
  readonly #written = new Set<Counter>();
  readonly #answers = new Map<string, { readonly asked: Asked; readonly answer: Answer }>();
  readonly #waiting = new Set<string>();
  readonly #operations: Operation[] = [];
  readonly #reached: ReachedThreshold[] = [];
  readonly #corrections = new Corrections();
  readonly #holds = new HoldChanges();
  readonly #blocks = new BlockChanges();
  readonly #seats = new SeatChanges();
  readonly #actors = new Actors();
  readonly #entryId = randomUUID();
  readonly #decisionIds = new DecisionIds();

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#counters = new BatchCounters(ground, this.#seats);
  }

  decide(asked: readonly Asked[]): Writes<Decided> {
    const { tenantId, rulesVersion, locked, seen } = this.#ground;
    const answers = asked.map((one) => this.#answer(one));
    // As they are inserted, and hashed.
    this.#operations.sort((one, other) => (one.asked.key < other.asked.key ? -1 : 1));
    const { made, settled } = this.#holds;
    const value = { answers, seen, reached: this.#reached, made, settled };
    if (this.#operations.length === 0 && this.#seats.isEmpty) return { value, statements: [], events: [] };
    const event = batchEvent({
      entryId: this.#entryId,
      clock: locked.clock,
      counters: this.#written,
      blocks: this.#blocks.changed,
      operations: this.#operations,
      actors: this.#actors.list,
      seats: this.#seats,
    });
    const updates = [...this.#written].map(updateOf);
    return {
      value,
      statements: [
        ...operationStatements(tenantId, this.#operations, { entryId: this.#entryId, at: locked.clock }),
        ...seatStatements(tenantId, this.#seats.changes),
        ...dueStatements(tenantId, this.#seats),
        ...this.#holds.statements(tenantId),
        ...this.#blocks.statements(tenantId),
        ...counterStatements(tenantId, updates, rulesVersion),
        ...this.#corrections.statements(tenantId),
      ],
      events: [...this.#corrections.events(event), ...this.#seats.events, ...this.#holds.events, event],
      rulesVersion,
    };
  }

  #answer(asked: Asked): Answer {
    if (this.#waiting.size > 0 && (this.#waiting.has(asked.key) || this.#waiting.has(asked.meterId)))
      return this.#putOff(asked, { kind: 'BEHIND_ANOTHER' });
    const earlier = this.#answers.get(asked.key);
    if (earlier) return replayOf(earlier.asked.hash === asked.hash, asked, earlier.answer);
    const kept = this.#ground.kept.get(asked.key);
    if (kept) return keptAnswer(kept, asked);
    return this.#decide(asked);
  }

  /** What comes later and shares the counter or the key waits, too: order is kept. */
  #putOff(asked: Asked, obstacle: Obstacle): Answer {
    this.#waiting.add(asked.key).add(asked.meterId);
    return { ok: null, obstacle };
  }

  #decide(asked: Asked): Answer {
    const { request } = asked;
    if (isSeatRequest(request)) return this.#seat(asked, request);
    const { release, locked } = this.#ground;
    const refusal =
      request.kind === 'record'
        ? refuseRecord(release, request, locked.clock)
        : refuseSpend(release, request);
    if (refusal) return { ok: false, ...refusal };
    const isDue =
      this.#counters.isDue(request.customerId) || isOverdue(request, this.#ground.holds, locked.clock);
    if (asked.meter && isDue)
      return this.#putOff(asked, { kind: 'TIME_HAS_COME', customerId: asked.meter.customerId });
    const counter = this.#counters.get(asked.meterId);
    const account = this.#counters.accountOf(asked.meterId);
    const { customerId } = request;
    const state = account?.state ?? ({ kind: 'UNKNOWN_CUSTOMER', release, customerId } as const);
    const { past, holds } = this.#ground;
    const question = questionOf(request, holds, counter?.row, locked.clock);
    if ('ok' in question) return question;
    const late = past.get(asked);
    const outcome =
      counter && late
        ? this.#correct(counter, asked, question, late)
        : spend(this.#withNeededSeat(state, asked, question), question, locked.clock);
    const { decision, delta } = outcome;
    const verdict: KeptVerdict = {
      decisionId: this.#decisionIds.next(),
      decision,
      consumed: Math.max(0, delta),
      release: release.number,
      asOf: locked.clock,
      ...(request.kind === 'lend' ? { hold: lentBy(request, counter, outcome, locked.clock) } : {}),
    };
    if (!decision.allowed) return { ok: true, verdict, replayed: false, entryId: null };
    // Nothing is given back where nothing was ever counted.
    const counts = late === undefined && (delta !== 0 || outcome.held !== 0);
    if (counts && !(counter && this.#count(counter, asked, question, outcome, verdict)))
      return this.#putOff(asked, { kind: 'METER_MISSING', key: nameOf(asked) });
    const settled = (settles(request) && holds.get(request.idempotencyKey)) || null;
    if (settled) this.#holds.settle(settled, counter, { asked, question, delta, at: locked.clock });
    const usedAt = usedAtOf(request, holds);
    this.#operations.push({
      asked,
      verdict,
      delta,
      usedAt,
      by: this.#actors.placeOf(asked.caller.actor),
      hold: settled ?? verdict.hold ?? null,
    });
    const answer: Answer = { ok: true, verdict, replayed: false, entryId: this.#entryId };
    // A denial uses no key up: the same key later in the list is decided anew.
    this.#answers.set(asked.key, { asked, answer });
    return answer;
  }

  /** A kept account knows no seats that are held: with that of who spends, where the feature needs one. */
  #withNeededSeat(state: CustomerState, { meter }: Asked, question: Question): CustomerState {
    const { release, seats } = this.#ground;
    const key = meter && neededSeat(question, meter, release);
    const seat = key && this.#seats.needed(key, seats);
    return state.kind === 'KNOWN' && seat !== null ? withSeat(state, seat) : state;
  }

  /** False: it still has the window in which it was last used, which is over. */
  #count(
    counter: Counter,
    asked: Asked,
    question: Question,
    { decision: { used, reserved, limit } }: SpendOutcome,
    verdict: KeptVerdict,
  ): boolean {
    const { kind } = question;
    const { release, locked, holds } = this.#ground;
    if (used === null || reserved === null) return false;
    const { window } = counter.row;
    if (window !== null && !contains(window, locked.clock)) return false;
    this.#notice(counter, asked, { from: counter.used, to: used, limit });
    counter.used = used;
    counter.reserved = reserved;
    const { request } = asked;
    const settled = settles(request) ? holds.get(request.idempotencyKey) : undefined;
    const held = counter.isPrepaid ? this.#blocks.spend(counter, question, settled) : [];
    this.#holds.make(counter, asked, verdict, held);
    if (reserved === 0) counter.freesAt = null;
    if (kind === 'consume' || kind === 'reserve' || kind === 'lend')
      counter.granted = Math.max(counter.granted, used + reserved);
    this.#written.add(counter);
    const { freesAt, overdrawn, key } = counter;
    const rolled = counter.account.meters.get(key.feature)?.rolled ?? [];
    putMeter(counter.account, { feature: key.feature, used, reserved, window, rolled, freesAt, overdrawn });
    if (counter.isPrepaid) lowerCeiling(counter, limit, release, locked.clock);
    return true;
  }

  /** A denial, and what changes nothing, writes nothing. */
  #seat(asked: Asked, request: SeatRequest): Answer {
    const { release, locked } = this.#ground;
    const refusal = refuseSeat(release, request);
    if (refusal) return { ok: false, ...refusal };
    const { customerId } = request;
    if (asked.meter && this.#counters.isDue(customerId))
      return this.#putOff(asked, { kind: 'TIME_HAS_COME', customerId: asked.meter.customerId });
    const counter = this.#counters.get(asked.meterId);
    const account = this.#counters.accountOf(asked.meterId);
    const state = account?.state ?? ({ kind: 'UNKNOWN_CUSTOMER', release, customerId } as const);
    const known = this.#seats.of(asked.meterId, request.memberId);
    const outcome = occupy(state, request, newSeatId(), locked.clock, known);
    const { decision, before, after } = outcome;
    const verdict: KeptVerdict = {
      decisionId: this.#decisionIds.next(),
      decision,
      consumed: 0,
      release: release.number,
      asOf: locked.clock,
      seat: after && isHeld(after) ? after : null,
    };
    if (account === undefined || before === after)
      return { ok: true, verdict, replayed: false, entryId: null };
    if (counter === undefined) return this.#putOff(asked, { kind: 'METER_MISSING', key: nameOf(asked) });
    this.#occupy(counter, outcome);
    this.#actors.placeOf(asked.caller.actor);
    this.#seats.note(asked, { id: counter.key.customerId, subject: account.subject }, outcome, locked.clock);
    return { ok: true, verdict, replayed: false, entryId: this.#entryId };
  }

  #occupy(counter: Counter, outcome: SeatOutcome): void {
    const { before, after } = outcome;
    const { account, key, row } = counter;
    const { feature } = key;
    const pool = poolAfter(counter, before, after);
    counter.used = pool.used;
    counter.freesAt = pool.freesAt;
    if (before === null) counter.granted = Math.max(counter.granted, counter.used + counter.reserved);
    this.#written.add(counter);
    if (cools(before) || cools(after)) putSeats(account, feature, coolingAfter(account.seats, outcome));
    const { used, reserved, freesAt, overdrawn } = counter;
    putMeter(account, { feature, used, reserved, window: row.window, rolled: [], freesAt, overdrawn });
  }

  /** What was used, or held, before the running window: that stays as it is. */
  #correct({ key, account }: Counter, asked: Asked, question: Question, past: Past): SpendOutcome {
    const { holds, locked } = this.#ground;
    const { kind, feature, quantity } = question;
    const at = countsAt(asked.request, holds);
    if (at === null || (kind !== 'record' && kind !== 'commit'))
      throw new Error(`a ${kind} counts in no window that is over`);
    const late = { key, subject: account.subject, state: account.state, at };
    const window = this.#corrections.windowOf(late, past);
    const request = { kind, feature, quantity };
    const outcome = spendInClosedWindow(account.state, request, window.used, locked.clock);
    if (outcome.delta > 0) this.#corrections.add(window, outcome.delta);
    return outcome;
  }

  #notice({ key, account, row }: Counter, { caller }: Asked, rise: Rise): void {
    const feature = this.#ground.release.catalog.features.get(key.feature);
    if (feature === undefined) return;
    const reached = {
      key,
      subject: account.subject,
      window: row.window,
      used: rise.to,
      limit: rise.limit,
      caller,
    };
    for (const threshold of thresholdsReached(feature, rise)) this.#reached.push({ threshold, ...reached });
  }
}

function nameOf({ meter }: Asked): MeterKey {
  if (meter === null) throw new Error('a granted spend has a customer and a feature');
  return meter;
}
