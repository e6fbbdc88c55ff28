import { type Account, type License, meet, type ValidationCode } from './account.js';
import type { FeatureKey } from './features.js';
import { type Asker, entitlementOf, failureOf } from './entitlements.js';
import { type LicenseStatus, statusOf } from './license-status.js';

/** What is decided of one feature: the fields that are signed. */
interface Decided {
  readonly feature: FeatureKey;
  readonly allowed: boolean;
  readonly code: string;
  readonly value: string | null;
  readonly limit: number | 'unlimited' | null;
  readonly remaining: number | null;
}

export interface Validation {
  readonly valid: boolean;
  readonly code: ValidationCode;
  readonly license: { readonly status: LicenseStatus } | null;
  readonly decisions: readonly Decided[];
}

export interface Validate {
  /** Whether the key is the licence's own: not one before a rotation, nor one of no licence. */
  readonly isOwn: boolean;
  readonly asker: Asker;
  readonly features: readonly FeatureKey[];
}

/**
 * The first that applies of rows 3, 8 to 11 and 15 to 17 to the licence alone, and what the customer may do. A key that opens
 * nothing, or was taken away, tells nothing of the customer.
 */
export function validateLicense(account: Account, license: License, asked: Validate): Validation {
  const answer = validationOf(account, license, asked);
  meet(account, `a validation says ${answer.code}`);
  return answer;
}

function validationOf(account: Account, license: License, asked: Validate): Validation {
  const { isOwn, asker, features } = asked;
  if (!isOwn) return { valid: false, code: 'UNKNOWN_LICENSE', license: null, ...all('UNKNOWN_LICENSE') };
  const failure = failureOf(account, license, null, asker);
  const inTime = license.phase === 'GRACE' ? 'ENTITLED_GRACE' : 'ENTITLED';
  const code = failure?.code ?? inTime;
  const status = statusOf(license);
  if (code === 'LICENSE_REVOKED')
    return { valid: false, code, license: { status }, ...all('LICENSE_REVOKED') };
  const decisions = features.map((feature): Decided => {
    const { allowed, code, value, limit, remaining } = entitlementOf(account, feature, 1, asker);
    return { feature, allowed, code, value, limit, remaining };
  });
  return { valid: failure === null, code, license: { status }, decisions };

  function all(code: string): Pick<Validation, 'decisions'> {
    const nothing = { allowed: false, value: null, limit: null, remaining: null };
    return { decisions: features.map((feature) => ({ feature, code, ...nothing })) };
  }
}
