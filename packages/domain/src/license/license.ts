import type { CustomerId, FeatureKey, LicenseId } from '../ids.js';
import type { PlanVersion } from '../subscription/subscription.js';
import type { Instant } from '../time/instant.js';
import type { Machine } from './machines/machine.js';

/** Where the dates of a licence have brought it, whatever else was done to it. */
export type LicenseTerm =
  | { readonly phase: 'SCHEDULED' }
  | { readonly phase: 'ACTIVE' }
  | { readonly phase: 'GRACE'; readonly graceEndsAt: Instant }
  | { readonly phase: 'EXPIRED'; readonly endedAt: Instant };

/** What was done to a licence. REVOKED is final, and its dates change it no more. */
export type LicenseStanding =
  { readonly kind: 'GOOD' } | { readonly kind: 'SUSPENDED' | 'REVOKED'; readonly since: Instant };

/** A key-bearing right to a plan; docs/rules.md, "Licence". It keeps the plan version that it was issued in. */
export interface License {
  readonly id: LicenseId;
  readonly customerId: CustomerId;
  readonly planVersion: PlanVersion;
  /** The first characters of its key. */
  readonly keyHint: string;
  /** By which its key is known: one of another digest does not open it. It tells nothing of the key. */
  readonly keyDigest: string;
  /** As they were chosen; see `boughtOf`. */
  readonly quantities: ReadonlyMap<FeatureKey, number>;
  readonly startsAt: Instant;
  /** Null: it never ends. */
  readonly expiresAt: Instant | null;
  /** Versions of the product that came out from then on are not covered; null: all are. */
  readonly maintenanceUntil: Instant | null;
  /** Instead of the plan's; null: the plan's, or it is not bound to machines. */
  readonly machineLimit: number | null;
  readonly term: LicenseTerm;
  readonly standing: LicenseStanding;
  /** Those that are activated on it, in the order of their activation; none where its plan is not bound to machines. */
  readonly machines: readonly Machine[];
  /** Machines that were left unread, because nothing that is asked is about them. Left out: all are read. */
  readonly unread?: UnreadMachines;
  /** When machines were deactivated, as far as it counts; see `countedDeactivations`. */
  readonly deactivations: readonly Instant[];
  /** Credit blocks that its plan has given, by what offers them: the start of the period last given for. */
  readonly creditsGiven: ReadonlyMap<string, Instant>;
}

/** Places that they hold end no sooner than the first place of those that were read. */
export interface UnreadMachines {
  readonly activated: number;
  /** How many of them hold a place `atOnce`. */
  readonly inUse: number;
}

export type LicenseStatus = LicenseTerm['phase'] | 'SUSPENDED' | 'REVOKED';

export type LicenseEventType =
  | 'license.issued'
  | 'license.started'
  | 'license.grace_started'
  | 'license.expired'
  | 'license.renewed'
  | 'license.adjusted'
  | 'license.suspended'
  | 'license.reinstated'
  | 'license.revoked'
  | 'license.key_rotated'
  | 'license.archived';

/** What was done to it counts before what its dates say. */
export function licenseStatus({ standing, term }: License): LicenseStatus {
  return standing.kind === 'GOOD' ? term.phase : standing.kind;
}

/** Since when it has ended, by its dates or because it was revoked; null: it has not. */
export function endOf({ standing, term }: License): Instant | null {
  if (standing.kind === 'REVOKED') return standing.since;
  return term.phase === 'EXPIRED' ? term.endedAt : null;
}

/** Whether it gives what its plan lists. */
export function isLicenseGiving(license: License): boolean {
  const status = licenseStatus(license);
  return status === 'ACTIVE' || status === 'GRACE';
}

/** How many machines it may be bound to; null: it is not bound to machines. */
export function machineLimitOf({ machineLimit, planVersion }: License): number | null {
  const { machines } = planVersion.plan;
  return machines === null ? null : (machineLimit ?? machines.limit);
}
