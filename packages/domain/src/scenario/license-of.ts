import type { ScenarioLicense } from '../catalog/catalog.js';
import type { Release } from '../customer.js';
import { type CustomerId, parseLicenseId } from '../ids.js';
import { firstEnds } from '../license/issue.js';
import type { License } from '../license/license.js';
import { nextTermChange, termAfter } from '../license/term.js';
import type { Instant, TimeZone } from '../time/instant.js';

interface Surroundings {
  readonly release: Release;
  readonly customerId: CustomerId;
  readonly timeZone: TimeZone;
  readonly yearAgo: Instant;
  readonly now: Instant;
}

/** A licence that a scenario describes, as its dates have made it until `now`. */
export function licenseOf(
  { release, customerId, timeZone, yearAgo, now }: Surroundings,
  given: ScenarioLicense,
  index: number,
): License {
  const planVersion = release.planVersions.get(given.plan);
  const id = parseLicenseId(`lic_${String(index)}`);
  if (planVersion === undefined || id === null) throw new Error('the parser saw to it that the plan exists');
  const startsAt = given.startsAt ?? yearAgo;
  const issued: License = {
    ...{ id, customerId, planVersion, startsAt },
    keyHint: '',
    keyDigest: '',
    quantities: given.quantities,
    ...firstEnds(planVersion.plan, given, startsAt, timeZone),
    machineLimit: null,
    term: { phase: 'SCHEDULED' },
    standing: { kind: 'GOOD' },
    creditsGiven: new Map(),
  };
  return { ...asOf(issued, now, timeZone), standing: standingOf(given, yearAgo) };
}

function asOf(license: License, now: Instant, zone: TimeZone): License {
  const at = nextTermChange(license);
  return at === null || at > now
    ? license
    : asOf({ ...license, term: termAfter(license, at, zone) }, now, zone);
}

function standingOf({ suspended, revokedAt }: ScenarioLicense, yearAgo: Instant): License['standing'] {
  if (revokedAt !== null) return { kind: 'REVOKED', since: revokedAt };
  return suspended ? { kind: 'SUSPENDED', since: yearAgo } : { kind: 'GOOD' };
}
