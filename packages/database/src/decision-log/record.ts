import type { Instant } from '@licet/domain';
import type { Actor } from '../event-log/append.js';

/** A decision as it was answered. */
export interface AnsweredDecision {
  readonly id: string;
  readonly allowed: boolean;
  readonly code: string;
  readonly message: string;
  readonly customerId: string;
  readonly feature: string;
  readonly value: string | null;
  readonly limit: number | null;
  readonly unlimited: boolean;
  readonly used: number | null;
  readonly reserved: number | null;
  readonly remaining: number | null;
  readonly resetsAt: Instant | null;
  readonly validUntil: Instant | null;
  readonly sources: readonly AnsweredSource[];
  /** Number of the catalog release. */
  readonly release: number;
  readonly revision: string;
  readonly asOf: Instant;
  readonly stale: boolean;
}

export interface AnsweredSource {
  readonly kind: string;
  readonly id: string;
  readonly key: string | null;
}

/**
 * An access attempt with what is needed to decide it again: the operation and its input with what was filled in, the
 * answer with the counters that it rests on (batches write them into the event log together, not one by one), and the
 * instant, release and revision, at which the event log has everything else.
 */
export interface DecisionRecord {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly actor: Actor;
  readonly requestId: string | null;
  /** The instant by which it was decided. */
  readonly at: Instant;
  readonly decision: AnsweredDecision;
}
