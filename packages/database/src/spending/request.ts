import { hash } from 'node:crypto';
import { canonicalJson, type Decision, type Instant, parseCustomerId, parseFeatureKey } from '@licet/domain';
import type { Caller } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import { meterId, type MeterKey } from '../repositories/meters.js';
import { KEY_BYTES, keyText } from '../repositories/operations.js';

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
  /** Digest of the idempotency key, 16 bytes, one character each. */
  readonly key: string;
  /** Digest of everything that was asked, 32 bytes, one character each. */
  readonly hash: string;
}

/** `keyOf`: the digest of an idempotency key, as all operations of the tenant use it. */
export function ask(keyOf: (text: string) => string, caller: Caller, request: SpendRequest): Asked {
  const customerId = parseCustomerId(request.customerId);
  const feature = parseFeatureKey(request.feature);
  return {
    caller,
    request,
    meter: customerId === null || feature === null ? null : { customerId, feature },
    meterId: meterId(request.customerId, request.feature),
    key: keyOf(keyText(caller.tenantId, request.idempotencyKey)).slice(0, KEY_BYTES),
    hash: digestOf(request),
  };
}

/** Of the operation and its input, as docs/rules.md ("Idempotency") has it. */
function digestOf(request: SpendRequest): string {
  const { kind, customerId, feature, quantity } = request;
  const asked: unknown[] = [kind, customerId, feature, quantity];
  if (request.kind === 'consume' && request.context != null) asked.push(canonicalJson(request.context));
  return hash('sha256', JSON.stringify(asked), 'binary');
}
