import type { Account } from '../model/account.js';
import { transitionOf } from '../model/bought.js';
import { windowed } from '../model/features.js';
import { meterOf } from '../model/windows.js';
import type { Action } from './actions/action.js';
import type { GrantAction } from './actions/grant-actions.js';
import { DAY, subscriptionAt } from './resolve.js';

/** Of two REPLACE grants that begin together the one made last counts, but within one millisecond nothing says which that is. */
function isMadeTogether(
  { grants, now }: Account,
  { feature, effect, startsIn }: Extract<GrantAction, { readonly kind: 'grant' }>,
): boolean {
  const startsAt = now + (startsIn ?? 0) * DAY;
  const rivals = grants.filter((one) => one.effect === 'REPLACE' && one.feature === feature);
  return effect === 'REPLACE' && rivals.some((one) => one.startsAt === startsAt);
}

/** Whether something is held in a window that began at this very instant. */
function holdsInNewWindow(account: Account): boolean {
  return [...account.reservations, ...account.leases].some(
    ({ feature, status, inWindow }) =>
      status === 'OPEN' && inWindow && meterOf(account, feature).window?.start === account.now,
  );
}

/** Steps that are kept out of histories because product and model are known to part there, each with its reason. */
export function isAvoided(account: Account, action: Action): boolean {
  switch (action.kind) {
    // A feature that one command takes and another gives back within one millisecond: for the product that is a break.
    case 'subscribe':
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
    // A reservation or lease and a reset within the millisecond in which its window began: that is no other window for the product.
    case 'changePlan': {
      const subscription = subscriptionAt(account, action.which);
      const resets = subscription && transitionOf(subscription.plan, action.plan)?.usage === 'reset';
      return resets === true && holdsInNewWindow(account);
    }
    default:
      return false;
  }
}
