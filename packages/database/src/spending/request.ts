import { hash, randomUUID } from 'node:crypto';
import {
  canonicalJson,
  type Decision,
  type Instant,
  type IsoDuration,
  parseCustomerId,
  parseFeatureKey,
  type LeaseId,
  type ReservationId,
  type Seat,
  type SeatRequest as AskedSeat,
  type Spender,
  type TenantId,
} from '@licet/domain';
import type { Caller } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import { meterId, type MeterKey } from '../repositories/meters.js';
import type { HoldId } from './hold-rows.js';
import type { MadeHold } from './reservations.js';
import { KEY_BYTES, keyText } from '../repositories/operations.js';

interface KeyedRequest {
  readonly customerId: string;
  readonly feature: string;
  /** At least 1. */
  readonly quantity: number;
  readonly idempotencyKey: string;
}
/** Counts up. */
export interface ConsumeRequest extends KeyedRequest, Spender {
  readonly kind: 'consume';
  /** Facts that rules may use; part of what was asked. */
  readonly context?: Readonly<Record<string, unknown>> | null;
}
/** Gives back units of a LIMIT feature. */
export interface ReleaseRequest extends KeyedRequest {
  readonly kind: 'release';
}
/** Holds units for a while. */
export interface ReserveRequest extends KeyedRequest, Spender {
  readonly kind: 'reserve';
  /** How long they are held unless they are committed or released before. */
  readonly ttl: IsoDuration;
  readonly context?: Readonly<Record<string, unknown>> | null;
}
/** Hands out a quota lease: as much as fits, up to the quantity. */
export interface LendRequest extends KeyedRequest, Spender {
  readonly kind: 'lend';
  /** How long it lasts, unless it is returned, or its window is over, before. */
  readonly ttl: IsoDuration;
  readonly context?: Readonly<Record<string, unknown>> | null;
}
/** Spends what a reservation holds, at most all of it, or frees it. The reservation's id stands for the key: it is settled once. */
export interface SettleRequest extends Omit<KeyedRequest, 'quantity'> {
  readonly kind: 'commit' | 'free';
  readonly idempotencyKey: ReservationId;
  /** What is spent; 0 where it is freed. */
  readonly quantity: number;
}
/** Ends a quota lease, whose id stands for the key: `quantity` of it was spent, at least 0. */
export interface ReturnRequest extends KeyedRequest {
  readonly kind: 'return';
  readonly idempotencyKey: LeaseId;
}
/** Counts what was used already: its idempotency key is that of a usage event. */
export interface RecordRequest extends KeyedRequest {
  readonly kind: 'record';
  /** Null: now. */
  readonly at: Instant | null;
}
/** Takes or renews a member's seat, or gives it back. It is named by what it asks for: its key is its own, made up. */
export type SeatRequest = Omit<KeyedRequest, 'quantity'> & AskedSeat;
/** What is spent, held, given back or recorded. */
export type SpendRequest =
  | ConsumeRequest
  | ReserveRequest
  | LendRequest
  | SettleRequest
  | ReturnRequest
  | ReleaseRequest
  | RecordRequest;
/** What goes through the queue. */
export type QueuedRequest = SpendRequest | SeatRequest;

/** A seat request with the name that it goes by in a batch: no two are the same. */
export function seatRequest(customerId: string, asked: AskedSeat): SeatRequest {
  return { customerId, idempotencyKey: randomUUID(), ...asked };
}

export function isSeatRequest(request: QueuedRequest): request is SeatRequest {
  return request.kind === 'assign' || request.kind === 'lease' || request.kind === 'giveBack';
}

/** Its idempotency key is the id of a reservation, or of a lease. */
export function settles(request: QueuedRequest): request is SettleRequest | ReturnRequest {
  return request.kind === 'commit' || request.kind === 'free' || request.kind === 'return';
}

/** What stands for an idempotency key in a usage event: its CloudEvents `source` and `id`. */
export function usageEventKey(source: string, id: string): string {
  return JSON.stringify([source, id]);
}

/** One request's answer. */
export interface Verdict {
  readonly decisionId: string;
  readonly decision: Decision;
  readonly consumed: number;
  /** Of what asks for one: the member's seat as it stands afterwards; null: none. */
  readonly seat?: Seat | null;
  /** Of what lends: what was lent; null: nothing. */
  readonly hold?: Pick<MadeHold, 'quantity' | 'expiresAt'> | null;
  /** The first answer to this idempotency key, again. */
  readonly replayed: boolean;
  readonly revision: Revision;
  readonly release: number;
  readonly asOf: Instant;
}

/** What an idempotency record keeps of a verdict. */
export type KeptVerdict = Pick<
  Verdict,
  'decisionId' | 'decision' | 'consumed' | 'release' | 'asOf' | 'seat' | 'hold'
>;

/** A request with who made it and the names it goes by in the database. */
export interface Asked {
  readonly caller: Caller;
  readonly request: QueuedRequest;
  /** Null where nothing can have such a name. */
  readonly meter: MeterKey | null;
  readonly meterId: string;
  /** Digest of the idempotency key, 16 bytes, one character each. */
  readonly key: string;
  /** Digest of everything that was asked, 32 bytes, one character each. */
  readonly hash: string;
}

/** `keyOf`: the digest of an idempotency key, as all operations of the tenant use it. */
export function ask(keyOf: (text: string) => string, caller: Caller, request: QueuedRequest): Asked {
  const customerId = parseCustomerId(request.customerId);
  const feature = parseFeatureKey(request.feature);
  return {
    caller,
    request,
    meter: customerId === null || feature === null ? null : { customerId, feature },
    meterId: meterId(request.customerId, request.feature),
    key: keyOf(keyTextOf(caller.tenantId, request)).slice(0, KEY_BYTES),
    hash: digestOf(request),
  };
}

/** Usage events, reservations and leases have name spaces of their own: no client's key is the name of one. */
function keyTextOf(tenantId: TenantId, { kind, idempotencyKey }: QueuedRequest): string {
  switch (kind) {
    case 'record':
      return `${tenantId}\n${idempotencyKey}`;
    case 'commit':
    case 'free':
    case 'return':
      return settlementText(tenantId, idempotencyKey);
    default:
      return keyText(tenantId, idempotencyKey);
  }
}

/** What a reservation, or lease, is settled under, once. */
export function settlementText(tenantId: TenantId, id: HoldId): string {
  return `${tenantId}\nreservation ${id}`;
}
/** Nothing is kept under its key. */
const NO_DIGEST = '';

/** Of the operation and its input, as docs/rules.md ("Idempotency") has it. */
function digestOf(request: QueuedRequest): string {
  if (isSeatRequest(request)) return NO_DIGEST;
  const { kind, customerId, feature, quantity } = request;
  const asked: unknown[] = [kind, customerId, feature, quantity];
  if (request.kind === 'reserve' || request.kind === 'lend') asked.push(request.ttl);
  if (request.kind === 'consume' || request.kind === 'reserve' || request.kind === 'lend') {
    const { context = null, memberId = null, fingerprint = null } = request;
    if (context !== null) asked.push(canonicalJson(context));
    // An object, which no other part is.
    if (memberId !== null || fingerprint !== null) asked.push({ memberId, fingerprint });
  }
  if (request.kind === 'record') asked.push(request.at);
  return hash('sha256', JSON.stringify(asked), 'binary');
}
