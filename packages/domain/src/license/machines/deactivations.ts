import { addDuration } from '../../time/calendar.js';
import type { Instant, TimeZone } from '../../time/instant.js';
import type { License } from '../license.js';

/** The deactivations that count at `at`, oldest first: those of the last `per`, all where the plan names none. */
export function countedDeactivations(
  { deactivations, planVersion }: License,
  at: Instant,
  zone: TimeZone,
): readonly Instant[] {
  const per = planVersion.plan.machines?.per ?? null;
  return per === null ? deactivations : deactivations.filter((one) => at < addDuration(one, per, zone));
}

/** How many more there may be; null: as many as one likes. */
export function deactivationsLeft(license: License, at: Instant, zone: TimeZone): number | null {
  const most = license.planVersion.plan.machines?.deactivations ?? null;
  return most === null ? null : Math.max(0, most - countedDeactivations(license, at, zone).length);
}

/** When there may be so many more again; null: never. Asked where fewer are left. */
export function deactivationsFreeAt(
  license: License,
  wanted: number,
  at: Instant,
  zone: TimeZone,
): Instant | null {
  const { per = null, deactivations: most = null } = license.planVersion.plan.machines ?? {};
  const counted = countedDeactivations(license, at, zone);
  const leaving = most === null ? undefined : counted[counted.length + wanted - most - 1];
  return per === null || leaving === undefined ? null : addDuration(leaving, per, zone);
}

/** What the licence keeps of deactivations after one more; none where nobody counts them. */
export function withDeactivation(license: License, at: Instant, zone: TimeZone): readonly Instant[] {
  return license.planVersion.plan.machines?.deactivations == null
    ? license.deactivations
    : [...countedDeactivations(license, at, zone), at];
}
