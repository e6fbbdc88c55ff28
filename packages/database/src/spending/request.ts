import { createHash } from 'node:crypto';
import { canonicalJson, type Decision, type Instant, parseCustomerId, parseFeatureKey } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Caller } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import { meterId, type MeterKey } from '../repositories/meters.js';
import { operationKey } from '../repositories/operations.js';

interface KeyedRequest {
  readonly customerId: string;
  readonly feature: string;
  /** At least 1. */
  readonly quantity: number;
  readonly idempotencyKey: string;
}
/** Counts up. */
export interface ConsumeRequest extends KeyedRequest {
  readonly kind: 'consume';
  /** Facts that rules may use; part of what was asked. */
  readonly context?: Readonly<Record<string, unknown>> | null;
}
/** Gives back units of a LIMIT feature. */
export interface ReleaseRequest extends KeyedRequest {
  readonly kind: 'release';
}
/** What goes through the queue. */
export type SpendRequest = ConsumeRequest | ReleaseRequest;

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

/** A request with who made it and the names it goes by in the database. */
export interface Asked {
  readonly caller: Caller;
  readonly request: SpendRequest;
  /** Null where nothing can have such a name. */
  readonly meter: MeterKey | null;
  readonly meterId: string;
  /** The idempotency key's digest, and the same as text, one character per byte. */
  readonly key: Buffer;
  readonly keyId: string;
  /** Digest of everything that was asked. */
  readonly hash: Buffer;
}

export function ask(db: Database, caller: Caller, request: SpendRequest): Asked {
  const customerId = parseCustomerId(request.customerId);
  const feature = parseFeatureKey(request.feature);
  const key = operationKey(db, caller.tenantId, request.idempotencyKey);
  return {
    caller,
    request,
    meter: customerId === null || feature === null ? null : { customerId, feature },
    meterId: meterId(request.customerId, request.feature),
    key,
    keyId: key.toString('latin1'),
    hash: digestOf(request),
  };
}

/** Of the operation and its input, as docs/rules.md ("Idempotency") has it. */
function digestOf(request: SpendRequest): Buffer {
  const { kind, customerId, feature, quantity } = request;
  const asked: unknown[] = [kind, customerId, feature, quantity];
  if (request.kind === 'consume' && request.context != null) asked.push(canonicalJson(request.context));
  return createHash('sha256').update(JSON.stringify(asked)).digest();
}
