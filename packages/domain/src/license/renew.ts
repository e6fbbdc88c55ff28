import type { CustomerAccount } from '../customer.js';
import type { CommandOutcome } from '../subscription/command.js';
import { boughtOf, refusedQuantities, sameQuantities } from '../subscription/bought.js';
import { badInput, conflict, type Refused, unchanged } from '../subscription/refusal.js';
import { addDuration } from '../time/calendar.js';
import { formatInstant, type Instant, type TimeZone } from '../time/instant.js';
import type { LicenseCommand } from './command.js';
import { refusedEnd, refusedMachineLimit, refusedNumber } from './issue.js';
import { endOf, type License } from './license.js';
import { recordLicense } from './record-license.js';

type Renew = Extract<LicenseCommand, { kind: 'renewLicense' }>;
type Ends = Pick<License, 'expiresAt' | 'maintenanceUntil'>;

/**
 * The licence with later ends; one in grace or expired is ACTIVE again. What names quantities or a number of machines, and no
 * time, is no renewal: it changes just these.
 */
export function renew(
  account: CustomerAccount,
  license: License,
  command: Renew,
  now: Instant,
): CommandOutcome {
  const { plan } = license.planVersion;
  const { startsAt } = license;
  const unsold =
    refusedQuantities(plan, command.quantities) ?? refusedMachineLimit(plan, command.machineLimit ?? null);
  if (unsold !== null) return unsold;
  if (namesNoTime(command) && namesNumbers(command)) return adjust(account, license, command, now);
  const refused =
    refusedEnd('expiresAt', command.expiresAt, startsAt, now) ??
    refusedEnd('maintenanceUntil', command.maintenanceUntil, startsAt, now) ??
    (endOf(license) === null ? null : refusedNumber(account, 'licenseId'));
  if (refused !== null) return refused;
  const ends = endsAfter(license, command, account.timeZone);
  if ('ok' in ends) return ends;
  const past = refusedPastEnd(ends, command, now) ?? refusedPastMaintenance(license, ends, command, now);
  if (past !== null) return past;
  const after: License = {
    ...license,
    ...ends,
    ...numbersAfter(license, command),
    term: license.term.phase === 'SCHEDULED' ? license.term : { phase: 'ACTIVE' },
  };
  if (isSame(license, after)) return unchanged(account);
  return { ok: true, ...recordLicense(account, 'license.renewed', now, license, after) };
}

/** Other numbers of what its plan sells, or of machines, whatever its dates say. Lower ones take nothing away. */
function adjust(account: CustomerAccount, license: License, command: Renew, now: Instant): CommandOutcome {
  const after: License = { ...license, ...numbersAfter(license, command) };
  if (after.machineLimit !== license.machineLimit || !sameQuantities(boughtOf(license), boughtOf(after)))
    return { ok: true, ...recordLicense(account, 'license.adjusted', now, license, after) };
  return conflict(
    command.quantities === null ? 'machineLimit' : 'quantities',
    'the licence has this already; name what is to change, or, to renew it, a time or nothing',
  );
}

function namesNoTime({ expiresAt, maintenanceUntil }: Renew): boolean {
  return expiresAt === null && maintenanceUntil === null;
}

function namesNumbers({ quantities, machineLimit }: Renew): boolean {
  return quantities !== null || machineLimit !== undefined;
}

function numbersAfter(
  license: License,
  { quantities, machineLimit }: Renew,
): Pick<License, 'quantities' | 'machineLimit'> {
  return {
    quantities: quantities ?? license.quantities,
    machineLimit: machineLimit === undefined ? license.machineLimit : machineLimit,
  };
}

/** One whose end has come never is: it is renewed to an end ahead. */
function isSame(one: License, other: License): boolean {
  return (
    one.expiresAt === other.expiresAt &&
    one.maintenanceUntil === other.maintenanceUntil &&
    one.machineLimit === other.machineLimit &&
    sameQuantities(one.quantities, other.quantities)
  );
}

/** As they are asked for; where no time is, each by the plan from its present end. */
function endsAfter(license: License, command: Renew, zone: TimeZone): Ends | Refused {
  const { expiresAt, maintenanceUntil } = license;
  if (!namesNoTime(command)) {
    return {
      expiresAt: command.expiresAt ?? expiresAt,
      maintenanceUntil: command.maintenanceUntil ?? maintenanceUntil,
    };
  }
  const { period, maintenance, key } = license.planVersion.plan;
  const isExtended =
    (expiresAt !== null && period !== null) || (maintenanceUntil !== null && maintenance !== null);
  if (!isExtended) {
    return conflict(
      'licenseId',
      `the plan \`${key}\` does not say by how long it is renewed; give \`expiresAt\` or \`maintenanceUntil\`, or name what else is to change`,
    );
  }
  return {
    expiresAt: expiresAt && (period === null ? expiresAt : addDuration(expiresAt, period, zone)),
    maintenanceUntil:
      maintenanceUntil &&
      (maintenance === null ? maintenanceUntil : addDuration(maintenanceUntil, maintenance, zone)),
  };
}

/** A licence that is renewed is not over. */
function refusedPastEnd({ expiresAt }: Ends, command: Renew, now: Instant): Refused | null {
  if (expiresAt === null || expiresAt > now) return null;
  const end = formatInstant(expiresAt);
  if (command.expiresAt !== null) return badInput('expiresAt', `\`${end}\` is past; give a time ahead`);
  return conflict(
    'expiresAt',
    command.maintenanceUntil === null
      ? `renewed from its present end it would end at \`${end}\`, which is past; give \`expiresAt\``
      : `it has ended at \`${end}\`; give \`expiresAt\`, too`,
  );
}

/** Maintenance that is renewed by the plan covers something from now on. */
function refusedPastMaintenance(
  license: License,
  { maintenanceUntil }: Ends,
  command: Renew,
  now: Instant,
): Refused | null {
  const isRenewed = namesNoTime(command) && maintenanceUntil !== license.maintenanceUntil;
  if (!isRenewed || maintenanceUntil === null || maintenanceUntil > now) return null;
  return conflict(
    'maintenanceUntil',
    `renewed from its present end maintenance would end at \`${formatInstant(maintenanceUntil)}\`, which is past; give \`maintenanceUntil\``,
  );
}
