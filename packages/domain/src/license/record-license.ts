import type { CustomerAccount } from '../customer.js';
import type { AccountChange } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import type { License, LicenseEventType } from './license.js';

/** The account with `after` in the place of `before` (null: new), and the event that says so. */
export function recordLicense(
  account: CustomerAccount,
  type: LicenseEventType,
  at: Instant,
  before: License | null,
  after: License,
): AccountChange {
  const licenses =
    before === null
      ? [...account.licenses, after]
      : account.licenses.map((one) => (one.id === after.id ? after : one));
  return { account: { ...account, licenses }, events: [{ type, at, license: { before, after } }] };
}
