import type { PlanKey } from '../ids.js';
import type { Instant } from '../time/instant.js';
import type { Plan, ScenarioLicense } from './catalog.js';
import type { ScenarioDocument } from './scenario-document.js';
import type { Path, Report } from './problem.js';
import { entriesOf, mustExist } from './references.js';

type LicenseDocument = NonNullable<ScenarioDocument['given']['licenses']>[number];

/** The licences of a scenario, but for those that are broken, and told. */
export function buildScenarioLicenses(
  documents: readonly LicenseDocument[],
  { plans, now }: { readonly plans: ReadonlyMap<PlanKey, Plan>; readonly now: Instant },
  path: Path,
  report: Report,
): ScenarioLicense[] {
  return documents.flatMap((document, index): ScenarioLicense[] => {
    const { plan, quantities = {}, suspended = false } = document;
    const { startsAt = null, expiresAt = null, maintenanceUntil = null, revokedAt = null } = document;
    const place = [...path, index];
    mustExist({ kind: 'plan', known: plans }, plan, [...place, 'plan'], report);
    const sold = plans.get(plan);
    if (!sold) return [];
    if (document.machines !== undefined && sold.machines === null) {
      report([...place, 'machines'], `the plan \`${plan}\` is not bound to machines; leave it out`, {
        restsOn: [['plans', plan, 'machines']],
      });
      return [];
    }
    for (const [part, end] of [
      ['expiresAt', expiresAt],
      ['maintenanceUntil', maintenanceUntil],
    ] as const)
      if (end !== null && startsAt !== null && end <= startsAt)
        report([...place, part], 'it does not lie after `startsAt`; give a later time');
    if (revokedAt !== null && revokedAt > now)
      report([...place, 'revokedAt'], 'it lies after `now`, when it is asked; give an earlier time', {
        restsOn: [[...path.slice(0, -1), 'now']],
      });
    return [
      {
        ...{ plan, startsAt, expiresAt, maintenanceUntil, suspended, revokedAt },
        quantities: new Map(entriesOf(quantities)),
        machines: (document.machines ?? []).map(({ fingerprint, components = [], inUseUntil = null }) => ({
          ...{ fingerprint, components, inUseUntil },
        })),
      },
    ];
  });
}
