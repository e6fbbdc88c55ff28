import { z } from 'zod';
import {
  addOnKey,
  duration,
  featureKey,
  instantText,
  limit,
  name,
  oneOrMore,
  planFamily,
  planKey,
  quantity,
  threshold,
  timeZone,
} from './words.js';

/** The shape of a catalog document. What only makes sense together is checked when the catalog is built. */

const whenUnknown = z.union([z.enum(['closed', 'open']), z.strictObject({ lastKnown: duration })], {
  error: '`closed`, `open` or `{ lastKnown: <duration> }` is expected',
});
const combineUnits = z.enum(['max', 'sum']);
const common = {
  name: name.optional(),
  whenUnknown: whenUnknown.optional(),
  needsSeat: featureKey.optional(),
};

const booleanFeature = z.strictObject({
  ...common,
  type: z.literal('boolean'),
  combine: z.literal('any').optional(),
  versions: z.record(z.string().min(1), instantText).optional(),
});
const limitFeature = z.strictObject({
  ...common,
  type: z.literal('limit'),
  unit: name.optional(),
  combine: combineUnits.optional(),
  notifyAt: z.array(threshold).optional(),
});
const meteredFeature = z.strictObject({
  ...common,
  type: z.literal('metered'),
  unit: name.optional(),
  combine: combineUnits.optional(),
  window: duration.optional(),
  anchor: z.enum(['subscription', 'calendar']).optional(),
  prepaid: z.literal(true, 'only `true` makes sense here; leave `prepaid` out otherwise').optional(),
  rollover: z.strictObject({ atMost: quantity.optional(), for: duration }).optional(),
  notifyAt: z.array(threshold).optional(),
});
const seatsFeature = z.strictObject({
  ...common,
  type: z.literal('seats'),
  kind: z.enum(['named', 'floating']),
  combine: combineUnits.optional(),
  cooldown: duration.optional(),
  lease: duration.optional(),
});
const configFeature = z.strictObject({
  ...common,
  type: z.literal('config'),
  values: z.array(z.string().min(1)).min(1),
  combine: z.enum(['order', 'specific']).optional(),
});
export const feature = z.discriminatedUnion('type', [
  booleanFeature,
  limitFeature,
  meteredFeature,
  seatsFeature,
  configFeature,
]);
export type FeatureDocument = z.output<typeof feature>;

const enforce = { enforce: z.enum(['hard', 'soft', 'none']).optional(), overage: threshold.optional() };
const limitObject = z.strictObject({ limit, ...enforce });

/** What may be given of a feature depends on its type. */
export const entitlementOf = {
  boolean: z.literal(true, 'a boolean feature is given by `true`; leave it out otherwise'),
  units: z.union([limit, limitObject], {
    error: 'a limit, `unlimited`, or `{ limit, enforce, overage }` is expected',
  }),
  seats: z.union(
    [
      limit,
      z.strictObject({
        bought: z.strictObject({
          atLeast: quantity.optional(),
          atMost: quantity.optional(),
          default: quantity,
        }),
      }),
    ],
    { error: 'a number, `unlimited`, or `{ bought: { atLeast, atMost, default } }` is expected' },
  ),
  blocks: z.strictObject({
    blocks: z
      .array(
        z.strictObject({
          quantity: quantity.refine((value) => value >= 1, 'a block holds at least 1'),
          expiresAfter: duration.optional(),
          priority: z.int().optional(),
          given: z.enum(['once', 'everyPeriod']),
        }),
      )
      .min(1),
  }),
  config: z.string("one of the feature's values is expected"),
} as const;

const entitlements = z.record(featureKey, z.unknown());

const condition = z.string().refine((text) => text.trim() !== '', 'a condition is a CEL expression');
const planRule = z.strictObject({
  name,
  feature: featureKey,
  when: condition,
  then: z.union([z.enum(['allow', 'deny']), limitObject], {
    error: '`allow`, `deny` or `{ limit }` is expected',
  }),
});
const catalogRule = z.strictObject({
  name,
  feature: featureKey,
  when: condition,
  then: z.union([z.literal('deny'), z.strictObject({ limit })], {
    error: '`deny` or `{ limit }` is expected',
  }),
});

const machines = z.strictObject({
  limit: z.int().min(1),
  match: z.enum(['any', 'two', 'most', 'all']).optional(),
  atOnce: z.int().min(1).optional(),
  deactivations: z.int().min(0).optional(),
  per: duration.optional(),
  whenFull: z.enum(['refuse', 'replaceOldest']).optional(),
  offlineFiles: z.int().min(0).optional(),
});

export const plan = z.strictObject({
  name: name.optional(),
  family: planFamily.optional(),
  model: z.enum(['subscription', 'usage', 'seats', 'perpetual']),
  period: duration.optional(),
  trial: z.strictObject({ for: duration, then: planKey.optional() }).optional(),
  grace: duration.optional(),
  onExpiry: planKey.optional(),
  onCancel: planKey.optional(),
  onPause: z.strictObject({ clock: z.enum(['stops', 'runs']) }).optional(),
  offline: z.strictObject({ refreshAfter: duration, staleFor: duration, grace: duration }).optional(),
  maintenance: duration.optional(),
  machines: machines.optional(),
  entitlements: entitlements.optional(),
  rules: z.array(planRule).optional(),
});
export type PlanDocument = z.output<typeof plan>;

export const addOn = z.strictObject({ name: name.optional(), with: oneOrMore(planKey), entitlements });
export type AddOnDocument = z.output<typeof addOn>;

export const transition = z.strictObject({
  from: oneOrMore(planKey),
  to: oneOrMore(planKey),
  takesEffect: z.enum(['now', 'periodEnd']).optional(),
  usage: z.enum(['carry', 'reset', 'prorate']).optional(),
  seatsAbove: z
    .union([z.enum(['block', 'refuse']), z.strictObject({ releaseNewestAfter: duration })], {
      error: '`block`, `refuse` or `{ releaseNewestAfter: <duration> }` is expected',
    })
    .optional(),
  addOnsNotOffered: z.enum(['drop', 'refuse']).optional(),
});
export type TransitionDocument = z.output<typeof transition>;

const attributes = z.record(z.string(), z.unknown());
export const scenario = z.strictObject({
  name,
  given: z.strictObject({
    plan: planKey.optional(),
    plans: z.array(planKey).optional(),
    addOns: z.array(addOnKey).optional(),
    quantities: z.record(featureKey, quantity).optional(),
    usage: z.record(featureKey, quantity).optional(),
    grants: z.array(z.unknown()).optional(),
    blocks: z.array(z.unknown()).optional(),
    seats: z.array(z.unknown()).optional(),
    customer: z
      .strictObject({
        attributes: attributes.optional(),
        timeZone: timeZone.optional(),
        createdAt: instantText.optional(),
      })
      .optional(),
    status: z
      .enum(['SCHEDULED', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'PAUSED', 'CANCELED', 'EXPIRED'])
      .optional(),
    paidUntil: instantText.optional(),
    startedAt: instantText.optional(),
    now: instantText.optional(),
  }),
  check: z.strictObject({
    feature: featureKey,
    quantity: quantity.optional(),
    productVersion: z.string().optional(),
    memberId: z.string().optional(),
    context: attributes.optional(),
  }),
  expect: z.record(z.string(), z.unknown()),
});
export type ScenarioDocument = z.output<typeof scenario>;

const migration = z.enum(['stay', 'atRenewal', 'now']);

export const catalogDocument = z.strictObject({
  catalog: z.literal(1, 'this program reads version 1 of the catalog language'),
  name,
  timeZone: timeZone.optional(),
  staleFor: duration.optional(),
  expiringSoon: z.array(duration).optional(),
  features: z.record(featureKey, feature),
  plans: z.record(planKey, plan),
  addOns: z.record(addOnKey, addOn).optional(),
  rules: z.array(catalogRule).optional(),
  transitions: z.array(transition).optional(),
  existingSubscriptions: z
    .union([migration, z.looseObject({ default: migration.optional() }).catchall(migration)], {
      error: '`stay`, `atRenewal`, `now`, or one of them by plan is expected',
    })
    .optional(),
  scenarios: z.array(scenario).optional(),
});
export type CatalogDocument = z.output<typeof catalogDocument>;
