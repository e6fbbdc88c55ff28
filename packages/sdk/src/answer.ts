import type { Decision } from '@licet/domain/offline';
import type { AnswerSource } from './status.js';

/** A decision, with where it comes from. */
export interface Answer extends Decision {
  readonly source: AnswerSource;
  /** How long ago the gateway last said that what it rests on is current, in milliseconds; null: it rests on nothing. */
  readonly age: number | null;
}

/** The decision as a client gives it. Each property by its name: copied by spread, a check takes several microseconds. */
export function answerOf(decision: Decision, source: AnswerSource, age: number): Answer {
  const { allowed, code, limit, used, remaining, reserved, unlimited, value } = decision;
  const { message, customerId, feature, resetsAt, validUntil, sources } = decision;
  return {
    allowed,
    code,
    limit,
    used,
    remaining,
    reserved,
    unlimited,
    value,
    message,
    customerId,
    feature,
    resetsAt,
    validUntil,
    sources,
    source,
    age,
  };
}
