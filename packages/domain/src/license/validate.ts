import type { KnownState, Release } from '../customer.js';
import type { Asker } from '../decision/asker.js';
import type { AllowingCode, DenyingCode } from '../decision/decision.js';
import { coversVersion } from '../decision/product-version.js';
import { licenseObstacle } from '../decision/sources.js';
import type { LicenseId } from '../ids.js';
import { accountAt } from '../subscription/due.js';
import type { Instant } from '../time/instant.js';
import type { License } from './license.js';

/** Whether a licence is good for who asks. */
export interface Validation {
  readonly valid: boolean;
  readonly code: DenyingCode | Extract<AllowingCode, 'ENTITLED' | 'ENTITLED_GRACE'>;
  /** As time has made it. */
  readonly license: License;
}

/**
 * Whether a licence is good here and now, whatever it gives: the first that applies of rows 8 to 17 of docs/rules.md,
 * "Decision codes", that are asked of licences. Null: the customer has no such licence.
 */
export function validateLicense(
  { account, release }: KnownState,
  id: LicenseId,
  asker: Asker,
  now: Instant,
): Validation | null {
  const current = accountAt(account, release, now);
  const license = current.licenses.find((one) => one.id === id);
  if (license === undefined) return null;
  const code = obstacleTo(license, release, asker, now);
  if (code !== null) return { valid: false, code, license };
  return { valid: true, code: license.term.phase === 'GRACE' ? 'ENTITLED_GRACE' : 'ENTITLED', license };
}

function obstacleTo(license: License, { catalog }: Release, asker: Asker, now: Instant): DenyingCode | null {
  const standing = licenseObstacle(license);
  if (standing !== null) return standing.code;
  const isCovered = coversVersion(license, { feature: null, catalog }, asker.productVersion, now);
  return isCovered ? null : 'VERSION_NOT_COVERED';
}
