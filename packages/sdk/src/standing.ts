import { type Instant, nextPhaseAt, snapshotPhase, type SnapshotPhase } from '@licet/domain/offline';
import type { SeenClock } from './clock.js';
import type { Held } from './held.js';
import { Problems } from './problems.js';
import type { AnswerSource, ClientPhase, ClientStatus, ProblemKind } from './status.js';
import { Timer } from './timer.js';

/** What a client decides on at this moment. */
export interface Ground {
  readonly held: Held | null;
  /** The gateway would have told of anything newer. */
  readonly isCurrent: boolean;
}

/** What a client's answers are worth, and who is told when they may be other ones: by what comes, and by time alone. */
export class Standing {
  readonly #problems = new Problems();
  readonly #listeners = new Set<() => void>();
  readonly #timer = new Timer();
  #status: ClientStatus;
  #phase: SnapshotPhase = 'EXPIRED';
  #phaseUntil = Infinity;
  /** When the first of the answers that were given is over. */
  #answersUntil = Infinity;
  #isSetBackTold = false;
  #hasEnded = false;

  constructor(
    private readonly clock: SeenClock,
    private readonly ground: () => Ground,
    /** What it decides on is worth less, by the clock alone: time has passed, or the clock was set. */
    private readonly onWorthLess: () => void,
  ) {
    this.#status = this.#statusOf(null, 'none', 'fallback');
  }

  get status(): ClientStatus {
    this.look();
    return this.#status;
  }

  /** As of the last `look`. */
  get phase(): SnapshotPhase {
    return this.#phase;
  }

  /** As of the last `look`. */
  get source(): AnswerSource {
    return this.#status.source;
  }

  /** The time, with what it has changed. */
  look(): Instant {
    const now = this.clock.read();
    if (now >= this.#phaseUntil || this.clock.isSetBack !== this.#isSetBackTold) {
      this.changed();
      this.onWorthLess();
    }
    return now;
  }

  readonly onChange = (listener: () => void): (() => void) => {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  };

  /** An answer was given that is over then. */
  answered(until: Instant, now: Instant): void {
    if (until >= this.#answersUntil) return;
    this.#answersUntil = until;
    this.#wait(now);
  }

  report(kind: ProblemKind, message: string): void {
    if (this.#problems.report(kind, message, this.clock.read())) this.changed();
  }

  solve(...kinds: readonly ProblemKind[]): void {
    if (this.#problems.solve(...kinds)) this.changed();
  }

  /** Works out the status anew, and tells of it. `solved`: what is a problem no more. */
  changed(...solved: readonly ProblemKind[]): void {
    const now = this.clock.read();
    const { held, isCurrent } = this.ground();
    this.#problems.solve(...solved);
    this.#isSetBackTold = this.clock.isSetBack;
    if (this.#isSetBackTold) this.#problems.report('CLOCK_SET_BACK', SET_BACK, now);
    else this.#problems.solve('CLOCK_SET_BACK');
    const counts = held !== null && !held.isDoubtful && !this.#isSetBackTold;
    this.#phase = counts ? snapshotPhase(held.snapshot, now) : 'EXPIRED';
    this.#phaseUntil = counts ? (nextPhaseAt(held.snapshot, now) ?? Infinity) : Infinity;
    this.#answersUntil = Infinity;
    const source = held?.from === 'KEPT' ? 'kept' : isCurrent ? 'live' : 'cache';
    const phase = counts ? PHASES[this.#phase] : 'none';
    this.#status = this.#statusOf(held, phase, counts && phase !== 'expired' ? source : 'fallback');
    if (this.#hasEnded) return;
    this.#wait(now);
    // Each by itself: one that throws keeps nothing from the others, and one that is gone by then is not called.
    for (const listener of this.#listeners)
      queueMicrotask(() => {
        if (this.#listeners.has(listener) && !this.#hasEnded) listener();
      });
  }

  /** From now on nobody is told. */
  end(): void {
    this.#hasEnded = true;
    this.#timer.clear();
  }

  #wait(now: Instant): void {
    const until = Math.min(this.#answersUntil, this.#phaseUntil);
    if (until < Infinity && !this.#hasEnded) this.#timer.set(until - now, () => this.#timePasses());
  }

  #timePasses(): void {
    const now = this.look();
    if (now >= this.#answersUntil) this.changed();
    else this.#wait(now);
  }

  #statusOf(held: Held | null, phase: ClientPhase, source: AnswerSource): ClientStatus {
    return {
      phase,
      source,
      counter: held?.snapshot.counter ?? null,
      revision: held?.snapshot.revision ?? null,
      confirmedAt: held?.confirmedAt ?? null,
      starts: this.clock.seen.starts,
      problems: this.#problems.all,
    };
  }
}

const PHASES = { FRESH: 'fresh', STALE: 'stale', GRACE: 'grace', EXPIRED: 'expired' } as const;
const SET_BACK =
  'the clock is behind the highest time that was seen; set it right, or let the gateway be reached';
