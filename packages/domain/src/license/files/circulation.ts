import { type CustomerAccount, knownState, type Release } from '../../customer.js';
import { NOBODY } from '../../decision/asker.js';
import { decideFor } from '../../decision/decide.js';
import { findFeature } from '../../decision/find-feature.js';
import type { Instant } from '../../time/instant.js';
import type { License } from '../license.js';
import { countedFiles, type LicenseFile, offlineLimitOf } from './license-file.js';

/** Files of a licence that are out. */
export interface Circulation {
  /** How many may be; null: that is not bounded. */
  readonly limit: number | null;
  readonly used: number;
  readonly files: readonly LicenseFile[];
}

interface Circulating {
  readonly account: CustomerAccount;
  readonly release: Release;
  readonly license: License;
  /** Files of the customer that are out. */
  readonly out: readonly LicenseFile[];
  readonly now: Instant;
}

/**
 * As they count for a file on this machine with a seat of `seatFeature` (null: without one); docs/rules.md, "Licence files".
 * The seat that it uses is taken.
 */
export function circulationOf(
  { account, release, license, out, now }: Circulating,
  seatFeature: string | null,
  fingerprint: string,
): Circulation {
  const files = countedFiles(license, out, seatFeature, now);
  const counted = { files, used: files.length };
  const ofPlan = offlineLimitOf(license);
  if (ofPlan !== null) return { ...counted, limit: ofPlan };
  if (seatFeature === null) return { ...counted, limit: 1 };
  const feature = findFeature(release, seatFeature);
  if (feature === null) return { ...counted, limit: null };
  const asker = { ...NOBODY, fingerprint };
  const pool = decideFor(knownState(release, account), feature, { quantity: 0, asker }, now);
  // Those that are taken beyond it, in overage, are seats as well.
  return { ...counted, limit: pool.limit === null ? null : Math.max(pool.limit, pool.used ?? 0) };
}
