import type { MeteredFeature } from '../catalog/catalog.js';
import type { CreditBlock } from '../credits/credit-block.js';
import type { CustomerAccount, Release } from '../customer.js';
import { nextRuleTurn } from '../decision/rule-turns.js';
import { nextLicenseGift } from '../credits/give-credits.js';
import type { Grant } from '../grant/grant.js';
import type { License } from '../license/license.js';
import type { Machine } from '../license/machines/machine.js';
import { firstPlaceToEnd } from '../license/machines/place.js';
import { nextTermChange } from '../license/term.js';
import { type PendingMove, versionMove } from '../release/version-move.js';
import type { Instant } from '../time/instant.js';
import type { Meter, Span } from '../usage/meter.js';
import { leaseEndsAt, type QuotaLease } from '../usage/quota-lease.js';
import type { Reservation } from '../usage/reservation.js';
import { countersToClose, nextRolledEnd } from '../usage/rollover.js';
import { freeAt, type Seat } from '../seats/seat.js';
import { unreachable } from '../unreachable.js';
import { nextAnnouncement } from './announcements.js';
import { waits } from './pause.js';
import { proratedCounters } from './prorate.js';
import { isLive, isStanding } from './state.js';
import type {
  ActiveSubscription,
  LiveSubscription,
  PastDueSubscription,
  PausedSubscription,
  ScheduledChange,
  ScheduledSubscription,
  Subscription,
  TrialingSubscription,
} from './subscription.js';

/** One thing that time will do to a customer. */
export type DueTask = { readonly at: Instant; readonly id: string } & (
  | { readonly kind: 'cancellation'; readonly subscription: LiveSubscription }
  | {
      readonly kind: 'scheduledChange';
      readonly subscription: LiveSubscription;
      readonly change: ScheduledChange;
    }
  | { readonly kind: 'trialEnd'; readonly subscription: TrialingSubscription }
  | { readonly kind: 'graceEnd'; readonly subscription: PastDueSubscription }
  | { readonly kind: 'resume'; readonly subscription: PausedSubscription }
  | {
      readonly kind: 'periodEnd';
      readonly subscription: ActiveSubscription | PastDueSubscription | PausedSubscription;
    }
  | { readonly kind: 'versionMove'; readonly subscription: LiveSubscription; readonly move: PendingMove }
  | {
      readonly kind: 'windowReset';
      readonly meter: Meter;
      readonly window: Span;
      readonly feature: MeteredFeature;
    }
  | { readonly kind: 'rolloverEnd'; readonly meter: Meter }
  | { readonly kind: 'licenseStart' | 'licenseEnd' | 'licensePeriod'; readonly license: License }
  | { readonly kind: 'grantEnd' | 'grantStart'; readonly grant: Grant }
  | { readonly kind: 'blockEnd'; readonly block: CreditBlock }
  | { readonly kind: 'seatEnd'; readonly seat: Seat }
  | { readonly kind: 'seatRelease'; readonly subscription: LiveSubscription }
  | { readonly kind: 'reservationEnd'; readonly reservation: Reservation }
  | { readonly kind: 'leaseEnd'; readonly lease: QuotaLease }
  | { readonly kind: 'placeEnd'; readonly license: License; readonly machine: Machine }
  | { readonly kind: 'start'; readonly subscription: ScheduledSubscription }
  | { readonly kind: 'ruleTurn' | 'announcement' }
);

/** What is due at one instant happens in this order; docs/rules.md, "Time". */
const ORDER = {
  cancellation: 1,
  scheduledChange: 2,
  trialEnd: 3,
  graceEnd: 4,
  resume: 5,
  periodEnd: 6,
  versionMove: 7,
  windowReset: 8,
  rolloverEnd: 9,
  licenseEnd: 10,
  grantEnd: 11,
  blockEnd: 12,
  seatEnd: 13,
  seatRelease: 14,
  reservationEnd: 15,
  leaseEnd: 16,
  placeEnd: 17,
  start: 18,
  licenseStart: 19,
  licensePeriod: 20,
  grantStart: 21,
  ruleTurn: 22,
  announcement: 23,
} as const satisfies Record<DueTask['kind'], number>;

/** The first of all that time will do; null: nothing. `toldUntil`: what was announced up to then is not announced again. */
export function firstDue(account: CustomerAccount, release: Release, toldUntil: Instant): DueTask | null {
  return earliest(firstChange(account, release, toldUntil), announcementTasks(account, release, toldUntil));
}

/** The first of what changes something: all but the announcements. */
export function firstChange(account: CustomerAccount, release: Release, toldUntil: Instant): DueTask | null {
  let first: DueTask | null = null;
  for (const one of account.subscriptions) {
    first = earliest(first, subscriptionTasks(one));
    first = earliest(first, versionMoveTasks(account, one, release));
    first = earliest(first, seatReleaseTasks(one));
  }
  for (const one of account.licenses) first = earliest(first, licenseTasks(one, account, release));
  const ending = [...countersToClose(account, release), ...proratedCounters(account, release, toldUntil)];
  for (const meter of ending) first = earliest(first, windowTasks(meter, release));
  for (const meter of account.meters.values()) first = earliest(first, rolloverTasks(meter, release));
  for (const grant of account.grants) first = earliest(first, grantTasks(grant));
  for (const block of account.blocks) first = earliest(first, blockTasks(block));
  for (const seat of account.seats) first = earliest(first, seatTasks(seat));
  first = earliest(first, reservationTasks(account));
  first = earliest(first, leaseTasks(account));
  return earliest(first, ruleTurnTasks(account, release));
}

function earliest(first: DueTask | null, tasks: readonly DueTask[]): DueTask | null {
  let earliest = first;
  for (const task of tasks) {
    if (earliest === null || precedes(task, earliest)) earliest = task;
  }
  return earliest;
}

function precedes(one: DueTask, other: DueTask): boolean {
  if (one.at !== other.at) return one.at < other.at;
  if (one.kind !== other.kind) return ORDER[one.kind] < ORDER[other.kind];
  return one.id < other.id;
}

function subscriptionTasks(subscription: Subscription): readonly DueTask[] {
  const { id } = subscription;
  switch (subscription.status) {
    case 'SCHEDULED':
      return [...pendingTasks(subscription), { kind: 'start', id, at: subscription.startedAt, subscription }];
    case 'TRIALING':
      return [
        ...pendingTasks(subscription),
        { kind: 'trialEnd', id, at: subscription.trialEndsAt, subscription },
      ];
    case 'ACTIVE':
      return [...pendingTasks(subscription), ...periodTasks(subscription)];
    case 'PAST_DUE': {
      const graceEnd = { kind: 'graceEnd', id, at: subscription.graceEndsAt, subscription } as const;
      return [...pendingTasks(subscription), graceEnd, ...periodTasks(subscription)];
    }
    case 'PAUSED':
      return [
        ...resumeTasks(subscription),
        ...(isStanding(subscription) ? standing(subscription) : running(subscription)),
      ];
    case 'CANCELED':
    case 'EXPIRED':
      return [];
    default:
      return unreachable(subscription);
  }
}

function resumeTasks(subscription: PausedSubscription): readonly DueTask[] {
  const { id, resumesAt } = subscription;
  return resumesAt === null ? [] : [{ kind: 'resume', id, at: resumesAt, subscription }];
}

/** While its clock stands a paused one waits for nothing but a cancellation at a time of its own. */
function standing(subscription: PausedSubscription): readonly DueTask[] {
  return waits(subscription) ? [] : cancellationTasks(subscription);
}

/** A trial's end waits for the resume; a period's does not. */
function running(subscription: PausedSubscription): readonly DueTask[] {
  const { status } = subscription.from;
  return [...pendingTasks(subscription), ...(status === 'ACTIVE' ? periodTasks(subscription) : [])];
}

function cancellationTasks(subscription: LiveSubscription): readonly DueTask[] {
  const { id, cancelAt } = subscription;
  return cancelAt === null ? [] : [{ kind: 'cancellation', id, at: cancelAt, subscription }];
}

function pendingTasks(subscription: LiveSubscription): readonly DueTask[] {
  const { id, scheduledChange: change } = subscription;
  return change === null
    ? cancellationTasks(subscription)
    : [
        ...cancellationTasks(subscription),
        { kind: 'scheduledChange', id, at: change.at, subscription, change },
      ];
}

function periodTasks(
  subscription: ActiveSubscription | PastDueSubscription | PausedSubscription,
): readonly DueTask[] {
  const { end } = subscription.period;
  return end === null ? [] : [{ kind: 'periodEnd', id: subscription.id, at: end, subscription }];
}

function versionMoveTasks(
  account: CustomerAccount,
  subscription: Subscription,
  release: Release,
): readonly DueTask[] {
  if (!isLive(subscription)) return [];
  const move = versionMove(account, subscription, release);
  return move === null ? [] : [{ kind: 'versionMove', id: subscription.id, at: move.at, subscription, move }];
}

/** A window in which nothing was used or held, and that leaves nothing over, needs nobody to close it: the counter reads the same in the next. */
function windowTasks(meter: Meter, release: Release): readonly DueTask[] {
  const feature = release.catalog.features.get(meter.feature);
  if (feature?.type !== 'METERED' || meter.window === null) return [];
  return [
    { kind: 'windowReset', id: meter.feature, at: meter.window.end, meter, window: meter.window, feature },
  ];
}

/** What ends together with the window is told of with it. */
function rolloverTasks(meter: Meter, release: Release): readonly DueTask[] {
  const at = nextRolledEnd(meter);
  if (at === null || release.catalog.features.get(meter.feature)?.type !== 'METERED') return [];
  return [{ kind: 'rolloverEnd', id: meter.feature, at, meter }];
}

/** Its dates count while it is suspended, too. */
function licenseTasks(license: License, account: CustomerAccount, release: Release): readonly DueTask[] {
  const { id, term } = license;
  const changes = nextTermChange(license);
  const kind = term.phase === 'SCHEDULED' ? 'licenseStart' : 'licenseEnd';
  const gift = nextLicenseGift(license, release, account.timeZone, account.turnedUntil);
  const place = firstPlaceToEnd(license);
  return [
    ...(changes === null ? [] : [{ kind, id, at: changes, license } as const]),
    ...(gift === null ? [] : [{ kind: 'licensePeriod', id, at: gift, license } as const]),
    ...(place === null
      ? []
      : [{ kind: 'placeEnd', id: place.id, at: place.inUseUntil, license, machine: place } as const]),
  ];
}

function grantTasks(grant: Grant): readonly DueTask[] {
  const { id, status, startsAt, expiresAt } = grant;
  if (status === 'SCHEDULED') return [{ kind: 'grantStart', id, at: startsAt, grant }];
  return status === 'ACTIVE' && expiresAt !== null ? [{ kind: 'grantEnd', id, at: expiresAt, grant }] : [];
}

function blockTasks(block: CreditBlock): readonly DueTask[] {
  const { id, status, expiresAt } = block;
  return status === 'LIVE' && expiresAt !== null ? [{ kind: 'blockEnd', id, at: expiresAt, block }] : [];
}

function seatTasks(seat: Seat): readonly DueTask[] {
  const at = freeAt(seat);
  return at === null ? [] : [{ kind: 'seatEnd', id: seat.id, at, seat }];
}

function seatReleaseTasks(subscription: Subscription): readonly DueTask[] {
  if (!isLive(subscription) || subscription.seatsReleasedAt === null) return [];
  return [{ kind: 'seatRelease', id: subscription.id, at: subscription.seatsReleasedAt, subscription }];
}

/** They are sorted: the first to expire is the first. */
function reservationTasks({ reservations: [first] }: CustomerAccount): readonly DueTask[] {
  return first === undefined
    ? []
    : [{ kind: 'reservationEnd', id: first.id, at: first.expiresAt, reservation: first }];
}

function leaseTasks(account: CustomerAccount): readonly DueTask[] {
  return account.leases.map((lease) => {
    return { kind: 'leaseEnd', id: lease.id, at: leaseEndsAt(account, lease), lease };
  });
}

/** All rules that turn at one instant are told of together. */
function ruleTurnTasks(account: CustomerAccount, release: Release): readonly DueTask[] {
  const at = nextRuleTurn(account, release);
  return at === null ? [] : [{ kind: 'ruleTurn', id: '', at }];
}

function announcementTasks(
  account: CustomerAccount,
  release: Release,
  toldUntil: Instant,
): readonly DueTask[] {
  const at = nextAnnouncement(account, release, toldUntil);
  return at === null ? [] : [{ kind: 'announcement', id: '', at }];
}
