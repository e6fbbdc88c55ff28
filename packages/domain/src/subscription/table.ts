import type { SubscriptionCommand } from './command.js';
import type { SubscriptionStatus } from './subscription.js';

/** `applies`: the verb decides; `same`: what is asked for already is so; `refused`: "–" in docs/rules.md, CONFLICT. */
export type Cell = 'applies' | 'same' | 'refused';
export type SubscriptionVerb = Exclude<SubscriptionCommand['kind'], 'subscribe'>;

/** Which command a subscription of which status takes; docs/rules.md, "Subscription". CANCELED and EXPIRED are final. */
export const COMMAND_TABLE = {
  changePlan: {
    SCHEDULED: 'applies',
    TRIALING: 'applies',
    ACTIVE: 'applies',
    PAST_DUE: 'applies',
    PAUSED: 'applies',
    CANCELED: 'refused',
    EXPIRED: 'refused',
  },
  adjust: {
    SCHEDULED: 'applies',
    TRIALING: 'applies',
    ACTIVE: 'applies',
    PAST_DUE: 'applies',
    PAUSED: 'applies',
    CANCELED: 'refused',
    EXPIRED: 'refused',
  },
  withdrawScheduledChange: {
    SCHEDULED: 'applies',
    TRIALING: 'applies',
    ACTIVE: 'applies',
    PAST_DUE: 'applies',
    PAUSED: 'applies',
    CANCELED: 'refused',
    EXPIRED: 'refused',
  },
  cancel: {
    SCHEDULED: 'applies',
    TRIALING: 'applies',
    ACTIVE: 'applies',
    PAST_DUE: 'applies',
    PAUSED: 'applies',
    CANCELED: 'same',
    EXPIRED: 'refused',
  },
  uncancel: {
    SCHEDULED: 'refused',
    TRIALING: 'applies',
    ACTIVE: 'applies',
    PAST_DUE: 'applies',
    PAUSED: 'applies',
    CANCELED: 'refused',
    EXPIRED: 'refused',
  },
  pause: {
    SCHEDULED: 'refused',
    TRIALING: 'applies',
    ACTIVE: 'applies',
    PAST_DUE: 'refused',
    PAUSED: 'applies',
    CANCELED: 'refused',
    EXPIRED: 'refused',
  },
  resume: {
    SCHEDULED: 'refused',
    TRIALING: 'same',
    ACTIVE: 'same',
    PAST_DUE: 'refused',
    PAUSED: 'applies',
    CANCELED: 'refused',
    EXPIRED: 'refused',
  },
  extendTrial: {
    SCHEDULED: 'refused',
    TRIALING: 'applies',
    ACTIVE: 'refused',
    PAST_DUE: 'refused',
    PAUSED: 'refused',
    CANCELED: 'refused',
    EXPIRED: 'refused',
  },
  reportPayment: {
    SCHEDULED: 'applies',
    TRIALING: 'applies',
    ACTIVE: 'applies',
    PAST_DUE: 'applies',
    PAUSED: 'applies',
    CANCELED: 'refused',
    EXPIRED: 'refused',
  },
} as const satisfies Record<SubscriptionVerb, Record<SubscriptionStatus, Cell>>;
