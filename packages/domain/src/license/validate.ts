import type { CustomerState, Release } from '../customer.js';
import type { Asker } from '../decision/asker.js';
import { denied } from '../decision/denied.js';
import { isYoung } from '../decision/without-state.js';
import type { AllowingCode, Decision, DenyingCode, RefusingCode } from '../decision/decision.js';
import { coversVersion } from '../decision/product-version.js';
import { licenseObstacles } from '../decision/sources.js';
import type { LicenseId } from '../ids.js';
import { accountAt } from '../subscription/due.js';
import type { Instant } from '../time/instant.js';
import type { License } from './license.js';
import { machineObstacle } from './machines/place.js';

/** For people. */
const MESSAGES: Readonly<Partial<Record<ValidationCode, string>>> = {
  ENTITLED: 'the licence is good',
  ENTITLED_GRACE: 'the licence has ended, and is good for as long as its grace period lasts; renew it',
  UNKNOWN_LICENSE: 'there is no licence with this key; look whether it was typed right',
  UNAVAILABLE: 'whether the licence is good cannot be found out now; try again',
  LICENSE_REVOKED: 'the licence was revoked; another one is needed',
  LICENSE_EXPIRED: 'the licence has ended; renew it',
  NOT_STARTED: 'the licence has not begun yet',
  LICENSE_SUSPENDED: 'the licence is suspended; have it reinstated',
  VERSION_NOT_COVERED:
    'this version came out when the maintenance of the licence was over; renew it, or use an older version',
  NOT_ACTIVATED: 'the licence is not activated on this machine; activate it',
  MACHINE_IN_USE: 'the licence is in use on as many machines at once as it allows; end it on another one',
};

/** Whether a licence is good for who asks. */
export interface Validation {
  readonly valid: boolean;
  readonly code: ValidationCode;
  /** For people. */
  readonly message: string;
  /** As time has made it; null where it is out of reach. */
  readonly license: License | null;
}
export type ValidationCode =
  | DenyingCode
  | Extract<RefusingCode, 'UNKNOWN_LICENSE'>
  | Extract<AllowingCode, 'ENTITLED' | 'ENTITLED_GRACE'>;

/** Who asks of which licence, and when. */
export interface ValidationRequest {
  readonly licenseId: LicenseId;
  /** The licence where it ended too long ago to be in the state. */
  readonly ended: License | null;
  readonly asker: Asker;
  readonly now: Instant;
  /** When the state was last known to be current, if it cannot be renewed; null: it is. */
  readonly staleSince: Instant | null;
}

/**
 * Whether a licence is good here and now, whatever it gives: the first that applies of rows 8 to 17 of docs/rules.md,
 * "Decision codes", that are asked of licences; a state that is older than the catalog's `staleFor` says nothing.
 */
export function validateLicense(state: CustomerState, request: ValidationRequest): Validation {
  const { licenseId, ended, now, staleSince } = request;
  const { catalog } = state.release;
  const isTooOld = staleSince !== null && !isYoung(catalog.staleFor, staleSince, now);
  if (state.kind === 'OUT_OF_REACH' || isTooOld) return validation('UNAVAILABLE', null);
  const known = state.kind === 'KNOWN' ? accountAt(state.account, state.release, now).licenses : [];
  const license = known.find(({ id }) => id === licenseId) ?? ended;
  if (license === null) return UNKNOWN_LICENSE;
  const inGrace = license.term.phase === 'GRACE' ? 'ENTITLED_GRACE' : 'ENTITLED';
  return validation(obstacleTo(license, state.release, request) ?? inGrace, license);
}

function obstacleTo(
  license: License,
  { catalog }: Release,
  { asker, now }: ValidationRequest,
): DenyingCode | null {
  const [standing] = licenseObstacles(license);
  if (standing) return standing.code;
  if (!coversVersion(license, { feature: null, catalog }, asker.productVersion, now))
    return 'VERSION_NOT_COVERED';
  return machineObstacle(license, asker, now)?.code ?? null;
}

/** What is answered to a key that opens nothing, whether or not it once did. */
export const UNKNOWN_LICENSE: Validation = validation('UNKNOWN_LICENSE', null);

function validation(code: ValidationCode, license: License | null): Validation {
  const valid = code === 'ENTITLED' || code === 'ENTITLED_GRACE';
  return { valid, code, message: MESSAGES[code] ?? code, license };
}

/** A feature asked for with a key that opens nothing, or nothing any more: nobody is told what else a customer has. */
export function denyByLicense(
  code: 'UNKNOWN_LICENSE' | 'LICENSE_REVOKED',
  customerId: string,
  feature: string,
): Decision {
  const denial = denied(customerId, { feature, quantity: 1 }, 'LICENSE_REVOKED');
  return code === 'UNKNOWN_LICENSE' ? { ...denial, code, message: UNKNOWN_LICENSE.message } : denial;
}
