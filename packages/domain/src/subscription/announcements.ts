import type { CustomerAccount, Release } from '../customer.js';
import { speaksUntil } from '../decision/sources.js';
import type { Instant } from '../time/instant.js';
import type { CustomerEvent } from './command.js';
import { expiringSoonAt, nextExpiringSoon } from './expiring-soon.js';
import { isLive } from './state.js';

/** The first instant after `toldUntil` at which time is told of though it changes nothing in the account; null: none. */
export function nextAnnouncement(
  account: CustomerAccount,
  release: Release,
  toldUntil: Instant,
): Instant | null {
  let next = nextExpiringSoon(account, release, toldUntil);
  for (const { at } of archivals(account)) {
    if (at > toldUntil && (next === null || at < next)) next = at;
  }
  return next;
}

/** What is told at `at`. */
export function announcementsAt(account: CustomerAccount, release: Release, at: Instant): CustomerEvent[] {
  return [...archivals(account).filter((event) => event.at === at), ...expiringSoonAt(account, release, at)];
}

/** From then on an ended subscription is no reason for a denial any more: docs/rules.md, "Decision codes", row 6. */
function archivals(account: CustomerAccount): CustomerEvent[] {
  const ended = account.subscriptions.filter((one) => !isLive(one));
  // Of several at one instant the lower id comes first.
  return ended
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .map((one) => {
      return { type: 'subscription.archived', at: speaksUntil(one, account), before: one, after: one };
    });
}
