import { z } from 'zod';
import { parseAddOnKey, parseFeatureKey, parsePlanFamily, parsePlanKey } from '../ids.js';
import { count, duration, durationOrNull, list, mapOf, time, timeZone, word } from './wire.js';

/** What a snapshot holds of a release: `catalog/catalog.ts` in the form of JSON, conditions as their texts. */

export const featureKey = word(parseFeatureKey);
export const planKey = word(parsePlanKey);
export const addOnKey = word(parseAddOnKey);

const threshold = z.union([z.object({ percent: z.number() }), z.object({ units: count })]);
const whenUnknown = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('CLOSED') }),
  z.object({ kind: z.literal('OPEN') }),
  z.object({ kind: z.literal('LAST_KNOWN'), maxAge: duration }),
]);
const feature = { key: featureKey, name: z.string(), whenUnknown, needsSeat: featureKey.nullable() };
const counted = { unit: z.string().nullable(), combine: z.enum(['max', 'sum']), notifyAt: list(threshold) };

const features = list(
  z.discriminatedUnion('type', [
    z.object({ ...feature, type: z.literal('BOOLEAN'), versions: mapOf(z.string(), time) }),
    z.object({ ...feature, type: z.literal('LIMIT'), ...counted }),
    z.object({
      ...feature,
      type: z.literal('METERED'),
      ...counted,
      window: z.object({ every: duration, anchor: z.enum(['subscription', 'calendar']) }).nullable(),
      rollover: z.object({ atMost: count.nullable(), for: duration }).nullable(),
    }),
    z.object({
      ...feature,
      type: z.literal('SEATS'),
      combine: z.enum(['max', 'sum']),
      seats: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('NAMED'), cooldown: durationOrNull }),
        z.object({ kind: z.literal('FLOATING'), lease: duration }),
      ]),
    }),
    z.object({
      ...feature,
      type: z.literal('CONFIG'),
      values: list(z.string()),
      combine: z.enum(['order', 'specific']),
    }),
  ]),
);

const limit = count.nullable();
const enforcement = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('HARD') }),
  z.object({ kind: z.literal('SOFT'), overage: threshold }),
  z.object({ kind: z.literal('NONE') }),
]);
const limitOutcome = z.object({ limit, enforcement });
const entitlements = mapOf(
  featureKey,
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('ON') }),
    z.object({ kind: z.literal('UNITS'), limit, enforcement }),
    z.object({ kind: z.literal('BOUGHT'), atLeast: count, atMost: count.nullable(), default: count }),
    z.object({
      kind: z.literal('BLOCKS'),
      blocks: list(
        z.object({
          quantity: count,
          expiresAfter: durationOrNull,
          priority: z.int(),
          given: z.enum(['once', 'everyPeriod']),
        }),
      ),
    }),
    z.object({ kind: z.literal('VALUE'), value: z.string() }),
  ]),
);

const rule = { name: z.string(), feature: featureKey, when: z.string() };
const planRule = z.object({ ...rule, then: z.union([z.enum(['allow', 'deny']), limitOutcome]) });
const catalogRule = z.object({ ...rule, then: z.union([z.literal('deny'), z.object({ limit })]) });

/** Of a version of a plan; `rules` still have their conditions as texts. */
export const wirePlanVersion = z.object({
  version: z.int(),
  plan: z.object({
    key: planKey,
    name: z.string(),
    family: word(parsePlanFamily),
    model: z.enum(['PERPETUAL', 'SUBSCRIPTION', 'USAGE', 'SEATS']),
    period: durationOrNull,
    trial: z
      .object({
        for: duration,
        then: z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('PLAN'), plan: planKey }),
          z.object({ kind: z.literal('CONTINUE') }),
          z.object({ kind: z.literal('EXPIRE') }),
        ]),
      })
      .nullable(),
    grace: durationOrNull,
    onExpiry: planKey.nullable(),
    onCancel: planKey.nullable(),
    onPause: z.object({ clock: z.enum(['stops', 'runs']) }),
    offline: z.object({ refreshAfter: duration, staleFor: duration, grace: duration }).nullable(),
    maintenance: durationOrNull,
    machines: z
      .object({
        limit: count,
        match: z.enum(['any', 'two', 'most', 'all']),
        atOnce: count.nullable(),
        deactivations: count.nullable(),
        per: durationOrNull,
        whenFull: z.enum(['refuse', 'replaceOldest']),
        offlineFiles: count.nullable(),
      })
      .nullable(),
    entitlements,
    rules: list(planRule),
  }),
});
export const wireAddOnVersion = z.object({
  version: z.int(),
  addOn: z.object({ key: addOnKey, name: z.string(), with: list(planKey), entitlements }),
});

const transition = z.object({
  from: list(planKey),
  to: list(planKey),
  takesEffect: z.enum(['now', 'periodEnd']),
  usage: z.enum(['carry', 'reset', 'prorate']),
  seatsAbove: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('BLOCK') }),
    z.object({ kind: z.literal('REFUSE') }),
    z.object({ kind: z.literal('RELEASE_NEWEST_AFTER'), after: duration }),
  ]),
  addOnsNotOffered: z.enum(['drop', 'refuse']),
});
const policy = z.enum(['stay', 'atRenewal', 'now']);

export const wireRelease = z.object({
  number: z.int(),
  publication: z.object({
    version: z.int(),
    at: time,
    undoesAfter: z.int().nullable(),
    timeZone,
  }),
  catalog: z.object({
    name: z.string(),
    timeZone: timeZone.nullable(),
    staleFor: duration,
    expiringSoon: list(duration),
    features,
    rules: list(catalogRule),
    transitions: list(transition).nullable(),
    existingSubscriptions: z.object({ default: policy, byPlan: mapOf(planKey, policy) }),
    /** Which plans each add-on is sold with. */
    addOnsWith: mapOf(addOnKey, list(planKey)),
  }),
  /** Places in the lists of plan and add-on versions. */
  plansSold: list(count),
  addOnsSold: list(count),
});
