import type { CustomerAccount, Release } from '../customer.js';
import { speaksUntil } from '../decision/sources.js';
import { endedAt, holdingsOf, isLicense } from '../holding.js';
import type { Instant } from '../time/instant.js';
import type { CustomerEvent } from './command.js';
import { expiringSoonAt, nextExpiringSoon } from './expiring-soon.js';

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

/** From then on an ended subscription, or licence, is no reason for a denial any more: docs/rules.md, "Decision codes", row 6. */
function archivals(account: CustomerAccount): CustomerEvent[] {
  const ended = holdingsOf(account).filter((one) => endedAt(one) !== null);
  // Of several at one instant the lower id comes first.
  return ended
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .flatMap((one): CustomerEvent[] => {
      const at = speaksUntil(one, account);
      if (at === null) return [];
      return [
        isLicense(one)
          ? { type: 'license.archived', at, license: { before: one, after: one } }
          : { type: 'subscription.archived', at, before: one, after: one },
      ];
    });
}
