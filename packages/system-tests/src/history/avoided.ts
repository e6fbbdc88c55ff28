import type { Account } from '../model/account.js';
import { FEATURES } from '../model/catalog.js';
import { meterOf } from '../model/windows.js';
import type { Action } from './actions.js';

/** Steps that are kept out of histories because product and model are known to part there, each with its reason. */
export function isAvoided(account: Account, action: Action): boolean {
  switch (action.kind) {
    // A feature that one command takes and another gives back within one millisecond: for the product that is a break.
    case 'subscribe':
      return [...account.meters.values()].some(({ lost }) => lost?.at === account.now);
    case 'grant': {
      const isAnchored = FEATURES[action.feature].type === 'metered';
      return isAnchored && meterOf(account, action.feature).lost?.at === account.now;
    }
    default:
      return false;
  }
}
