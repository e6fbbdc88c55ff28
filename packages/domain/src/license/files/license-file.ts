import type { FeatureKey, LicenseFileId, LicenseId, MemberId } from '../../ids.js';
import { addDuration } from '../../time/calendar.js';
import type { Instant, TimeZone } from '../../time/instant.js';
import { type License, machineLimitOf } from '../license.js';

/** A licence for one machine that never sees a network; docs/licence-files.md. */
export interface LicenseFile {
  readonly id: LicenseFileId;
  readonly licenseId: LicenseId;
  /** Of the machine: it is worth nothing on another. */
  readonly fingerprint: string;
  /** Of the machine's request, so that it knows its answer; null: nobody has brought one. */
  readonly nonce: string | null;
  /** Whole seconds, as tokens give times. */
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  /** Units that the machine may spend. */
  readonly budgets: ReadonlyMap<FeatureKey, number>;
  /** The seat that the machine uses; null: it needs none. */
  readonly seat: BorrowedSeat | null;
  /** Null: the machine was not seen again. */
  readonly settled: Settlement | null;
}

export interface BorrowedSeat {
  readonly feature: FeatureKey;
  readonly memberId: MemberId;
}

/** The machine was seen again. */
export interface Settlement {
  readonly at: Instant;
  readonly spent: ReadonlyMap<FeatureKey, number>;
}

export type LicenseFileEventType = 'license.file_issued' | 'license.file_settled';

/** Whether it may be used somewhere: neither has it ended, nor was the machine seen again. */
export function isOut({ settled, expiresAt }: LicenseFile, at: Instant): boolean {
  return settled === null && at < expiresAt;
}

/**
 * How many files of the licence may be out: what the plan says (`offlineFiles`), else as many as it may have machines. Null: it is
 * not bound to machines, and its files are counted by the seat that they use.
 */
export function offlineLimitOf(license: License): number | null {
  const { machines } = license.planVersion.plan;
  return machines && (machines.offlineFiles ?? machineLimitOf(license));
}

/** Those of them that count against the same limit as one with a seat of this feature; null: as one without a seat. */
export function countedFiles(
  license: License,
  files: readonly LicenseFile[],
  seatFeature: string | null,
  at: Instant,
): LicenseFile[] {
  const isBound = license.planVersion.plan.machines !== null;
  return files.filter(
    (file) =>
      file.licenseId === license.id &&
      isOut(file, at) &&
      (isBound || (file.seat?.feature ?? null) === seatFeature),
  );
}

/** When the licence gives nothing any more unless it is renewed, its grace included; null: it never ends. */
export function lastOf({ term, expiresAt, planVersion }: License, zone: TimeZone): Instant | null {
  if (term.phase === 'GRACE') return term.graceEndsAt;
  const { grace } = planVersion.plan;
  return expiresAt === null || grace === null ? expiresAt : addDuration(expiresAt, grace, zone);
}
