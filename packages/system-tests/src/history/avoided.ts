import type { Account } from '../model/account.js';
import { transitionOf } from '../model/bought.js';
import { windowed } from '../model/catalog.js';
import { meterOf } from '../model/windows.js';
import type { Action } from './actions.js';
import { DAY, MINUTE, subscriptionAt } from './resolve.js';

type GrantAction = Extract<Action, { readonly kind: 'grant' }>;

/** Of two REPLACE grants that begin together the one made last counts, but within one millisecond nothing says which that is. */
function isMadeTogether({ grants, now }: Account, { feature, effect, startsIn }: GrantAction): boolean {
  const startsAt = now + (startsIn ?? 0) * DAY;
  const rivals = grants.filter((one) => one.effect === 'REPLACE' && one.feature === feature);
  return effect === 'REPLACE' && rivals.some((one) => one.startsAt === startsAt);
}

/**
 * What a check says of credits is not compared between the renewal of a plan that gives some and the writing down of it:
 * the gateway's kept answers hold beyond a plain renewal, so that what it gives is not seen until it is written.
 */
export function isOutdated({ gaveUnwritten }: Account, difference: string): boolean {
  return gaveUnwritten && difference.startsWith('entitlement credits');
}

function isHeldSince({ reservations }: Account, since: number): boolean {
  return reservations.some(({ status, madeAt }) => status === 'OPEN' && madeAt >= since);
}

/** Steps that are kept out of histories because product and model are known to part there, each with its reason. */
export function isAvoided(account: Account, action: Action): boolean {
  switch (action.kind) {
    // A feature that one command takes and another gives back within one millisecond: for the product that is a break.
    case 'subscribe':
      if (action.trial && (action.startsIn ?? 0) < 0 && isHeldSince(account, -Infinity)) return true;
      return [...account.meters.values()].some(({ lost }) => lost?.at === account.now);
    case 'grant': {
      const isAnchored = windowed(action.feature) !== null;
      return (
        (isAnchored && meterOf(account, action.feature).lost?.at === account.now) ||
        isMadeTogether(account, action)
      );
    }
    // Of what nothing gives windows are counted from the first record: the model knows no such windows.
    case 'recordUsage': {
      const { window, lost } = meterOf(account, action.feature);
      return windowed(action.feature) !== null && (window === null || lost !== null);
    }
    // A reservation and a reset of its window within one millisecond: for the product the reservation, made when the
    // new window begins, is of that one. Where the old one began then, too, it is not told from the new one at all, and
    // its expiry takes units from what others have reserved since.
    case 'changePlan': {
      const subscription = subscriptionAt(account, action.which);
      const resets = subscription && transitionOf(subscription.plan, action.plan)?.usage === 'reset';
      return resets === true && account.reservations.some(({ madeAt }) => madeAt === account.now);
    }
    // A reset that is dated back, by a grace or an import's trial that ended long ago, to before a reservation was made: the
    // model has it made in the window that is over, the product, by its time, in the one that has begun since.
    case 'payment':
      return action.minutesAgo > 0 && isHeldSince(account, account.now - action.minutesAgo * MINUTE);
    default:
      return false;
  }
}
