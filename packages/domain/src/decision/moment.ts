import type { CustomerAccount, KnownState } from '../customer.js';
import { accountAt } from '../subscription/due.js';
import type { Instant } from '../time/instant.js';

/**
 * A state at an instant, for all that is asked of it there: what time has made due by then is looked for once. Of a state whose counters
 * are moved in place it holds until they are.
 */
export class Moment {
  private current: CustomerAccount | null = null;

  constructor(
    readonly state: KnownState,
    readonly now: Instant,
  ) {}

  /** The account as it is then. */
  get account(): CustomerAccount {
    const { account, release } = this.state;
    return (this.current ??= accountAt(account, release, this.now));
  }
}
