import type { Plan } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { CommandOutcome } from '../subscription/command.js';
import { refusedQuantities } from '../subscription/bought.js';
import { badInput, conflict, notFound, type Refused } from '../subscription/refusal.js';
import { refusedFuture, refusedPast } from '../subscription/timing.js';
import { addDuration } from '../time/calendar.js';
import { formatInstant, type Instant, type TimeZone } from '../time/instant.js';
import type { LicenseCommand } from './command.js';
import { endOf, type License } from './license.js';
import { recordLicense } from './record-license.js';

type Issue = Extract<LicenseCommand, { kind: 'issueLicense' }>;

/** Each is looked at by every decision. */
const MOST_OPEN = 1000;
/** More machines than that are no matter of one licence. */
const MOST_MACHINES = 1_000_000;

/** A new licence. Where its start is not ahead, that is the caller's to apply, with all that was due since. */
export function issue(
  account: CustomerAccount,
  command: Issue,
  release: Release,
  now: Instant,
): CommandOutcome {
  const planVersion = release.planVersions.get(command.plan);
  if (planVersion === undefined)
    return notFound('plan', `there is no plan \`${command.plan}\`; see \`plans\` for those that are sold`);
  const { plan } = planVersion;
  const { timeZone: zone } = account;
  const startsAt = command.startsAt ?? now;
  const refused =
    refusedQuantities(plan, command.quantities) ??
    refusedMachineLimit(plan, command.machineLimit) ??
    refusedPast('startsAt', startsAt, now, zone) ??
    refusedFuture('startsAt', startsAt, now) ??
    refusedEnd('expiresAt', command.expiresAt, startsAt, now) ??
    refusedEnd('maintenanceUntil', command.maintenanceUntil, startsAt, now) ??
    refusedNumber(account, 'customerId');
  if (refused !== null) return refused;
  const license: License = {
    id: command.licenseId,
    customerId: account.id,
    planVersion,
    keyHint: command.keyHint,
    keyDigest: command.keyDigest,
    quantities: command.quantities,
    startsAt,
    ...firstEnds(plan, command, startsAt, zone),
    machineLimit: command.machineLimit,
    term: { phase: 'SCHEDULED' },
    standing: { kind: 'GOOD' },
    creditsGiven: new Map(),
  };
  const at = startsAt < now ? startsAt : now;
  return { ok: true, ...recordLicense(account, 'license.issued', at, null, license) };
}

/** As they are given, else by the plan from the start; a plan without a period never ends. */
export function firstEnds(
  { period, maintenance }: Plan,
  given: Pick<License, 'expiresAt' | 'maintenanceUntil'>,
  startsAt: Instant,
  zone: TimeZone,
): Pick<License, 'expiresAt' | 'maintenanceUntil'> {
  return {
    expiresAt: given.expiresAt ?? (period && addDuration(startsAt, period, zone)),
    maintenanceUntil: given.maintenanceUntil ?? (maintenance && addDuration(startsAt, maintenance, zone)),
  };
}

/** Null, or why the licence cannot be bound to so many machines. */
export function refusedMachineLimit({ key, machines }: Plan, limit: number | null): Refused | null {
  if (limit === null) return null;
  if (machines === null)
    return badInput('machineLimit', `the plan \`${key}\` is not bound to machines; leave it out`);
  return Number.isSafeInteger(limit) && limit >= 1 && limit <= MOST_MACHINES
    ? null
    : badInput('machineLimit', `it must be 1 to ${String(MOST_MACHINES)}, not ${String(limit)}`);
}

/** Null, or why the licence cannot end, or be maintained until, then. */
export function refusedEnd(
  field: 'expiresAt' | 'maintenanceUntil',
  end: Instant | null,
  startsAt: Instant,
  now: Instant,
): Refused | null {
  if (end === null) return null;
  if (end <= startsAt)
    return badInput(
      field,
      `\`${formatInstant(end)}\` does not lie after the start, \`${formatInstant(startsAt)}\`; give a later time`,
    );
  return refusedFuture(field, end, now);
}

/** Null, or why the customer cannot have one more that has not ended. */
export function refusedNumber(
  { licenses }: CustomerAccount,
  field: 'customerId' | 'licenseId',
): Refused | null {
  return licenses.filter((one) => endOf(one) === null).length < MOST_OPEN
    ? null
    : conflict(field, `the customer has ${String(MOST_OPEN)} licences; revoke those that are not needed`);
}
