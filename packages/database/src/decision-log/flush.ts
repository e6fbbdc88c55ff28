import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import type { Instant, TenantId } from '@licet/domain';
import type { ActorKind } from '../event-log/append.js';
import type { AnsweredSource, DecisionRecord } from './record.js';

const deflated = promisify(deflate);
const inflated = promisify(inflate);
/** Higher levels save a fifth of the space for three times the time. */
const LEVEL = 1;
/** One flush, or block, unpacked; what is larger was not written here. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Some records of one tenant, packed, with the name that they are written under. */
export interface Flush {
  readonly tenantId: TenantId;
  readonly gatewayId: string;
  readonly seq: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  readonly records: number;
  readonly body: Buffer;
}

/** A record as a line of JSON: without names, which would be most of it. */
type Line = readonly [
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

/** Packs records; at least one. */
export async function packFlush(
  name: Pick<Flush, 'tenantId' | 'gatewayId' | 'seq'>,
  records: readonly DecisionRecord[],
): Promise<Flush> {
  const [first] = records;
  if (!first) throw new Error('a flush holds at least one record');
  let [firstAt, lastAt] = [first.at, first.at];
  for (const { at } of records) {
    if (at < firstAt) firstAt = at;
    if (at > lastAt) lastAt = at;
  }
  const body = await deflated(JSON.stringify(records.map(lineOf)), { level: LEVEL });
  return { ...name, firstAt, lastAt, records: records.length, body };
}

/** The records of a flush, in the order in which they were made. */
export async function unpackFlush(body: Buffer): Promise<DecisionRecord[]> {
  const packed = await inflated(body, { maxOutputLength: MOST_BYTES });
  const lines: unknown = JSON.parse(packed.toString('utf8'));
  if (!areLines(lines)) throw new Error('a flush holds no records');
  return lines.map(recordOf);
}

/** Only this file writes them: their form is looked at, not each value. */
function areLines(value: unknown): value is readonly Line[] {
  return Array.isArray(value) && value.every((line) => Array.isArray(line) && line.length === FIELDS);
}

function lineOf({ operation, input, actor, requestId, at, decision }: DecisionRecord): Line {
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

function recordOf([
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
  const answer = { id, allowed, code, message, customerId, feature, value };
  const counted = { limit, unlimited, used, reserved, remaining, resetsAt, validUntil };
  return {
    ...{ operation, input, requestId, at },
    actor: { kind, id: actorId, name: actorName },
    decision: { ...answer, ...counted, sources, release, revision, asOf, stale },
  };
}
