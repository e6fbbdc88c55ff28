import type { Instant } from '@licet/domain';
import type { ActorKind } from '../event-log/append.js';
import type { Answer } from './answers.js';
import type { AnsweredSource, DecisionRecord } from './record.js';

/** A record as a line of JSON: without names, which would be most of it. */
export type Line = readonly [
  id: string,
  at: Instant,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  actorKind: ActorKind,
  actorId: string,
  actorName: string | null,
  requestId: string | null,
  allowed: boolean,
  code: string,
  message: string,
  customerId: string,
  feature: string,
  value: string | null,
  limit: number | null,
  unlimited: boolean,
  used: number | null,
  reserved: number | null,
  remaining: number | null,
  resetsAt: Instant | null,
  validUntil: Instant | null,
  sources: readonly AnsweredSource[],
  release: number,
  revision: string,
  asOf: Instant,
  stale: boolean,
];

const FIELDS: Line['length'] = 26;

/** Text of one record, in one line. Only this file writes it: its form is looked at, not each value. Throws where it has another. */
export function parseLine(text: string): Line {
  const line: unknown = JSON.parse(text);
  if (!isLine(line)) throw new Error('this is no record of a decision');
  return line;
}

function isLine(value: unknown): value is Line {
  return Array.isArray(value) && value.length === FIELDS;
}

/** What a record is found by. */
export function headOf(line: Line): Answer & {
  readonly id: string;
  readonly at: Instant;
  readonly customerId: string;
} {
  return {
    id: line[0],
    at: line[1],
    customerId: line[11],
    allowed: line[8],
    code: line[9],
    feature: line[12],
  };
}

/** A record as its line: the bytes of its JSON are what is hashed. */
export function lineOf({ operation, input, actor, requestId, at, decision }: DecisionRecord): Line {
  return [
    decision.id,
    at,
    operation,
    input,
    actor.kind,
    actor.id,
    actor.name,
    requestId,
    decision.allowed,
    decision.code,
    decision.message,
    decision.customerId,
    decision.feature,
    decision.value,
    decision.limit,
    decision.unlimited,
    decision.used,
    decision.reserved,
    decision.remaining,
    decision.resetsAt,
    decision.validUntil,
    decision.sources,
    decision.release,
    decision.revision,
    decision.asOf,
    decision.stale,
  ];
}

export function recordOf([
  id,
  at,
  operation,
  input,
  kind,
  actorId,
  actorName,
  requestId,
  allowed,
  code,
  message,
  customerId,
  feature,
  value,
  limit,
  unlimited,
  used,
  reserved,
  remaining,
  resetsAt,
  validUntil,
  sources,
  release,
  revision,
  asOf,
  stale,
]: Line): DecisionRecord {
  // Each by its name: copied from other literals they would take ten times the room, and longer.
  return {
    operation,
    input,
    requestId,
    at,
    actor: { kind, id: actorId, name: actorName },
    decision: {
      id,
      allowed,
      code,
      message,
      customerId,
      feature,
      value,
      limit,
      unlimited,
      used,
      reserved,
      remaining,
      resetsAt,
      validUntil,
      sources,
      release,
      revision,
      asOf,
      stale,
    },
  };
}
