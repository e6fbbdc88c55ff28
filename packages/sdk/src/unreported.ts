import type { CheckRequest, Decision, Instant, Snapshot } from '@licet/domain/offline';

/** What has become of the decisions that checks have made; docs/rules.md, `reportDecisions`. */
export interface ReportCounts {
  /** To be reported: here, or in the storage. */
  readonly waiting: number;
  /** The gateway has them. */
  readonly reported: number;
  /** The gateway does not take them. */
  readonly rejected: number;
  /** There were too many, or one was too long; nobody will hear of them. */
  readonly dropped: number;
}

/** A check as it was answered. */
export interface MadeDecision {
  readonly request: CheckRequest;
  readonly decision: Pick<Decision, 'allowed' | 'code'>;
  readonly snapshot: Snapshot;
  readonly at: Instant;
}

/** The decisions that nobody has been told of, up to a number: those that come when there are as many are only counted. */
export class Unreported {
  #made: MadeDecision[] = [];
  /** How many others wait to be sent. */
  sealed = 0;
  reported = 0;
  rejected = 0;
  dropped = 0;

  constructor(readonly most: number) {}

  get counts(): ReportCounts {
    const { reported, rejected, dropped } = this;
    return { waiting: this.#made.length + this.sealed, reported, rejected, dropped };
  }

  add(
    request: CheckRequest,
    decision: Pick<Decision, 'allowed' | 'code'>,
    snapshot: Snapshot,
    at: Instant,
  ): void {
    if (this.#made.length + this.sealed >= this.most) {
      this.dropped += 1;
      return;
    }
    // A copy: whoever asks may change the context for the next question, and where requests themselves live on, V8 comes to put all of
    // them where a full collection alone finds them.
    const { context = null } = request;
    const asked = { ...request, context: context && { ...context } };
    this.#made.push({ request: asked, decision, snapshot, at });
  }

  take(): readonly MadeDecision[] {
    const made = this.#made;
    this.#made = [];
    return made;
  }
}
