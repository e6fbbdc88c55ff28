import type { Account } from '../model/account.js';
import { FEATURES } from '../model/catalog.js';
import { meterOf } from '../model/windows.js';
import type { Action } from './actions.js';
import { instantOf, subscriptionAt } from './resolve.js';

/** Steps that are kept out of histories because product and model are known to part there, each with its reason. */
export function isAvoided(account: Account, action: Action): boolean {
  switch (action.kind) {
    // A feature that one command takes and another gives back within one millisecond: for the product that is a break.
    case 'subscribe':
      return [...account.meters.values()].some(({ lost }) => lost?.at === account.now);
    // "Windows are counted from the beginning of the grant" (docs/rules.md); the product counts those of a grant that
    // began in the past from the moment when it was made.
    case 'grant': {
      const { lost, window } = meterOf(account, action.feature);
      const gains = window === null || lost !== null;
      const isAnchored = FEATURES[action.feature].type === 'metered';
      return isAnchored && gains && (lost?.at === account.now || (action.startsIn ?? 0) < 0);
    }
    // One at a time of its own comes at that time, paused or not; the product takes one at the very end of the period
    // for one that was asked for that end, and moves it with a pause.
    case 'cancel': {
      const { timing } = action;
      const end = subscriptionAt(account, action.which)?.periodEnd;
      return typeof timing === 'object' && instantOf(account, timing.at) === end;
    }
    default:
      return false;
  }
}
