import type { GrantEffect } from '../grant/grant.js';
import { readGiven } from '../grant/read-value.js';
import type { FeatureKey } from '../ids.js';
import type { Feature, ScenarioGrant } from './catalog.js';
import type { ScenarioDocument } from './scenario-document.js';
import type { Path, Report } from './problem.js';
import { mustExist } from './references.js';

type GrantDocument = NonNullable<ScenarioDocument['given']['grants']>[number];

const EFFECTS = { add: 'ADD', replace: 'REPLACE', block: 'BLOCK' } as const satisfies Record<
  string,
  GrantEffect
>;

/** The grants of a scenario, but for those that are broken, and told. */
export function buildScenarioGrants(
  documents: readonly GrantDocument[],
  features: ReadonlyMap<FeatureKey, Feature>,
  path: Path,
  report: Report,
): ScenarioGrant[] {
  return documents.flatMap((document, index): ScenarioGrant[] => {
    const { feature: key, effect = 'add', value, startsAt = null, expiresAt = null } = document;
    const place = [...path, index];
    mustExist({ kind: 'feature', known: features }, key, [...place, 'feature'], report);
    const feature = features.get(key);
    if (!feature) return [];
    const given = readGiven(feature, EFFECTS[effect], value);
    if ('kind' in given) return [{ feature: key, given, startsAt, expiresAt }];
    report([...place, 'value'], given.refusal.message, { restsOn: [['features', key]] });
    return [];
  });
}
