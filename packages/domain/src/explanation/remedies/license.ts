import { executeLicense } from '../../license/execute-license.js';
import type { LicenseCommand } from '../../license/command.js';
import { type License, licenseStatus } from '../../license/license.js';
import { type Candidate, type Denied, remedyOf } from './attempt.js';

/** A licence is renewed: one that has ended, or whose maintenance has. */
export function* renewals(denied: Denied): Iterable<Candidate> {
  for (const license of denied.account.licenses) {
    const command = { kind: 'renewLicense', licenseId: license.id, ...NOTHING_NAMED } as const;
    yield* tried(denied, license, command, 'RENEW');
  }
}

/** A suspended licence is reinstated. */
export function* reinstatements(denied: Denied): Iterable<Candidate> {
  for (const license of denied.account.licenses) {
    if (licenseStatus(license) !== 'SUSPENDED') continue;
    yield* tried(denied, license, { kind: 'reinstateLicense', licenseId: license.id }, 'REINSTATE');
  }
}

const NOTHING_NAMED = { expiresAt: null, maintenanceUntil: null, quantities: null };

function tried(
  { account, release, now }: Denied,
  { planVersion: { plan }, id }: License,
  command: LicenseCommand,
  kind: 'RENEW' | 'REINSTATE',
): Candidate[] {
  const outcome = executeLicense(account, command, release, now);
  if (!outcome.ok) return [];
  const message = `${kind === 'RENEW' ? 'renew' : 'reinstate'} the licence \`${id}\` to \`${plan.key}\``;
  return [{ remedy: remedyOf(kind, message, { plan: plan.key }), account: outcome.account }];
}
