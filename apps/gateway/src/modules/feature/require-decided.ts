import { isDecided, parseFeatureKey, type Feature, type Release } from '@licet/domain';
import { badInput } from '../../errors/api-error.js';

/** The feature of this key in the release; null where it has none. */
export function featureOf(release: Release, text: string): Feature | null {
  const key = parseFeatureKey(text);
  return (key && release.catalog.features.get(key)) ?? null;
}

/** BAD_USER_INPUT for a feature that is in the catalog and that no rule here decides yet (seats). */
export function requireDecided(release: Release, feature: string, field: string): Feature | null {
  const found = featureOf(release, feature);
  if (found && !isDecided(found)) {
    throw badInput(field, `\`${feature}\` is not supported yet: seats are not decided by this version`);
  }
  return found;
}
