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

/** By the number of its row: the source that got furthest speaks. */
export interface Failure {
  readonly row: number;
  readonly code: LicenseFailureCode | 'SUBSCRIPTION_PAUSED' | 'SUBSCRIPTION_EXPIRED';
}
export interface LicenseFailure extends Failure {
  readonly code: LicenseFailureCode;
}
type LicenseFailureCode = (typeof LICENSE_FAILURE_CODES)[number];
export const LICENSE_FAILURE_CODES = [
  'LICENSE_REVOKED',
  'LICENSE_EXPIRED',
  'NOT_STARTED',
  'LICENSE_SUSPENDED',
  'VERSION_NOT_COVERED',
  'NOT_ACTIVATED',
  'MACHINE_IN_USE',
] as const;

/** Rows 8 to 11; null: it passes. */
export function licenseFailure({ revokedAt, phase, suspended }: License): LicenseFailure | null {
  if (revokedAt !== null) return { row: 8, code: 'LICENSE_REVOKED' };
  if (phase === 'EXPIRED') return { row: 9.5, code: 'LICENSE_EXPIRED' };
  if (phase === 'SCHEDULED') return { row: 10, code: 'NOT_STARTED' };
  return suspended ? { row: 11, code: 'LICENSE_SUSPENDED' } : null;
}
