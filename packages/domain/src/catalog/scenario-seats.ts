import { addDuration } from '../time/calendar.js';
import { type Instant, parseTimeZone } from '../time/instant.js';
import type { FeatureKey } from '../ids.js';
import type { Feature, ScenarioSeat, SeatsFeature } from './catalog.js';
import type { ScenarioDocument } from './scenario-document.js';
import type { Path, Report } from './problem.js';
import { mustExist } from './references.js';

type SeatDocument = NonNullable<ScenarioDocument['given']['seats']>[number];

/** The seats of a scenario, but for those that are broken, and told. A floating one without an end was just leased. */
export function buildScenarioSeats(
  documents: readonly SeatDocument[],
  { features, now }: { readonly features: ReadonlyMap<FeatureKey, Feature>; readonly now: Instant },
  path: Path,
  report: Report,
): ScenarioSeat[] {
  const taken = new Set<string>();
  return documents.flatMap((document, index): ScenarioSeat[] => {
    const { feature: key, memberId, assignedAt = null, coolsUntil = null } = document;
    const place = [...path, index];
    mustExist({ kind: 'feature', known: features }, key, [...place, 'feature'], report);
    const feature = features.get(key);
    if (feature === undefined) return [];
    if (feature.type !== 'SEATS') {
      const message = `\`${key}\` is a ${feature.type.toLowerCase()} feature, not one of seats; name one of \`type: seats\``;
      report([...place, 'feature'], message, { restsOn: [['features', key, 'type']] });
      return [];
    }
    const name = JSON.stringify([key, memberId]);
    if (taken.has(name))
      report([...place, 'memberId'], `the member has a seat of \`${key}\` already; leave one out`);
    taken.add(name);
    const misplaced = feature.seats.kind === 'NAMED' ? 'leaseExpiresAt' : 'coolsUntil';
    if (document[misplaced] !== undefined)
      report([...place, misplaced], misplacedEnd(misplaced), {
        atKey: true,
        restsOn: [['features', key, 'kind']],
      });
    return [
      { feature: key, memberId, assignedAt, coolsUntil, leaseExpiresAt: leaseOf(document, feature, now) },
    ];
  });
}

function misplacedEnd(end: 'leaseExpiresAt' | 'coolsUntil'): string {
  return end === 'leaseExpiresAt'
    ? '`leaseExpiresAt` is of floating seats; leave it out'
    : '`coolsUntil` is of named seats; leave it out';
}

function leaseOf({ leaseExpiresAt }: SeatDocument, { seats }: SeatsFeature, now: Instant): Instant | null {
  if (seats.kind === 'NAMED') return null;
  return leaseExpiresAt ?? addDuration(now, seats.lease, utc());
}

function utc(): NonNullable<ReturnType<typeof parseTimeZone>> {
  const zone = parseTimeZone('UTC');
  if (zone === null) throw new Error('UTC is a time zone');
  return zone;
}
