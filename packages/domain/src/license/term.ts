import type { CustomerAccount } from '../customer.js';
import type { AccountChange } from '../subscription/command.js';
import { addDuration } from '../time/calendar.js';
import type { Instant, TimeZone } from '../time/instant.js';
import type { License, LicenseEventType, LicenseTerm } from './license.js';
import { recordLicense } from './record-license.js';

/** When its dates change it next, though it is suspended; null: never. */
export function nextTermChange({ standing, term, startsAt, expiresAt }: License): Instant | null {
  if (standing.kind === 'REVOKED') return null;
  switch (term.phase) {
    case 'SCHEDULED':
      return startsAt;
    case 'ACTIVE':
      return expiresAt;
    case 'GRACE':
      return term.graceEndsAt;
    case 'EXPIRED':
      return null;
  }
}

/** What its dates make of it at `at`, where they change it. */
export function changeTerm(account: CustomerAccount, license: License, at: Instant): AccountChange {
  const term = termAfter(license, at, account.timeZone);
  return recordLicense(account, EVENTS[term.phase], at, license, { ...license, term });
}

const EVENTS = {
  ACTIVE: 'license.started',
  GRACE: 'license.grace_started',
  EXPIRED: 'license.expired',
} as const satisfies Partial<Record<LicenseTerm['phase'], LicenseEventType>>;

/** Where its dates bring it at `at`, which is when they do. */
export function termAfter(
  { term, expiresAt, planVersion }: License,
  at: Instant,
  zone: TimeZone,
): Exclude<LicenseTerm, { phase: 'SCHEDULED' }> {
  if (term.phase === 'SCHEDULED') return { phase: 'ACTIVE' };
  const { grace } = planVersion.plan;
  if (term.phase === 'GRACE' || grace === null || expiresAt === null)
    return { phase: 'EXPIRED', endedAt: at };
  return { phase: 'GRACE', graceEndsAt: addDuration(expiresAt, grace, zone) };
}
