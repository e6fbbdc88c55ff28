import type { LicenseData } from '@licet/api-types';
import {
  boughtOf,
  type CustomerId,
  formatInstant,
  type Instant,
  instant,
  type License,
  type LicenseId,
  type LicenseStanding,
  licenseStatus,
  type LicenseTerm,
  parseFeatureKey,
  type PlanVersion,
} from '@licet/domain';
import type { Column } from './columns.js';
import { machineFromRow, type MachineRow } from './machine.js';
import { mapOf } from './map-of.js';

/** A licence with what only the database knows of it. */
export interface StoredLicense {
  readonly license: License;
  readonly createdAt: Instant;
}

/** A row of `license`; `release` names the one that holds the plan version. Written only from a domain value. */
export interface LicenseRow {
  readonly id: LicenseId;
  readonly customer_id: CustomerId;
  readonly plan: string;
  readonly plan_version: number;
  readonly release: number;
  readonly key_hint: string;
  readonly key_digest: string;
  readonly quantities: Readonly<Record<string, number>>;
  readonly starts_at: Date;
  readonly expires_at: Date | null;
  readonly maintenance_until: Date | null;
  readonly machine_limit: number | null;
  readonly phase: LicenseTerm['phase'];
  readonly grace_ends_at: Date | null;
  readonly ended_at: Date | null;
  readonly standing: LicenseStanding['kind'];
  readonly standing_since: Date | null;
  readonly credits_given: Readonly<Record<string, number>>;
  readonly deactivations: readonly number[];
  /** Read where a verdict may rest on them; left out elsewhere. */
  readonly machines?: readonly MachineRow[];
  /** How many there are, and hold a place, where `machines` are not all; left out elsewhere. */
  readonly activated?: number;
  readonly places_held?: number;
  readonly created_at: Date;
}

export function licenseFromRow(row: LicenseRow, planVersion: PlanVersion): License {
  return {
    id: row.id,
    customerId: row.customer_id,
    planVersion,
    keyHint: row.key_hint,
    keyDigest: row.key_digest,
    quantities: mapOf(Object.entries(row.quantities), ([text, quantity]) => {
      const key = parseFeatureKey(text);
      if (key === null) throw new Error(`the database holds a feature key that is none: ${text}`);
      return [key, quantity];
    }),
    startsAt: instant(row.starts_at.getTime()),
    expiresAt: maybeAt(row.expires_at),
    maintenanceUntil: maybeAt(row.maintenance_until),
    machineLimit: row.machine_limit,
    term: termFromRow(row),
    standing: standingFromRow(row),
    machines: (row.machines ?? []).map(machineFromRow),
    ...unreadMachines(row),
    deactivations: row.deactivations.map(instant),
    creditsGiven: mapOf(
      Object.entries(row.credits_given),
      ([name, start]) => [name, instant(start)] as const,
    ),
  };
}

function unreadMachines({
  machines = [],
  activated,
  places_held: held,
}: LicenseRow): Pick<License, 'unread'> {
  if (activated === undefined || held === undefined) return {};
  const read = machines.filter((machine) => machine.in_use_until !== null);
  return { unread: { activated: activated - machines.length, inUse: held - read.length } };
}

function termFromRow({ phase, grace_ends_at: graceEnd, ended_at: end }: LicenseRow): LicenseTerm {
  switch (phase) {
    case 'SCHEDULED':
    case 'ACTIVE':
      return { phase };
    case 'GRACE':
      return { phase, graceEndsAt: at(graceEnd) };
    case 'EXPIRED':
      return { phase, endedAt: at(end) };
  }
}

function standingFromRow({ standing: kind, standing_since: since }: LicenseRow): LicenseStanding {
  return kind === 'GOOD' ? { kind } : { kind, since: at(since) };
}

/** A column that must be set in this state. */
function at(date: Date | null): Instant {
  if (date === null) throw new Error('a licence row lacks an instant that its state needs');
  return instant(date.getTime());
}

function maybeAt(date: Date | null): Instant | null {
  return date === null ? null : instant(date.getTime());
}

/** What a row holds, but for when it was made. The first two name it and never change. */
export const LICENSE_ROW: readonly Column<Pick<StoredLicense, 'license'>>[] = [
  { name: 'id', type: 'text', of: ({ license }) => license.id },
  { name: 'customer_id', type: 'text', of: ({ license }) => license.customerId },
  { name: 'plan', type: 'text', of: ({ license }) => license.planVersion.plan.key },
  { name: 'plan_version', type: 'int', of: ({ license }) => license.planVersion.version },
  { name: 'key_hint', type: 'text', of: ({ license }) => license.keyHint },
  { name: 'key_digest', type: 'text', of: ({ license }) => license.keyDigest },
  { name: 'quantities', type: 'jsonb', of: ({ license }) => Object.fromEntries(license.quantities) },
  { name: 'starts_at', type: 'timestamptz', of: ({ license }) => license.startsAt },
  { name: 'expires_at', type: 'timestamptz', of: ({ license }) => license.expiresAt },
  { name: 'maintenance_until', type: 'timestamptz', of: ({ license }) => license.maintenanceUntil },
  { name: 'machine_limit', type: 'int', of: ({ license }) => license.machineLimit },
  { name: 'phase', type: 'text', of: ({ license }) => license.term.phase },
  { name: 'grace_ends_at', type: 'timestamptz', of: ({ license }) => graceEnd(license.term) },
  { name: 'ended_at', type: 'timestamptz', of: ({ license }) => termEnd(license.term) },
  { name: 'standing', type: 'text', of: ({ license }) => license.standing.kind },
  { name: 'standing_since', type: 'timestamptz', of: ({ license }) => standsSince(license.standing) },
  { name: 'credits_given', type: 'jsonb', of: ({ license }) => Object.fromEntries(license.creditsGiven) },
  { name: 'deactivations', type: 'jsonb', of: ({ license }) => license.deactivations },
];

function graceEnd(term: LicenseTerm): Instant | null {
  return term.phase === 'GRACE' ? term.graceEndsAt : null;
}

function termEnd(term: LicenseTerm): Instant | null {
  return term.phase === 'EXPIRED' ? term.endedAt : null;
}

function standsSince(standing: LicenseStanding): Instant | null {
  return standing.kind === 'GOOD' ? null : standing.since;
}

/** The same, and when it was made. */
export const STORED_LICENSE_ROW: readonly Column<StoredLicense>[] = [
  ...LICENSE_ROW,
  { name: 'created_at', type: 'timestamptz', of: ({ createdAt }) => createdAt },
];

/** A row as an idempotency record keeps it: by column, instants as text. */
export function licenseToRecord(stored: StoredLicense): Record<string, unknown> {
  return Object.fromEntries(
    STORED_LICENSE_ROW.map((column) => [
      column.name,
      column.type === 'timestamptz' ? iso(column.of(stored)) : column.of(stored),
    ]),
  );
}

/** What events say of a licence: no customer id, which erasure would have to find, and nothing of its key but the hint. */
export function licenseToJson(license: License): LicenseData {
  const { id, planVersion, keyHint, machineLimit, term, standing } = license;
  return {
    id,
    plan: planVersion.plan.key,
    planVersion: planVersion.version,
    keyHint,
    status: licenseStatus(license),
    term: term.phase,
    quantities: Object.fromEntries(boughtOf(license)),
    startsAt: formatInstant(license.startsAt),
    expiresAt: iso(license.expiresAt),
    maintenanceUntil: iso(license.maintenanceUntil),
    graceEndsAt: iso(graceEnd(term)),
    endedAt: iso(termEnd(term)),
    standingSince: iso(standsSince(standing)),
    machineLimit,
  };
}

function iso(value: Instant | null): string | null {
  return value === null ? null : formatInstant(value);
}
