import {
  type CustomerId,
  execute,
  instant,
  type Instant,
  type KnownState,
  knownState,
  parseCatalogDocument,
  parseCustomerId,
  parseFeatureKey,
  parsePlanKey,
  parseSubscriptionId,
  parseTimeZone,
  type Release,
  unusedMeter,
  windowAt,
} from '@licet/domain';
import { CATALOG, PLAN } from '../seed/catalog.js';
import { known } from '../seed/tenant.js';
import { CUSTOMERS, FEATURES, usedBy } from './questions.js';

const UTC = known(parseTimeZone('UTC'));
const DAY = 86_400_000;

/** The state at `now` of each customer that is asked about, by id: in its first window, with units used of each feature asked about. */
export function statesAt(now: Instant): ReadonlyMap<string, KnownState> {
  const bought = instant(now - 5 * DAY);
  const release = releaseOf(CATALOG, bought);
  return new Map(
    CUSTOMERS.map((id, place) => {
      const customer = { id: known(parseCustomerId(id)), used: usedBy(place), bought };
      return [id, stateOf(release, customer, now)] as const;
    }),
  );
}

function releaseOf(document: unknown, at: Instant): Release {
  const parse = parseCatalogDocument(document);
  if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
  const plans = [...parse.catalog.plans.values()];
  return {
    number: 1,
    publication: { version: 1, at, undoesAfter: null, timeZone: UTC },
    catalog: parse.catalog,
    planVersions: new Map(plans.map((plan) => [plan.key, { plan, version: 1 }])),
    addOnVersions: new Map(),
  };
}

interface Customer {
  readonly id: CustomerId;
  readonly used: number;
  readonly bought: Instant;
}

function stateOf(release: Release, { id, used, bought }: Customer, now: Instant): KnownState {
  const outcome = execute(
    {
      id,
      profile: { name: null, attributes: {}, createdAt: bought },
      timeZone: UTC,
      trialsGiven: new Set(),
      windowAnchors: new Map(),
      subscriptions: [],
      licenses: [],
      grants: [],
      meters: new Map(),
      reservations: [],
      leases: [],
      blocks: [],
      seats: [],
      turnedUntil: bought,
    },
    {
      kind: 'subscribe',
      subscriptionId: known(parseSubscriptionId('sub_1')),
      plan: known(parsePlanKey(PLAN)),
      addOns: [],
      quantities: new Map(),
      trial: false,
      startsAt: null,
    },
    release,
    bought,
  );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const { account } = outcome;
  const meters = FEATURES.map((text) => {
    const feature = release.catalog.features.get(known(parseFeatureKey(text)));
    if (feature?.type !== 'METERED') throw new Error(`${text} is not metered`);
    return [feature.key, { ...unusedMeter(feature.key, windowAt(feature, account, now)), used }] as const;
  });
  return knownState(release, { ...account, meters: new Map(meters) });
}

/** Tokens tell times in whole seconds. */
export function inSeconds(milliseconds: number): Instant {
  return instant(Math.floor(milliseconds / 1000) * 1000);
}
