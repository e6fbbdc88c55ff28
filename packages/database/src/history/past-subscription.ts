import type { SubscriptionData } from '@licet/api-types';
import {
  type CustomerId,
  type FeatureKey,
  type Instant,
  parseFeatureKey,
  parseInstant,
  parseSubscriptionId,
  type Subscription,
} from '@licet/domain';
import { mapOf } from '../mapping/map-of.js';
import type { VersionLookup } from '../mapping/subscription.js';

/**
 * A subscription as an event holds it: enough to decide on it, at the event's own time. What events do not hold is left
 * empty (anchors, payments, moves) or as it is after every resume (`from`). Null: it is from before
 * events held all that decides.
 */
export function pastSubscription(
  data: SubscriptionData,
  customerId: CustomerId,
  lookup: (plan: string, version: number) => Subscription['planVersion'] | null,
  addOnVersion: VersionLookup['addOnVersion'],
): Subscription | null {
  const id = parseSubscriptionId(data.id);
  const planVersion = lookup(data.plan, data.planVersion);
  const startedAt = parseInstant(data.startedAt);
  const addOns = data.addOns.flatMap(({ addOn, version, quantity }) =>
    version === undefined ? [] : [{ ...addOnVersion({ addOn, version }), quantity }],
  );
  const prorations = prorationsOf(data);
  if (id === null || planVersion === null || startedAt === null || prorations === null) return null;
  if (addOns.length < data.addOns.length) return null;
  const start = maybeInstant(data.currentPeriodStart) ?? startedAt;
  const period = { anchor: start, start, end: maybeInstant(data.currentPeriodEnd) };
  const base = {
    id,
    customerId,
    planVersion,
    addOns,
    quantities: quantitiesOf(data),
    prorations,
    seatsReleasedAt: null,
    creditsGiven: new Map(),
    startedAt,
    lastPaymentAt: null,
    moves: [],
  };
  const pending = { cancelAt: maybeInstant(data.cancelAt), scheduledChange: null };
  return standing(data, { ...base, period }, pending);
}

/** Null: the event does not hold them. */
function prorationsOf({ prorations }: SubscriptionData): Subscription['prorations'] | null {
  if (prorations === undefined) return null;
  return mapOf(Object.entries(prorations), ([text, { limit, until }]) => {
    const [feature, end] = [parseFeatureKey(text), parseInstant(until)];
    if (feature === null || end === null)
      throw new Error(`the log holds a prorated limit that is none: ${text}`);
    return [feature, { limit, until: end }];
  });
}

type Base = Omit<Extract<Subscription, { status: 'ACTIVE' }>, 'status' | 'cancelAt' | 'scheduledChange'>;
type Pending = Pick<Extract<Subscription, { status: 'ACTIVE' }>, 'cancelAt' | 'scheduledChange'>;

function standing(data: SubscriptionData, base: Base, pending: Pending): Subscription | null {
  const { status } = data;
  switch (status) {
    case 'SCHEDULED': {
      const { period: _period, ...rest } = base;
      return { ...rest, ...pending, status, trial: false, paid: false, failed: false };
    }
    case 'TRIALING': {
      const trialEndsAt = maybeInstant(data.trialEndsAt);
      return trialEndsAt && { ...base, ...pending, status, trialEndsAt, paid: false };
    }
    case 'ACTIVE':
      return { ...base, ...pending, status };
    case 'PAST_DUE': {
      const graceEndsAt = maybeInstant(data.graceEndsAt);
      return graceEndsAt && { ...base, ...pending, status, graceEndsAt };
    }
    case 'PAUSED': {
      const from = { status: 'ACTIVE', failed: false } as const;
      const pausedAt = maybeInstant(data.pausedAt);
      const resumesAt = maybeInstant(data.resumesAt);
      return pausedAt && { ...base, ...pending, status, from, clock: 'runs', pausedAt, resumesAt };
    }
    case 'CANCELED':
    case 'EXPIRED': {
      const endedAt = maybeInstant(data.endedAt);
      return endedAt && { ...base, status, endedAt };
    }
  }
}

function quantitiesOf({ quantities }: SubscriptionData): ReadonlyMap<FeatureKey, number> {
  return new Map(
    Object.entries(quantities).flatMap(([text, quantity]) => {
      const key = parseFeatureKey(text);
      return key === null ? [] : [[key, quantity] as const];
    }),
  );
}

function maybeInstant(text: string | null): Instant | null {
  return text === null ? null : parseInstant(text);
}
