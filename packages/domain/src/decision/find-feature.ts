import type { Feature } from '../catalog/catalog.js';
import type { Release } from '../customer.js';
import { parseFeatureKey } from '../ids.js';

/** The feature that a request names; null: the release has none of that name. */
export function findFeature(release: Release, text: string): Feature | null {
  const key = parseFeatureKey(text);
  return key === null ? null : (release.catalog.features.get(key) ?? null);
}
