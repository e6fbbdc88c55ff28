import { NO_CONTEXT } from '../condition/facts.js';
import type { CreditBlock } from '../credits/credit-block.js';
import type { CustomerAccount, Profile, Release } from '../customer.js';
import { askerOf } from '../decision/asker.js';
import { decideAt, findFeature } from '../decision/decide.js';
import type { CheckRequest, Decision } from '../decision/decision.js';
import type { Grant } from '../grant/grant.js';
import type { FeatureKey, LicenseId } from '../ids.js';
import type { License } from '../license/license.js';
import type { Machine } from '../license/machines/machine.js';
import { putSeat, type Seat } from '../seats/seat.js';
import type { Subscription } from '../subscription/subscription.js';
import { type Instant, instant } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import type { Meter } from '../usage/meter.js';

/** What an event has changed, by what it was before. */
export type Undo =
  | { readonly kind: 'SUBSCRIPTION'; readonly before: Subscription | null; readonly after: Subscription }
  | { readonly kind: 'LICENSE'; readonly before: License | null; readonly after: License }
  /** Of the licence: null where there was none, or is none afterwards. */
  | {
      readonly kind: 'MACHINE';
      readonly licenseId: LicenseId;
      readonly before: Machine | null;
      readonly after: Machine | null;
    }
  | { readonly kind: 'GRANT'; readonly before: Grant | null; readonly after: Grant }
  | { readonly kind: 'PROFILE'; readonly before: Omit<Profile, 'createdAt'> }
  | { readonly kind: 'COUNTERS'; readonly before: readonly PastMeter[] }
  /** Of what earlier windows had left over, more was part of the limit. */
  | { readonly kind: 'ROLLED'; readonly feature: FeatureKey; readonly before: number }
  | { readonly kind: 'BLOCK'; readonly before: CreditBlock | null; readonly after: CreditBlock }
  /** Null: it was not taken. */
  | { readonly kind: 'SEAT'; readonly before: Seat | null; readonly after: Seat | null }
  | { readonly kind: 'RELEASE'; readonly before: Release }
  | { readonly kind: 'CUSTOMER_CREATED' }
  | { readonly kind: 'NOTHING' }
  /** It cannot be told. */
  | { readonly kind: 'UNKNOWN' };

/** A counter as it was. */
export type PastMeter = Omit<Meter, 'rolled' | 'freesAt'> & {
  /** How much of the limit was left over by earlier windows; null: as much as afterwards. */
  readonly rolledIn: number | null;
  /** The credit blocks that were others. */
  readonly blocks: readonly PastBlock[];
};

/** What was left of a credit block. */
export type PastBlock = Pick<CreditBlock, 'id' | 'remaining' | 'held'>;

/** Something that has happened, and can be taken back in memory. */
export interface PastEvent {
  readonly at: Instant;
  readonly undo: Undo;
}

/** A customer as it was; null: there was none yet. */
interface Past {
  readonly account: CustomerAccount | null;
  readonly release: Release;
}

export interface Answered {
  /** As it is written: what time has made due and nobody has written down is not in it. */
  readonly account: CustomerAccount;
  readonly release: Release;
  readonly request: CheckRequest;
  /** The answer now. */
  readonly decision: Pick<Decision, 'code' | 'value' | 'limit'>;
  /** Whether another limit is another answer, too. */
  readonly withLimit: boolean;
  readonly now: Instant;
}

/**
 * The place of the event after which the answer became what it is; null: it cannot be told.
 * `events`: of this customer, newest first, without a gap. They are taken back one by one, and the question is asked anew
 * before and after each: where the answer has turned between two events nobody has told of what turned it.
 */
export function turnedBy(answered: Answered, events: readonly PastEvent[]): number | null {
  const { account, release, request, decision, now } = answered;
  const wanted = nameOf(decision, answered.withLimit);
  const answerAt = (one: Past, at: Instant): string | null => {
    const answer = answerOf(one, request, at);
    return answer && nameOf(answer, answered.withLimit);
  };
  let past: Past = { account, release };
  if (answerAt(past, now) !== wanted) return null;
  for (const [index, event] of events.entries()) {
    const after = withAfter(past, event.undo);
    if (answerAt(after, event.at) !== wanted) return null;
    const before = undone(after, event.undo);
    if (before === null) return null;
    const answer = answerAt(before, instant(event.at - 1));
    if (answer === null) return null;
    if (answer !== wanted) return isTwin(event, events[index + 1]) ? index + 1 : index;
    past = before;
  }
  return null;
}

/** A trial's end is told twice where it leads to another plan, or to none; it is heard by the first name. */
function isTwin(event: PastEvent, older: PastEvent | undefined): boolean {
  if (older?.at !== event.at || older.undo.kind !== 'SUBSCRIPTION' || event.undo.kind !== 'SUBSCRIPTION')
    return false;
  const [one, other] = [event.undo.after, older.undo.after];
  return one.id === other.id && one.status === other.status && isSamePlan(one, other);
}

type Answer = Answered['decision'];

function nameOf({ code, value, limit }: Answer, withLimit: boolean): string {
  return [code, value, withLimit ? limit : null].join(' ');
}

/** Null: by this release the feature is not decided. */
function answerOf({ account, release }: Past, request: CheckRequest, at: Instant): Answer | null {
  const feature = findFeature(release, request.feature);
  if (feature === null) return { code: 'UNKNOWN_FEATURE', value: null, limit: null };
  if (account === null) return { code: 'UNKNOWN_CUSTOMER', value: null, limit: null };
  const grants = account.grants.flatMap((grant) => asWritten(grant, at));
  const asking = { context: request.context ?? NO_CONTEXT, asker: askerOf(request) };
  return decideAt({ account: { ...account, grants }, release, feature, ...asking }, request, at);
}

/** Of what begins or ends at an instant the status says whether it has. */
function asWritten(grant: Grant, at: Instant): Grant[] {
  if (grant.status !== 'ACTIVE') return [];
  return [{ ...grant, startsAt: grant.startsAt < at ? grant.startsAt : at, expiresAt: null }];
}

/** What ended too long ago to be in the account. */
function withAfter(past: Past, undo: Undo): Past {
  const { account } = past;
  if (account === null) return past;
  if (undo.kind === 'SUBSCRIPTION' && !account.subscriptions.some(({ id }) => id === undo.after.id))
    return { ...past, account: { ...account, subscriptions: [...account.subscriptions, undo.after] } };
  if (undo.kind === 'LICENSE' && !account.licenses.some(({ id }) => id === undo.after.id))
    return { ...past, account: { ...account, licenses: [...account.licenses, undo.after] } };
  return past;
}

/** Null: it cannot be told how it was before. */
function undone(past: Past, undo: Undo): Past | null {
  const { account } = past;
  if (account === null) return null;
  switch (undo.kind) {
    case 'SUBSCRIPTION': {
      const subscriptions = replaced(account.subscriptions, undo.after, undo.before);
      return { ...past, account: { ...account, subscriptions } };
    }
    case 'LICENSE': {
      const { machines } = account.licenses.find(({ id }) => id === undo.after.id) ?? undo.after;
      const before = undo.before && { ...undo.before, machines };
      return { ...past, account: { ...account, licenses: replaced(account.licenses, undo.after, before) } };
    }
    case 'MACHINE':
      return { ...past, account: withMachine(account, undo) };
    case 'GRANT':
      return { ...past, account: { ...account, grants: replaced(account.grants, undo.after, undo.before) } };
    case 'PROFILE':
      return { ...past, account: { ...account, profile: { ...account.profile, ...undo.before } } };
    case 'COUNTERS':
      return { ...past, account: withCounters(account, undo.before) };
    case 'BLOCK': {
      const was = withoutBlock(account, undo);
      return was && { ...past, account: was };
    }
    case 'ROLLED': {
      const meter = account.meters.get(undo.feature);
      if (meter === undefined) return null;
      const was = { ...meter, rolled: lotOf(undo.before, meter.window) };
      return { ...past, account: { ...account, meters: new Map(account.meters).set(undo.feature, was) } };
    }
    case 'SEAT': {
      const was = withSeat(account, undo);
      return was && { ...past, account: was };
    }
    case 'RELEASE':
      return { ...past, release: undo.before };
    case 'CUSTOMER_CREATED':
      return { ...past, account: null };
    case 'NOTHING':
      return past;
    case 'UNKNOWN':
      return null;
    default:
      return unreachable(undo);
  }
}

/** An event tells of one machine; the others were what they were. */
function withMachine(
  account: CustomerAccount,
  { licenseId, before, after }: Extract<Undo, { kind: 'MACHINE' }>,
): CustomerAccount {
  const licenses = account.licenses.map((license) => {
    if (license.id !== licenseId) return license;
    const others = license.machines.filter(({ id }) => id !== after?.id && id !== before?.id);
    return { ...license, machines: before === null ? others : [...others, before] };
  });
  return { ...account, licenses };
}

function withCounters(account: CustomerAccount, before: readonly PastMeter[]): CustomerAccount {
  const meters = new Map(account.meters);
  for (const { rolledIn, blocks: _blocks, ...meter } of before) {
    const rolled = meters.get(meter.feature)?.rolled ?? [];
    meters.set(meter.feature, {
      ...meter,
      freesAt: null,
      rolled: rolledIn === null ? rolled : lotOf(rolledIn, meter.window),
    });
  }
  const others = new Map(before.flatMap(({ blocks }) => blocks.map((block) => [block.id, block] as const)));
  const blocks = account.blocks.map((block) => ({ ...block, ...others.get(block.id) }));
  return { ...account, meters, blocks };
}

/** Null: units were lost since, with a reservation of a block that had ended. No event says how many. */
function withoutBlock(
  account: CustomerAccount,
  { before, after }: Extract<Undo, { kind: 'BLOCK' }>,
): CustomerAccount | null {
  const left = account.blocks.find(({ id }) => id === after.id)?.remaining ?? 0;
  if (left !== after.remaining) return null;
  const blocks = replaced(account.blocks, after, before);
  const meter = account.meters.get(after.feature);
  if (before !== null || meter === undefined) return { ...account, blocks };
  // A new block pays what was recorded beyond the others.
  const overdrawn = meter.overdrawn + after.quantity - after.remaining;
  return { ...account, blocks, meters: new Map(account.meters).set(after.feature, { ...meter, overdrawn }) };
}

/** Null: what has become of the seat since no event says. */
function withSeat(
  account: CustomerAccount,
  { before, after }: Extract<Undo, { kind: 'SEAT' }>,
): CustomerAccount | null {
  const seat = account.seats.find(({ id }) => id === after?.id) ?? null;
  return (seat === null) === (after === null) ? putSeat(account, seat, before) : null;
}

/** For what is decided it does not matter which windows have left it. */
function lotOf(units: number, window: Meter['window']): Meter['rolled'] {
  return units === 0 || window === null ? [] : [{ units, until: window.end }];
}

function isSamePlan({ planVersion: one }: Subscription, { planVersion: other }: Subscription): boolean {
  return one.plan.key === other.plan.key && one.version === other.version;
}

/** With `before` in the place of `after`: where there was none, without it. */
function replaced<T extends { readonly id: string }>(
  all: readonly T[],
  after: T,
  before: T | null,
): readonly T[] {
  const others = all.filter(({ id }) => id !== after.id);
  return before === null ? others : [...others, before];
}
