import { type Asker, NOBODY } from '../decision/asker.js';
import type { SeatsFeature } from '../catalog/catalog.js';
import type { CustomerState, KnownState, Release } from '../customer.js';
import { decide, decideFor } from '../decision/decide.js';
import { findFeature } from '../decision/find-feature.js';
import { denyOutOfReach } from '../decision/without-state.js';
import type { Decision } from '../decision/decision.js';
import { type MemberId, parseMemberId, type SeatId } from '../ids.js';
import type { Refusal } from '../subscription/command.js';
import { addDuration } from '../time/calendar.js';
import type { Instant, IsoDuration, TimeZone } from '../time/instant.js';
import { unusedMeter } from '../usage/meter.js';
import { withMeter } from '../usage/recount.js';
import { isTimeToLive, leaseEnd } from './lease.js';
import { givenBackUntil, isHeld, latest, poolAfter, type Seat, seatOf } from './seat.js';

/** `assign` takes a named seat, `lease` takes or renews a floating one, `giveBack` gives back either. */
export type SeatRequest =
  | (Taking & { readonly kind: 'assign' })
  | GivingBack
  | (Taking & {
      readonly kind: 'lease';
      /** Null: the feature's own. */
      readonly ttl: IsoDuration | null;
    });

interface Taking {
  readonly feature: string;
  readonly memberId: string;
  /** Of the machine that asks, where a licence is bound to machines; null: none is named. */
  readonly fingerprint?: string | null;
}

interface GivingBack {
  readonly kind: 'giveBack';
  readonly feature: string;
  readonly memberId: string;
}

/** The decision as it stands afterwards, and what becomes of the member's seat; the same on both sides: nothing. */
export interface SeatOutcome {
  readonly decision: Decision;
  readonly before: Seat | null;
  readonly after: Seat | null;
}

/** Why a request can never be right, whoever makes it and whenever: BAD_USER_INPUT. Null: it may be decided. */
export function refuseSeat(release: Release, request: SeatRequest): Refusal | null {
  if (parseMemberId(request.memberId) === null)
    return badInput('memberId', 'a member id has 1 to 255 characters, none of them a control character');
  const feature = findFeature(release, request.feature);
  if (feature === null) return null;
  if (feature.type !== 'SEATS')
    return badInput('feature', `feature \`${feature.key}\` is ${feature.type}; seats are of SEATS features`);
  if (request.kind === 'assign' && feature.seats.kind === 'FLOATING')
    return badInput('feature', `the seats of \`${feature.key}\` are floating; take one by leaseSeat`);
  if (request.kind !== 'lease') return null;
  if (feature.seats.kind === 'NAMED')
    return badInput('feature', `the seats of \`${feature.key}\` are named; give one by assignSeat`);
  if (request.ttl === null || isTimeToLive(request.ttl)) return null;
  return badInput(
    'ttl',
    `\`${request.ttl}\` is no time to live of a seat; give a second to 366 days, without years and months`,
  );
}

function badInput(field: string, message: string): Refusal {
  return { code: 'BAD_USER_INPUT', field, message };
}

/**
 * Decides what is asked of one member's seat; docs/rules.md, "Seats". Of `state` it reads the counter of the pool, those of its
 * seats that cool down, and, where `known` does not say, the member's own. `id`: of the seat, should one be taken.
 * `refuseSeat` has been asked, and everything due until `now` has been applied.
 */
export function occupy(
  state: CustomerState,
  request: SeatRequest,
  id: SeatId,
  now: Instant,
  known?: Seat | null,
): SeatOutcome {
  const nothing = { feature: request.feature, quantity: 0 };
  if (state.kind === 'OUT_OF_REACH') return unchanged(denyOutOfReach(state, nothing));
  const feature = findFeature(state.release, request.feature);
  const memberId = parseMemberId(request.memberId);
  if (state.kind !== 'KNOWN' || feature?.type !== 'SEATS' || memberId === null)
    return unchanged(decide(state, nothing, now));
  const before = known === undefined ? seatOf(state.account, feature.key, memberId) : known;
  const asked: Asked = { state, feature, memberId, before, now };
  return request.kind === 'giveBack' ? givenBack(asked) : taken(asked, request, id);
}

interface Asked {
  readonly state: KnownState;
  readonly feature: SeatsFeature;
  readonly memberId: MemberId;
  /** What the member has, or had last and that cools down. */
  readonly before: Seat | null;
  readonly now: Instant;
}

/** Never refused: DONE, also where there was nothing to give back. */
function givenBack(asked: Asked): SeatOutcome {
  const { state, feature, before, now } = asked;
  const decision = decideFor(state, feature, { quantity: 0, asker: NOBODY }, now);
  const done = (message: string): Decision => ({ ...decision, allowed: true, code: 'DONE', message });
  if (before === null || !isHeld(before)) return unchanged(done('the member holds no seat'), before);
  const after = givenBackUntil(before, cooledAt(asked, before), now);
  const message = after === null ? 'seat given back' : 'seat given back; it cools down';
  return changed(asked, done(message), NOBODY, after);
}

/** When the seat has cooled down. */
function cooledAt({ state, feature, now }: Asked, { kind }: Seat): Instant {
  if (kind === 'FLOATING' || feature.seats.kind === 'FLOATING') return now;
  const { cooldown } = feature.seats;
  return cooldown === null ? now : addDuration(now, cooldown, state.account.timeZone);
}

type TakingRequest = Exclude<SeatRequest, GivingBack>;

function taken(asked: Asked, request: TakingRequest, id: SeatId): SeatOutcome {
  const leaseExpiresAt = leaseOf(request, asked, asked.state.account.timeZone);
  const { borrowedUntil: borrowed = null } = asked.before ?? {};
  const terms = { kind: asked.feature.seats.kind, leaseExpiresAt, borrowedUntil: borrowed };
  return takenOn(asked, terms, machineOf(request), id);
}

/** A seat that a machine out of reach is to use. */
export interface Borrowing {
  readonly feature: SeatsFeature;
  readonly memberId: MemberId;
  /** Of the machine; null: the licence is not bound to machines. */
  readonly fingerprint: string | null;
  readonly until: Instant;
}

/**
 * A member's seat for a machine out of reach: nobody else gets it before `until`, whoever gives it back. Who holds one, or has a named
 * one back before it is free, goes on holding it as before; everybody else holds it until then. What is due has been applied.
 */
export function borrowSeat(state: KnownState, request: Borrowing, id: SeatId, now: Instant): SeatOutcome {
  const { feature, memberId, fingerprint, until } = request;
  const before = seatOf(state.account, feature.key, memberId);
  // Were it lent instead, it would be free with the file, before it has cooled down.
  const isOwn = before?.kind === 'NAMED';
  const terms: SeatTerms = {
    kind: isOwn ? 'NAMED' : 'FLOATING',
    leaseExpiresAt: before?.leaseExpiresAt ?? null,
    borrowedUntil: latest(before?.borrowedUntil ?? null, until),
  };
  const asker = fingerprint === null ? NOBODY : { ...NOBODY, fingerprint };
  return takenOn({ state, feature, memberId, before, now }, terms, asker, id);
}

type SeatTerms = Pick<Seat, 'kind' | 'leaseExpiresAt' | 'borrowedUntil'>;

function takenOn(asked: Asked, terms: SeatTerms, asker: Asker, id: SeatId): SeatOutcome {
  const { state, feature, memberId, before, now } = asked;
  // Taken already: its holder, or last holder, takes none on top of it.
  if (before !== null) {
    const decision = decideFor(state, feature, { quantity: 0, asker }, now);
    if (!decision.allowed) return unchanged(decision, before);
    const after = { ...before, ...terms, coolsUntil: null };
    return isSame(before, after) ? unchanged(decision, before) : changed(asked, decision, asker, after);
  }
  const decision = decideFor(state, feature, { quantity: 1, asker }, now);
  if (!decision.allowed) return unchanged(refusedFor(asked, decision, asker));
  const after = {
    id,
    feature: feature.key,
    memberId,
    ...terms,
    assignedAt: now,
    coolsUntil: null,
  };
  return changed(asked, decision, asker, after);
}

/** On whose machine it is asked for; no seat is asked of the member that is to get one. */
function machineOf({ fingerprint = null }: TakingRequest): Asker {
  return fingerprint === null ? NOBODY : { ...NOBODY, fingerprint };
}

/** A renewal never shortens a lease: the member may use the seat on several devices. */
function leaseOf(
  request: TakingRequest,
  { feature: { seats }, before, now }: Asked,
  zone: TimeZone,
): Instant | null {
  if (seats.kind === 'NAMED' || request.kind === 'assign') return null;
  const until = leaseEnd(now, request.ttl ?? seats.lease, zone);
  const held = before?.leaseExpiresAt ?? null;
  return held !== null && held > until ? held : until;
}

function isSame(one: Seat, other: Seat): boolean {
  return (
    one.kind === other.kind &&
    one.leaseExpiresAt === other.leaseExpiresAt &&
    one.borrowedUntil === other.borrowedUntil &&
    one.coolsUntil === other.coolsUntil
  );
}

/** SEAT_COOLDOWN where it would fit but for seats that cool down. */
function refusedFor({ state, feature, now }: Asked, decision: Decision, asker: Asker): Decision {
  if (decision.code !== 'LIMIT_EXCEEDED') return decision;
  const { used, limit } = decision;
  const key = feature.key;
  const seats = `\`${key}\`: ${String(used ?? 0)} of ${String(limit ?? 0)} seats taken`;
  const cooling = state.account.seats.filter((seat) => seat.feature === key && !isHeld(seat));
  const meter = state.account.meters.get(key);
  const fitsThen =
    meter !== undefined &&
    cooling.length > 0 &&
    decideFor(
      withMeter(state, { ...meter, used: meter.used - cooling.length }),
      feature,
      { quantity: 1, asker },
      now,
    ).allowed;
  return fitsThen
    ? {
        ...decision,
        code: 'SEAT_COOLDOWN',
        message: `${seats}, ${String(cooling.length)} of them cooling down; wait, or give one to its last holder`,
      }
    : { ...decision, code: 'NO_SEAT', message: `${seats}; release one or raise the limit` };
}

function unchanged(decision: Decision, seat: Seat | null = null): SeatOutcome {
  return { decision, before: seat, after: seat };
}

/** The decision as the pool stands then, and until when time leaves it so. */
function changed(asked: Asked, decision: Decision, asker: Asker, after: Seat | null): SeatOutcome {
  const { state, feature, before, now } = asked;
  const pool = state.account.meters.get(feature.key) ?? unusedMeter(feature.key, null);
  const then = poolAfter(pool, before, after);
  if (then.used === pool.used && then.freesAt === pool.freesAt) return { decision, before, after };
  const moved = withMeter(state, { ...pool, ...then });
  const { used, remaining, validUntil } = decideFor(moved, feature, { quantity: 0, asker }, now);
  return { decision: { ...decision, used, remaining, validUntil }, before, after };
}
