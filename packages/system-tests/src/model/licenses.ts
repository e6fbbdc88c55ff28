import { type Account, type Bought, type License, meet, Refusal, tell } from './account.js';
import { checkLists, numbersOf } from './bought.js';
import { lastFrom, nextFrom, plus } from './calendar.js';
import { PLANS, type PlanKey } from './plans.js';
import { givesEveryPeriod } from './credits.js';
import { hasLicenseEnded } from './license-status.js';
import { beginWindows } from './windows.js';

type Quantities = Bought['quantities'];

export interface IssueLicense {
  readonly id: string;
  readonly plan: PlanKey;
  /** Null: now. */
  readonly startsAt: number | null;
  /** Null: what the plan says. */
  readonly expiresAt: number | null;
  readonly maintenanceUntil: number | null;
  readonly quantities: Quantities | null;
  readonly machineLimit: number | null;
}

export function issueLicense(account: Account, asked: IssueLicense): void {
  const { id, plan, quantities } = asked;
  const { zone, now } = account;
  checkLists(plan, { addOns: null, quantities });
  checkMachineLimit(plan, asked.machineLimit);
  const startsAt = asked.startsAt ?? now;
  const expiresAt = asked.expiresAt ?? after(startsAt, PLANS[plan].period, zone);
  const maintenanceUntil = asked.maintenanceUntil ?? after(startsAt, PLANS[plan].maintenance, zone);
  for (const end of [expiresAt, maintenanceUntil])
    if (end !== null && end <= startsAt) throw new Refusal('BAD_USER_INPUT');
  const license: License = {
    ...{ id, plan, startsAt, expiresAt, maintenanceUntil },
    phase: 'SCHEDULED',
    graceEndsAt: null,
    endedAt: null,
    suspended: false,
    revokedAt: null,
    addOns: {},
    quantities: quantities ?? {},
    prorated: new Map(),
    machineLimit: asked.machineLimit,
    machines: [],
    deactivations: [],
    keys: 1,
    archived: false,
    periodStart: startsAt,
    given: new Map(),
  };
  account.licenses.push(license);
  account.commandAt = Math.min(startsAt, now);
  tell(account, 'license.issued', id, account.commandAt);
}

function checkMachineLimit(plan: PlanKey, limit: number | null): void {
  if (limit !== null && !PLANS[plan].machines) throw new Refusal('BAD_USER_INPUT');
}

function after(from: number, duration: string | undefined, zone: string): number | null {
  return duration === undefined ? null : plus(from, duration, zone);
}

export interface RenewLicense {
  /** Null: left out. */
  readonly expiresAt: number | null;
  readonly maintenanceUntil: number | null;
  readonly quantities: Quantities | null;
  /** Undefined: left out; null: the plan's. */
  readonly machineLimit: number | null | undefined;
}

export function renewLicense(account: Account, license: License, asked: RenewLicense): void {
  const { plan, startsAt } = license;
  const { zone, now } = account;
  if (license.revokedAt !== null) throw new Refusal('CONFLICT');
  checkLists(plan, { addOns: null, quantities: asked.quantities });
  checkMachineLimit(plan, asked.machineLimit ?? null);
  const { period, maintenance } = PLANS[plan];
  const asPlanned = asked.expiresAt === null && asked.maintenanceUntil === null;
  if (asPlanned && (asked.quantities !== null || asked.machineLimit !== undefined)) {
    adjust(account, license, asked);
    return;
  }
  if (asPlanned && period === undefined && maintenance === undefined) throw new Refusal('CONFLICT');
  const later = (end: number | null, by: string | undefined): number | null =>
    asPlanned && end !== null && by !== undefined ? plus(end, by, zone) : end;
  const expiresAt = asked.expiresAt ?? later(license.expiresAt, period);
  const maintenanceUntil = asked.maintenanceUntil ?? later(license.maintenanceUntil, maintenance);
  const quantities = asked.quantities ?? license.quantities;
  const machineLimit = asked.machineLimit === undefined ? license.machineLimit : asked.machineLimit;
  for (const end of [expiresAt, maintenanceUntil])
    if (end !== null && end <= startsAt) throw new Refusal('BAD_USER_INPUT');
  if (expiresAt !== null && expiresAt <= now) throw new Refusal('CONFLICT');
  const isMaintained = asPlanned && maintenanceUntil !== license.maintenanceUntil;
  if (isMaintained && maintenanceUntil !== null && maintenanceUntil <= now) throw new Refusal('CONFLICT');
  const was = JSON.stringify(changeable(license));
  Object.assign(license, { expiresAt, maintenanceUntil, quantities, machineLimit });
  if (JSON.stringify(changeable(license)) === was) return;
  if (license.phase !== 'SCHEDULED') license.phase = 'ACTIVE';
  Object.assign(license, { graceEndsAt: null, endedAt: null });
  license.archived = false;
  license.periodStart = periodOf(account, license, now);
  beginWindows(account, now);
  tell(account, 'license.renewed', license.id, now);
}

/** Just these numbers, whatever its dates and status are. */
function adjust(account: Account, license: License, { quantities, machineLimit }: RenewLicense): void {
  const numbers = (): string => JSON.stringify([numbersOf(license), license.machineLimit]);
  const was = numbers();
  if (quantities !== null) license.quantities = quantities;
  if (machineLimit !== undefined) license.machineLimit = machineLimit;
  if (numbers() === was) throw new Refusal('CONFLICT');
  meet(account, 'numbers of a licence change alone');
  tell(account, 'license.adjusted', license.id, account.now);
}

function changeable({ expiresAt, maintenanceUntil, quantities, machineLimit }: License): unknown {
  return [expiresAt, maintenanceUntil, machineLimit, Object.entries(quantities).sort()];
}

export function suspendLicense(account: Account, license: License): void {
  if (license.revokedAt !== null) throw new Refusal('CONFLICT');
  if (license.suspended) return;
  license.suspended = true;
  tell(account, 'license.suspended', license.id, account.now);
}

export function reinstateLicense(account: Account, license: License): void {
  if (license.revokedAt !== null) throw new Refusal('CONFLICT');
  if (!license.suspended) return;
  license.suspended = false;
  tell(account, 'license.reinstated', license.id, account.now);
}

export function revokeLicense(account: Account, license: License): void {
  if (license.revokedAt !== null) return;
  license.revokedAt = account.now;
  beginWindows(account, account.now);
  tell(account, 'license.revoked', license.id, account.now);
}

export function rotateKey(account: Account, license: License): void {
  if (license.revokedAt !== null) throw new Refusal('CONFLICT');
  license.keys += 1;
  tell(account, 'license.key_rotated', license.id, account.now);
}

/** The end of its grace; without grace that of the licence. One that runs keeps its end in another zone. */
export function graceEndOf({ zone }: Account, { plan, expiresAt, graceEndsAt }: License): number | null {
  if (graceEndsAt !== null) return graceEndsAt;
  return expiresAt === null ? null : (after(expiresAt, PLANS[plan].grace, zone) ?? expiresAt);
}

/** Where the period that runs at an instant has begun. */
function periodOf({ zone }: Account, { plan, startsAt }: License, at: number): number {
  const { period } = PLANS[plan];
  return period === undefined || at < startsAt ? startsAt : lastFrom(startsAt, period, zone, at);
}

export interface LicenseDue {
  readonly at: number;
  readonly kind: 'start' | 'end' | 'period' | 'archive' | 'place';
  readonly id: string;
  happen(): void;
}

/** When it ended, by its dates or because it was revoked; null while it has not. */
export function licenseEndOf(license: License): number | null {
  return license.revokedAt ?? license.endedAt;
}

function archiveOf(account: Account, license: License): LicenseDue[] {
  const end = licenseEndOf(license);
  if (end === null || license.archived) return [];
  const { id } = license;
  const at = plus(end, 'P90D', account.zone);
  const happen = (): void => {
    license.archived = true;
    if (at > account.announcedUntil) tell(account, 'license.archived', id, at);
  };
  return [{ at, kind: 'archive', id, happen }];
}

/** What time will do to a licence, suspended or not. */
export function licenseDues(account: Account, license: License): LicenseDue[] {
  const { id, plan, phase, startsAt, expiresAt, periodStart } = license;
  if (hasLicenseEnded(license)) return archiveOf(account, license);
  const become = (next: License['phase'], event: string, at: number): void => {
    if (next === 'GRACE') license.graceEndsAt = graceEndOf(account, license);
    if (next === 'EXPIRED') Object.assign(license, { graceEndsAt: null, endedAt: at });
    license.phase = next;
    beginWindows(account, at);
    tell(account, `license.${event}`, id, at);
  };
  if (phase === 'SCHEDULED')
    return [{ at: startsAt, kind: 'start', id, happen: () => become('ACTIVE', 'started', startsAt) }];
  const found: LicenseDue[] = [];
  const end = graceEndOf(account, license);
  if (phase === 'ACTIVE' && expiresAt !== null && end !== null && expiresAt < end)
    found.push({ at: expiresAt, kind: 'end', id, happen: () => become('GRACE', 'grace_started', expiresAt) });
  else if (end !== null)
    found.push({ at: end, kind: 'end', id, happen: () => become('EXPIRED', 'expired', end) });
  const { period } = PLANS[plan];
  if (period !== undefined && givesEveryPeriod(license)) {
    const at = nextFrom(startsAt, period, account.zone, periodStart);
    found.push({
      ...{ at, kind: 'period', id },
      happen: () => {
        license.periodStart = at;
      },
    });
  }
  return found;
}
