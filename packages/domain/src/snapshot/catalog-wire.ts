import { parseAddOnKey, parseFeatureKey, parsePlanFamily, parsePlanKey } from '../ids.js';
import { either, integer, list, literal, number, object, text, variants } from './codec.js';
import { count, duration, durationOrNull, mapOf, time, timeZone, word } from './wire.js';

/** What a snapshot holds of a release: `catalog/catalog.ts` in the form of JSON, conditions as their texts. */

export const featureKey = word(parseFeatureKey);
export const planKey = word(parsePlanKey);
export const addOnKey = word(parseAddOnKey);

const threshold = either(object({ percent: number }), object({ units: count }));
const whenUnknown = variants('kind', [
  object({ kind: literal('CLOSED') }),
  object({ kind: literal('OPEN') }),
  object({ kind: literal('LAST_KNOWN'), maxAge: duration }),
]);
const feature = { key: featureKey, name: text, whenUnknown, needsSeat: featureKey.nullable() };
const counted = { unit: text.nullable(), combine: literal('max', 'sum'), notifyAt: list(threshold) };

const features = list(
  variants('type', [
    object({ ...feature, type: literal('BOOLEAN'), versions: mapOf(text, time) }),
    object({ ...feature, type: literal('LIMIT'), ...counted }),
    object({
      ...feature,
      type: literal('METERED'),
      ...counted,
      window: object({ every: duration, anchor: literal('subscription', 'calendar') }).nullable(),
      rollover: object({ atMost: count.nullable(), for: duration }).nullable(),
    }),
    object({
      ...feature,
      type: literal('SEATS'),
      combine: literal('max', 'sum'),
      seats: variants('kind', [
        object({ kind: literal('NAMED'), cooldown: durationOrNull }),
        object({ kind: literal('FLOATING'), lease: duration }),
      ]),
    }),
    object({
      ...feature,
      type: literal('CONFIG'),
      values: list(text),
      combine: literal('order', 'specific'),
    }),
  ]),
);

const limit = count.nullable();
const enforcement = variants('kind', [
  object({ kind: literal('HARD') }),
  object({ kind: literal('SOFT'), overage: threshold }),
  object({ kind: literal('NONE') }),
]);
const limitOutcome = object({ limit, enforcement });
const entitlements = mapOf(
  featureKey,
  variants('kind', [
    object({ kind: literal('ON') }),
    object({ kind: literal('UNITS'), limit, enforcement }),
    object({ kind: literal('BOUGHT'), atLeast: count, atMost: count.nullable(), default: count }),
    object({
      kind: literal('BLOCKS'),
      blocks: list(
        object({
          quantity: count,
          expiresAfter: durationOrNull,
          priority: integer(),
          given: literal('once', 'everyPeriod'),
        }),
      ),
    }),
    object({ kind: literal('VALUE'), value: text }),
  ]),
);

const rule = { name: text, feature: featureKey, when: text };
const planRule = object({ ...rule, then: either(literal('allow', 'deny'), limitOutcome) });
const catalogRule = object({ ...rule, then: either(literal('deny'), object({ limit })) });

/** Of a version of a plan; `rules` still have their conditions as texts. */
export const wirePlanVersion = object({
  version: integer(),
  plan: object({
    key: planKey,
    name: text,
    family: word(parsePlanFamily),
    model: literal('PERPETUAL', 'SUBSCRIPTION', 'USAGE', 'SEATS'),
    period: durationOrNull,
    trial: object({
      for: duration,
      then: variants('kind', [
        object({ kind: literal('PLAN'), plan: planKey }),
        object({ kind: literal('CONTINUE') }),
        object({ kind: literal('EXPIRE') }),
      ]),
    }).nullable(),
    grace: durationOrNull,
    onExpiry: planKey.nullable(),
    onCancel: planKey.nullable(),
    onPause: object({ clock: literal('stops', 'runs') }),
    offline: object({ refreshAfter: duration, staleFor: duration, grace: duration }).nullable(),
    maintenance: durationOrNull,
    machines: object({
      limit: count,
      match: literal('any', 'two', 'most', 'all'),
      atOnce: count.nullable(),
      deactivations: count.nullable(),
      per: durationOrNull,
      whenFull: literal('refuse', 'replaceOldest'),
      offlineFiles: count.nullable(),
    }).nullable(),
    entitlements,
    rules: list(planRule),
  }),
});
export const wireAddOnVersion = object({
  version: integer(),
  addOn: object({ key: addOnKey, name: text, with: list(planKey), entitlements }),
});

const transition = object({
  from: list(planKey),
  to: list(planKey),
  takesEffect: literal('now', 'periodEnd'),
  usage: literal('carry', 'reset', 'prorate'),
  seatsAbove: variants('kind', [
    object({ kind: literal('BLOCK') }),
    object({ kind: literal('REFUSE') }),
    object({ kind: literal('RELEASE_NEWEST_AFTER'), after: duration }),
  ]),
  addOnsNotOffered: literal('drop', 'refuse'),
});
const policy = literal('stay', 'atRenewal', 'now');

export const wireRelease = object({
  number: integer(),
  publication: object({
    version: integer(),
    at: time,
    undoesAfter: integer().nullable(),
    timeZone,
  }),
  catalog: object({
    name: text,
    timeZone: timeZone.nullable(),
    staleFor: duration,
    expiringSoon: list(duration),
    features,
    rules: list(catalogRule),
    transitions: list(transition).nullable(),
    existingSubscriptions: object({ default: policy, byPlan: mapOf(planKey, policy) }),
    /** Which plans each add-on is sold with. */
    addOnsWith: mapOf(addOnKey, list(planKey)),
  }),
  /** Places in the lists of plan and add-on versions. */
  plansSold: list(count),
  addOnsSold: list(count),
});
