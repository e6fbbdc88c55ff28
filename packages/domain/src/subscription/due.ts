import { endBlock } from '../credits/change-blocks.js';
import { giveCredits, giveTo } from '../credits/give-credits.js';
import type { CustomerAccount, Release } from '../customer.js';
import { ruleTurnsAt } from '../decision/rule-turns.js';
import { recordGrant } from '../grant/record-grant.js';
import { freeSeat } from '../seats/free-seat.js';
import { releaseNewest } from '../seats/above-limit.js';
import { expirePlace } from '../license/machines/record-machine.js';
import { changeTerm } from '../license/term.js';
import { instant, type Instant } from '../time/instant.js';
import { expireLease } from '../usage/expire-lease.js';
import { expireReservation } from '../usage/reservation.js';
import { unreachable } from '../unreachable.js';
import { reconcileAnchors } from './anchors.js';
import { announcementsAt } from './announcements.js';
import { cancelNow } from './cancel.js';
import { closeWindow, endRolledUnits } from './close-window.js';
import type { AccountChange, CustomerEvent } from './command.js';
import { type DueTask, firstChange, firstDue } from './due-tasks.js';
import { moveVersion } from './move-plan.js';
import { resume } from './pause.js';
import { endGrace } from './payment.js';
import { renew } from './renewal.js';
import { makeScheduledChange } from './scheduled-change.js';
import { begin } from './start.js';
import { endTrial } from './trial.js';

/**
 * Everything that is due at or before `now`, over the whole account and in due order, chains included.
 * Each event is dated when its cause was due, so that one late call equals many early ones.
 */
export function applyDue(account: CustomerAccount, release: Release, now: Instant): AccountChange {
  return apply(account, release, now, firstDue);
}

/**
 * The account as `applyDue` leaves it, but for what has been told of: whoever decides tells of nothing, and what is told of
 * changes nothing. The same object where nothing is due.
 */
export function accountAt(account: CustomerAccount, release: Release, now: Instant): CustomerAccount {
  return apply(account, release, now, firstChange).account;
}

function apply(
  account: CustomerAccount,
  release: Release,
  now: Instant,
  first: typeof firstDue,
): AccountChange {
  const events: CustomerEvent[] = [];
  let state = account;
  /** As it was until the instant whose tasks are performed. */
  let before = account;
  // Announcements come last at an instant: what else is done there does not count as their having been told.
  let toldUntil = account.turnedUntil;
  let task = first(state, release, toldUntil);
  while (task !== null && task.at <= now) {
    const change = perform(task, state, release, before);
    events.push(...change.events);
    state = { ...change.account, turnedUntil: later(change.account.turnedUntil, task.at) };
    toldUntil = later(toldUntil, task.kind === 'announcement' ? task.at : instant(task.at - 1));
    let following = first(state, release, toldUntil);
    if (following?.at !== task.at) {
      const given = giveCredits(reconcileAnchors(state, release, task.at), release, task.at);
      if (given.account !== state) following = first(given.account, release, toldUntil);
      events.push(...given.events);
      state = given.account;
      before = state;
    }
    task = following;
  }
  return { account: state, events };
}

function later(one: Instant, other: Instant): Instant {
  return one > other ? one : other;
}

/** The earliest instant at which `applyDue` would do something; null: never. */
export function nextDue(account: CustomerAccount, release: Release): Instant | null {
  return firstDue(account, release, account.turnedUntil)?.at ?? null;
}

function perform(
  task: DueTask,
  account: CustomerAccount,
  release: Release,
  before: CustomerAccount,
): AccountChange {
  switch (task.kind) {
    case 'cancellation':
      return cancelNow(account, task.subscription, release, task.at);
    case 'scheduledChange':
      return makeScheduledChange(account, task.subscription, task.change, release);
    case 'trialEnd':
      return endTrial(account, task.subscription, release);
    case 'graceEnd':
      return endGrace(account, task.subscription, release);
    case 'resume':
      return resume(account, task.subscription, task.at);
    case 'periodEnd':
      return renew(account, task.subscription, task.at);
    case 'versionMove':
      return moveVersion(account, task.subscription, task.move, release);
    case 'windowReset':
      return closeWindow(account, { ...task, before }, release);
    case 'rolloverEnd':
      return endRolledUnits(account, task.meter, task.at);
    case 'licenseStart':
    case 'licenseEnd':
      return changeTerm(account, task.license, task.at);
    case 'licensePeriod':
      return giveTo(account, task.license, release, task.at);
    case 'start':
      return begin(account, task.subscription, task.subscription);
    case 'grantStart':
      return recordGrant(account, 'grant.started', task.at, task.grant, { ...task.grant, status: 'ACTIVE' });
    case 'grantEnd':
      return recordGrant(account, 'grant.expired', task.at, task.grant, { ...task.grant, status: 'EXPIRED' });
    case 'blockEnd':
      return endBlock(account, task.block, 'EXPIRED', task.at);
    case 'seatEnd':
      return freeSeat(account, task.seat, task.at);
    case 'seatRelease':
      return releaseNewest(account, task.subscription, release, task.at);
    case 'reservationEnd':
      return expireReservation(account, task.reservation);
    case 'leaseEnd':
      return expireLease(account, task.lease, release, task.at);
    case 'placeEnd':
      return expirePlace(account, task.license, task.machine, task.at);
    case 'ruleTurn':
      return turnRules(account, release, task.at);
    case 'announcement':
      return { account, events: announcementsAt(account, release, task.at) };
    default:
      return unreachable(task);
  }
}

/** Nothing but what rules say has changed. */
function turnRules(account: CustomerAccount, release: Release, at: Instant): AccountChange {
  const turns = ruleTurnsAt(account, release, at);
  return { account, events: turns.map((turn) => ({ type: 'rule.turned', at, turn })) };
}
