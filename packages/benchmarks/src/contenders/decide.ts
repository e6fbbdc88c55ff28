/** Our decision: the customer's state is looked up by id, and `decide` is asked for units of a metered feature. */
import {
  type CustomerId,
  type CustomerState,
  decide,
  execute,
  instant,
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
import { serve } from './measure.js';
import { CUSTOMERS, FEATURES, LIMIT, usedBy } from './questions.js';

const UTC = known(parseTimeZone('UTC'));
const BOUGHT = instant(Date.UTC(2026, 0, 15));
const NOW = instant(Date.UTC(2026, 0, 20));

const release = releaseOf(CATALOG);
const states = new Map(
  CUSTOMERS.map((id, place) => [id, stateOf(known(parseCustomerId(id)), usedBy(place))]),
);
function releaseOf(document: unknown): Release {
  const parse = parseCatalogDocument(document);
  if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
  const plans = [...parse.catalog.plans.values()];
  return {
    number: 1,
    publication: { version: 1, at: BOUGHT, undoesAfter: null, timeZone: UTC },
    catalog: parse.catalog,
    planVersions: new Map(plans.map((plan) => [plan.key, { plan, version: 1 }])),
    addOnVersions: new Map(),
  };
}

function stateOf(id: CustomerId, used: number): CustomerState {
  const outcome = execute(
    {
      id,
      profile: { name: null, attributes: {}, createdAt: BOUGHT },
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
      turnedUntil: BOUGHT,
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
    BOUGHT,
  );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const { account } = outcome;
  const meters = FEATURES.map((text) => {
    const feature = release.catalog.features.get(known(parseFeatureKey(text)));
    if (feature?.type !== 'METERED') throw new Error(`${text} is not metered`);
    return [feature.key, { ...unusedMeter(feature.key, windowAt(feature, account, NOW)), used }] as const;
  });
  return knownState(release, { ...account, meters: new Map(meters) });
}

serve({
  pass(questions) {
    let sum = 0;
    for (const question of questions) {
      const state = states.get(question.customer);
      if (state === undefined) throw new Error('a question about nobody');
      const decision = decide(state, question, NOW);
      sum += decision.allowed ? (decision.remaining ?? 0) : -1;
    }
    return sum;
  },
  worth: (used, quantity) => (used + quantity <= LIMIT ? LIMIT - used : -1),
});
