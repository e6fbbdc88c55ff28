import type { CustomerAccount, Release } from '../customer.js';
import type { AccountChange, CustomerEvent } from '../subscription/command.js';
import { applyDue } from '../subscription/due.js';
import { changeTimeZone } from '../usage/time-zone.js';
import { instant, type Instant, type TimeZone } from '../time/instant.js';

/**
 * The account as former releases have left it to the live one, and what has happened under them: what was due while a
 * release was live is done by that release, whoever writes it down later. `releases`: one after the other as they were
 * published, the first one live when the account was written, or before the first thing was due; the last is live.
 * `zoneUnder`: the customer's time zone under a release; another one counts from the publication.
 */
export function passReleases(
  account: CustomerAccount,
  releases: readonly Release[],
  zoneUnder: (release: Release) => TimeZone,
): AccountChange {
  const events: CustomerEvent[] = [];
  let state = account;
  releases.forEach((release, index) => {
    const next = releases[index + 1];
    if (index > 0) state = changeTimeZone(state, release, zoneUnder(release), release.publication.at);
    if (next === undefined) return;
    const change = applyDue(state, release, lastInstantBefore(next));
    events.push(...change.events);
    state = change.account;
  });
  return { account: state, events };
}

/** A release decides from its publication on, and what is due at that instant. */
export function lastInstantBefore({ publication }: Release): Instant {
  return instant(publication.at - 1);
}
