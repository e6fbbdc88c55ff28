import type { CreditBlock } from '../credits/credit-block.js';
import type { CustomerAccount, Profile, Release } from '../customer.js';
import type { Grant } from '../grant/grant.js';
import type { FeatureKey, LicenseId } from '../ids.js';
import type { License } from '../license/license.js';
import type { Machine } from '../license/machines/machine.js';
import { putSeat, type Seat } from '../seats/seat.js';
import type { Subscription } from '../subscription/subscription.js';
import type { Instant } from '../time/instant.js';
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
export interface Past {
  readonly account: CustomerAccount | null;
  readonly release: Release;
}

/** How it was before these events, of this customer, newest first, without a gap; null: it cannot be told. */
export function beforeAll(past: Past, events: readonly PastEvent[]): Past | null {
  let before: Past | null = past;
  for (const { undo } of events) {
    before = undone(withAfter(before, undo), undo);
    if (before === null) return null;
  }
  return before;
}

/** What ended too long ago to be in the account. */
export function withAfter(past: Past, undo: Undo): Past {
  const { account } = past;
  if (account === null) return past;
  if (undo.kind === 'SUBSCRIPTION' && !account.subscriptions.some(({ id }) => id === undo.after.id))
    return { ...past, account: { ...account, subscriptions: [...account.subscriptions, undo.after] } };
  if (undo.kind === 'LICENSE' && !account.licenses.some(({ id }) => id === undo.after.id))
    return { ...past, account: { ...account, licenses: [...account.licenses, undo.after] } };
  return past;
}

/** Null: it cannot be told how it was before. */
export function undone(past: Past, undo: Undo): Past | null {
  const { account } = past;
  if (undo.kind === 'RELEASE') return { ...past, release: undo.before };
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

/** With `before` in the place of `after`: where there was none, without it. */
function replaced<T extends { readonly id: string }>(
  all: readonly T[],
  after: T,
  before: T | null,
): readonly T[] {
  const others = all.filter(({ id }) => id !== after.id);
  return before === null ? others : [...others, before];
}
