import { executeLicense } from '../../license/execute-license.js';
import type { LicenseCommand } from '../../license/command.js';
import { type License, licenseStatus } from '../../license/license.js';
import { addDuration } from '../../time/calendar.js';
import { formatInstant, type Instant, type IsoDuration } from '../../time/instant.js';
import { allows, type Candidate, type Denied, remedyOf } from './attempt.js';

/**
 * A licence is renewed: one that has ended, or whose maintenance has. As its plan says, from its present ends; where these
 * lie too far back, from now on, and the message names the times.
 */
export function* renewals(denied: Denied): Iterable<Candidate> {
  for (const license of denied.account.licenses) {
    const candidate = [NOTHING_NAMED, endsFromNow(denied, license)]
      .flatMap((ends) => renewed(denied, license, ends))
      .find(({ account }) => allows(denied, account));
    if (candidate !== undefined) yield candidate;
  }
}

/** A suspended licence is reinstated. */
export function* reinstatements(denied: Denied): Iterable<Candidate> {
  for (const license of denied.account.licenses) {
    if (licenseStatus(license) !== 'SUSPENDED') continue;
    const { id: licenseId, planVersion } = license;
    const message = `reinstate the licence \`${licenseId}\` to \`${planVersion.plan.key}\``;
    yield* tried(denied, license, { kind: 'reinstateLicense', licenseId }, 'REINSTATE', message);
  }
}

type Ends = Pick<License, 'expiresAt' | 'maintenanceUntil'>;

const NOTHING_NAMED: Ends = { expiresAt: null, maintenanceUntil: null };

/** Of those that are past: by the plan from now. */
function endsFromNow({ account, now }: Denied, { planVersion, expiresAt, maintenanceUntil }: License): Ends {
  const { period, maintenance } = planVersion.plan;
  const fromNow = (end: Instant | null, length: IsoDuration | null): Instant | null =>
    end === null || end > now || length === null ? null : addDuration(now, length, account.timeZone);
  return {
    expiresAt: fromNow(expiresAt, period),
    maintenanceUntil: fromNow(maintenanceUntil, maintenance),
  };
}

function renewed(denied: Denied, license: License, ends: Ends): Candidate[] {
  const { id: licenseId, planVersion } = license;
  const times = [
    ...(ends.expiresAt === null ? [] : [`\`expiresAt\` ${formatInstant(ends.expiresAt)}`]),
    ...(ends.maintenanceUntil === null
      ? []
      : [`\`maintenanceUntil\` ${formatInstant(ends.maintenanceUntil)}`]),
  ];
  const message = `renew the licence \`${licenseId}\` to \`${planVersion.plan.key}\`${
    times.length === 0 ? '' : `, with ${times.join(' and ')}`
  }`;
  return tried(
    denied,
    license,
    { kind: 'renewLicense', licenseId, ...ends, quantities: null },
    'RENEW',
    message,
  );
}

function tried(
  { account, release, now }: Denied,
  { planVersion: { plan } }: License,
  command: LicenseCommand,
  kind: 'RENEW' | 'REINSTATE',
  message: string,
): Candidate[] {
  const outcome = executeLicense(account, command, release, now);
  return outcome.ok
    ? [{ remedy: remedyOf(kind, message, { plan: plan.key }), account: outcome.account }]
    : [];
}
