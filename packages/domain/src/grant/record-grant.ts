import type { CustomerAccount } from '../customer.js';
import type { AccountChange } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import type { Grant, GrantEventType } from './grant.js';

/** The account with `after` in the place of `before` (null: new), and the event that says so. */
export function recordGrant(
  account: CustomerAccount,
  type: GrantEventType,
  at: Instant,
  before: Grant | null,
  after: Grant,
): AccountChange {
  const grants =
    before === null
      ? [...account.grants, after]
      : account.grants.map((one) => (one.id === after.id ? after : one));
  return { account: { ...account, grants }, events: [{ type, at, grant: { before, after } }] };
}
