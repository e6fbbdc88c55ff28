import type { Catalog, Feature } from '../catalog/catalog.js';
import type { License } from '../license/license.js';
import type { Instant } from '../time/instant.js';

/** Where versions are looked up; `feature` null: of the licence as a whole. */
export interface Versions {
  readonly feature: Feature | null;
  readonly catalog: Catalog;
}

/** Row 15 of the decision codes: whether the licence's maintenance covers the version; null covers as well as any. */
export function coversVersion(
  { maintenanceUntil }: License,
  { feature, catalog }: Versions,
  version: string | null,
  at: Instant,
): boolean {
  if (maintenanceUntil === null || version === null) return true;
  return (releasedAt(version, feature, catalog) ?? at) < maintenanceUntil;
}

/** When time alone takes this version out of the licence's maintenance; null: never, its release date is known. */
export function coverageEnds(
  { maintenanceUntil }: License,
  { feature, catalog }: Versions,
  version: string | null,
): Instant | null {
  return version !== null && releasedAt(version, feature, catalog) === null ? maintenanceUntil : null;
}

/**
 * As the feature says; one that lists no versions is part of the products that do, and goes by the earliest of their dates.
 * Null: the catalog does not know the version.
 */
function releasedAt(version: string, feature: Feature | null, catalog: Catalog): Instant | null {
  const own = versionsOf(feature);
  if (own.size > 0) return own.get(version) ?? null;
  const dates = [...catalog.features.values()].flatMap((one) => versionsOf(one).get(version) ?? []);
  return dates.reduce<Instant | null>((first, date) => (first === null || date < first ? date : first), null);
}

const NONE: ReadonlyMap<string, Instant> = new Map();

function versionsOf(feature: Feature | null): ReadonlyMap<string, Instant> {
  return feature?.type === 'BOOLEAN' ? feature.versions : NONE;
}
