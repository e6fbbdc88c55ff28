import type { CustomerAccount, Release } from '../customer.js';
import type { Grant } from '../grant/grant.js';
import { subtractDuration } from '../time/calendar.js';
import type { Instant, IsoDuration } from '../time/instant.js';
import type { CustomerEvent } from './command.js';
import type { TrialingSubscription } from './subscription.js';

/** An event ahead of an end that customers want to hear of: the catalog's `expiringSoon` says how long ahead. */
export type ExpiringSoonEvent = Extract<CustomerEvent, { readonly within: IsoDuration }>;

/**
 * All of them, told of or not, in the order of the catalog; docs/rules.md, "Expiring soon". What a former release should
 * have told is not told by this one.
 */
export function expiringSoon(account: CustomerAccount, release: Release): ExpiringSoonEvent[] {
  const { catalog, publication } = release;
  const ends = catalog.expiringSoon.length === 0 ? [] : endsOf(account);
  return ends.flatMap((end) =>
    catalog.expiringSoon.flatMap((within) => {
      const at = subtractDuration(end.endsAt, within, account.timeZone);
      return at > end.beganAt && at >= publication.at ? [eventOf(end, within, at)] : [];
    }),
  );
}

/** What runs, and when it will be over. */
type End = { readonly beganAt: Instant; readonly endsAt: Instant } & (
  { readonly trial: TrialingSubscription } | { readonly grant: Grant }
);

function endsOf({ subscriptions, grants }: CustomerAccount): End[] {
  return [
    ...subscriptions.flatMap((one) =>
      one.status === 'TRIALING' ? [{ trial: one, beganAt: one.period.start, endsAt: one.trialEndsAt }] : [],
    ),
    ...grants.flatMap((grant) =>
      grant.status === 'ACTIVE' && grant.expiresAt !== null
        ? [{ grant, beganAt: grant.startsAt, endsAt: grant.expiresAt }]
        : [],
    ),
  ];
}

function eventOf(end: End, within: IsoDuration, at: Instant): ExpiringSoonEvent {
  const { endsAt } = end;
  return 'trial' in end
    ? { type: 'subscription.trial_expiring_soon', at, within, endsAt, trial: end.trial }
    : { type: 'grant.expiring_soon', at, within, endsAt, expiring: end.grant };
}
