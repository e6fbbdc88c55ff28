import type { License } from './account.js';

export type LicenseStatus = License['phase'] | 'SUSPENDED' | 'REVOKED';

export function statusOf({ phase, suspended, revokedAt }: License): LicenseStatus {
  if (revokedAt !== null) return 'REVOKED';
  return suspended ? 'SUSPENDED' : phase;
}

/** By its dates, or because it was revoked: a suspended one, too. */
export function hasLicenseEnded({ phase, revokedAt }: License): boolean {
  return revokedAt !== null || phase === 'EXPIRED';
}

/** Suspended as well: its windows run on. */
export function givesWindows(license: License): boolean {
  return !hasLicenseEnded(license) && license.phase !== 'SCHEDULED';
}
