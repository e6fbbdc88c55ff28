import { parseFeatureKey, type Feature, type Release } from '@licet/domain';

/** The feature of this key in the release; null where it has none. */
export function featureOf(release: Release, text: string): Feature | null {
  const key = parseFeatureKey(text);
  return (key && release.catalog.features.get(key)) ?? null;
}
