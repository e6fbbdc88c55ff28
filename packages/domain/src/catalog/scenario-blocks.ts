import { isPrepaid } from '../credits/credit-block.js';
import type { FeatureKey } from '../ids.js';
import type { Feature, ScenarioBlock } from './catalog.js';
import type { ScenarioDocument } from './scenario-document.js';
import type { Path, Report } from './problem.js';
import { mustExist } from './references.js';

type BlockDocument = NonNullable<ScenarioDocument['given']['blocks']>[number];

/** The credits of a scenario, but for those that are broken, and told. */
export function buildScenarioBlocks(
  documents: readonly BlockDocument[],
  features: ReadonlyMap<FeatureKey, Feature>,
  path: Path,
  report: Report,
): ScenarioBlock[] {
  return documents.flatMap((document, index): ScenarioBlock[] => {
    const { feature: key, quantity, spent = 0, held = 0, priority = 0 } = document;
    const place = [...path, index];
    mustExist({ kind: 'feature', known: features }, key, [...place, 'feature'], report);
    const feature = features.get(key);
    if (!feature) return [];
    if (!isPrepaid(feature))
      report(
        [...place, 'feature'],
        `\`${key}\` is not prepaid; blocks are of features with \`prepaid: true\``,
        {
          restsOn: [['features', key]],
        },
      );
    if (spent + held > quantity)
      report(
        [...place, 'spent'],
        `more is spent and held than the ${String(quantity)} that the block gives; lower it`,
        { restsOn: [[...place, 'quantity']] },
      );
    const { expiresAt = null, addedAt = null } = document;
    return [{ feature: key, quantity, spent, held, priority, expiresAt, addedAt }];
  });
}
