/**
 * How much is left of what a client decides on. `fresh`, `stale`, `grace`, `expired`: the phases of its snapshot; `none`: it has
 * none that it may use.
 */
export type ClientPhase = 'fresh' | 'stale' | 'grace' | 'expired' | 'none';

/**
 * Where an answer comes from. `live`: a snapshot that the gateway says is current, and tells of changes to; `cache`: one that this process
 * has fetched; `kept`: one that an earlier process has kept, and nobody has confirmed since; `fallback`: none that counts, so
 * that the feature's own rule decides.
 */
export type AnswerSource = 'live' | 'cache' | 'kept' | 'fallback';

export type ProblemKind =
  /** The clock is behind the highest time that was seen: no snapshot counts. */
  | 'CLOCK_SET_BACK'
  /** A snapshot with a lower counter than one that was seen before: it is refused. */
  | 'COUNTER_LOWERED'
  /** A snapshot is kept, and what was seen up to now is not, without which nobody knows how old it is: it is refused. */
  | 'RECORD_MISSING'
  /** What is kept was written on another machine: it is not read. */
  | 'FOREIGN_STORAGE'
  /** What is kept, or was fetched, is no snapshot of this customer: it is refused. */
  | 'SNAPSHOT_REFUSED'
  /** Nothing can be kept, or read: after a restart without a network there is nothing to decide on. */
  | 'STORAGE_FAILED'
  /** The gateway does not answer, or refuses. */
  | 'GATEWAY_FAILED';

export interface Problem {
  readonly kind: ProblemKind;
  /** For people: what it was, and what to do. */
  readonly message: string;
  /** Since when, in milliseconds since 1970. */
  readonly at: number;
}

/** What a client is like at one moment. Another object whenever answers may have changed, and the same one until then. */
export interface ClientStatus {
  readonly phase: ClientPhase;
  /** Of answers that rest on a snapshot. */
  readonly source: AnswerSource;
  /** Of the snapshot; null: there is none. */
  readonly counter: number | null;
  readonly revision: string | null;
  /** When the gateway last said that it is current, in milliseconds since 1970. */
  readonly confirmedAt: number | null;
  /** How many processes have begun with this storage. */
  readonly starts: number;
  readonly problems: readonly Problem[];
}
