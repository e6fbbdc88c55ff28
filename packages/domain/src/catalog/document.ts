import { z } from 'zod';
import { described, oneOf, suggestion } from './plain-words.js';
import { MOST_MACHINES } from './catalog.js';
import { type Path, pointer } from './problem.js';
import { scenario } from './scenario-document.js';
import { childOf } from './shape.js';
import {
  addOnKey,
  duration,
  featureKey,
  instantText,
  limit,
  limitForms,
  name,
  oneForm,
  oneOrMore,
  planFamily,
  planKey,
  quantity,
  strict,
  threshold,
  timeZone,
} from './words.js';

/** The shape of a catalog document. What only makes sense together is checked when the catalog is built. */

const whenUnknown = oneForm(
  [z.enum(['closed', 'open']), strict({ lastKnown: duration })],
  '`closed`, `open` or `{ lastKnown: <duration> }`',
);
const combineUnits = z.enum(['max', 'sum']);
const common = {
  name: name.optional(),
  whenUnknown: whenUnknown.optional(),
  needsSeat: featureKey.optional(),
};

const booleanFeature = strict({
  ...common,
  type: z.literal('boolean'),
  combine: z.literal('any').optional(),
  versions: z.record(z.string().min(1), instantText).optional(),
});
const limitFeature = strict({
  ...common,
  type: z.literal('limit'),
  unit: name.optional(),
  combine: combineUnits.optional(),
  notifyAt: z.array(threshold).optional(),
});
const meteredFeature = strict({
  ...common,
  type: z.literal('metered'),
  unit: name.optional(),
  combine: combineUnits.optional(),
  window: duration.optional(),
  anchor: z.enum(['subscription', 'calendar']).optional(),
  prepaid: z.literal(true, 'only `true` makes sense here; leave `prepaid` out otherwise').optional(),
  rollover: strict({ atMost: quantity.optional(), for: duration }).optional(),
  notifyAt: z.array(threshold).optional(),
});
const seatsFeature = strict({
  ...common,
  type: z.literal('seats'),
  kind: z.enum(['named', 'floating']),
  combine: combineUnits.optional(),
  cooldown: duration.optional(),
  lease: duration.optional(),
});
const configFeature = strict({
  ...common,
  type: z.literal('config'),
  values: z.array(z.string().min(1)).min(1),
  combine: z.enum(['order', 'specific']).optional(),
});
const FEATURE_TYPES = ['boolean', 'limit', 'metered', 'seats', 'config'];

export const feature = z.discriminatedUnion(
  'type',
  [booleanFeature, limitFeature, meteredFeature, seatsFeature, configFeature],
  { error: ({ input }) => typeMessage(input) },
);

function typeMessage(document: unknown): string {
  if (typeof document !== 'object' || document === null)
    return `${described(document)} stands here; a mapping such as \`{ type: boolean }\` is expected`;
  const type = childOf(document, 'type');
  if (type === undefined) return `\`type\` is missing; add it, ${oneOf(FEATURE_TYPES)} is expected`;
  return `${described(type)} is no type of feature; ${oneOf(FEATURE_TYPES)} is expected${suggestion(type, FEATURE_TYPES)}`;
}

export type FeatureDocument = z.output<typeof feature>;

const enforce = { enforce: z.enum(['hard', 'soft', 'none']).optional(), overage: threshold.optional() };
const limitObject = strict({ limit, ...enforce });

/** What may be given of a feature depends on its type. */
export const entitlementOf = {
  boolean: z.literal(true, 'a boolean feature is given by `true`; write that, or leave it out'),
  units: oneForm([...limitForms, limitObject], 'a limit, `unlimited`, or `{ limit, enforce, overage }`'),
  seats: oneForm(
    [
      ...limitForms,
      limitObject,
      strict({
        bought: strict({
          atLeast: quantity.optional(),
          atMost: quantity.optional(),
          default: quantity,
        }),
      }),
    ],
    'a number, `unlimited`, `{ limit, enforce, overage }` or `{ bought: { atLeast, atMost, default } }`',
  ),
  blocks: strict(
    {
      blocks: z
        .array(
          strict({
            quantity: quantity.refine((value) => value >= 1, 'a block holds at least 1'),
            expiresAfter: duration.optional(),
            priority: z.int().optional(),
            given: z.enum(['once', 'everyPeriod']),
          }),
        )
        .min(1),
    },
    'a prepaid feature is given by `{ blocks: [{ quantity, given }] }`',
  ),
  config: z.string("one of the feature's values is expected; put it in quotes"),
} as const;

const entitlements = z.record(featureKey, z.unknown());

const condition = z
  .string()
  .refine((text) => text.trim() !== '', 'the condition is empty; write a CEL expression');
const planRule = strict({
  name,
  feature: featureKey,
  when: condition,
  then: oneForm([z.enum(['allow', 'deny']), limitObject], '`allow`, `deny` or `{ limit }`'),
});
const catalogRule = strict({
  name,
  feature: featureKey,
  when: condition,
  then: oneForm([z.literal('deny'), strict({ limit })], '`deny` or `{ limit }`'),
});

const machines = strict({
  limit: z.int().min(1).max(MOST_MACHINES),
  match: z.enum(['any', 'two', 'most', 'all']).optional(),
  atOnce: z.int().min(1).optional(),
  deactivations: z.int().min(0).optional(),
  per: duration.optional(),
  whenFull: z.enum(['refuse', 'replaceOldest']).optional(),
  offlineFiles: z.int().min(0).optional(),
});

export const plan = strict({
  name: name.optional(),
  family: planFamily.optional(),
  model: z.enum(['subscription', 'usage', 'seats', 'perpetual']),
  period: duration.optional(),
  trial: strict({ for: duration, then: planKey.optional() }).optional(),
  grace: duration.optional(),
  onExpiry: planKey.optional(),
  onCancel: planKey.optional(),
  onPause: strict({ clock: z.enum(['stops', 'runs']) }).optional(),
  offline: strict({ refreshAfter: duration, staleFor: duration, grace: duration }).optional(),
  maintenance: duration.optional(),
  machines: machines.optional(),
  entitlements: entitlements.optional(),
  rules: z.array(planRule).optional(),
});
export type PlanDocument = z.output<typeof plan>;

export const addOn = strict({ name: name.optional(), with: oneOrMore(planKey), entitlements });
export type AddOnDocument = z.output<typeof addOn>;

export const transition = strict({
  from: oneOrMore(planKey),
  to: oneOrMore(planKey),
  takesEffect: z.enum(['now', 'periodEnd']).optional(),
  usage: z.enum(['carry', 'reset', 'prorate']).optional(),
  seatsAbove: oneForm(
    [z.enum(['block', 'refuse']), strict({ releaseNewestAfter: duration })],
    '`block`, `refuse` or `{ releaseNewestAfter: <duration> }`',
  ).optional(),
  addOnsNotOffered: z.enum(['drop', 'refuse']).optional(),
});
export type TransitionDocument = z.output<typeof transition>;

const migration = z.enum(['stay', 'atRenewal', 'now']);

export const catalogDocument = strict({
  catalog: z.literal(1, '`catalog: 1` is expected: this program reads version 1 of the catalog language'),
  name,
  timeZone: timeZone.optional(),
  staleFor: duration.optional(),
  expiringSoon: z.array(duration).optional(),
  features: z.record(featureKey, feature),
  plans: z.record(planKey, plan),
  addOns: z.record(addOnKey, addOn).optional(),
  rules: z.array(catalogRule).optional(),
  transitions: z.array(transition).optional(),
  existingSubscriptions: oneForm(
    [migration, z.looseObject({ default: migration.optional() }).catchall(migration)],
    '`stay`, `atRenewal`, `now`, or one of them by plan',
  ).optional(),
  scenarios: z.array(scenario).optional(),
});
export type CatalogDocument = z.output<typeof catalogDocument>;

const STAND_INS: readonly (readonly [RegExp, unknown])[] = [
  [/^\/catalog$/, 1],
  [/^\/name$/, 'x'],
  [/^\/(features|plans)$/, {}],
  [/^\/features\/[^/]+\/values$/, ['x']],
  [/^\/features\/[^/]+\/kind$/, 'named'],
  [/^\/plans\/[^/]+\/model$/, 'subscription'],
  [/^\/plans\/[^/]+\/trial\/for$/, 'P1D'],
  [/^\/addOns\/[^/]+\/with$/, 'x'],
  [/^\/addOns\/[^/]+\/entitlements$/, {}],
  [/^(\/plans\/[^/]+)?\/rules\/\d+\/(name|feature|when)$/, 'x'],
  [/^(\/plans\/[^/]+)?\/rules\/\d+\/then$/, 'deny'],
  [/^(\/plans\/[^/]+)?\/rules\/\d+\/then\/limit$/, 0],
  [/^\/transitions\/\d+\/(from|to)$/, 'x'],
  [/^\/scenarios\/\d+\/name$/, 'x'],
  [/^\/scenarios\/\d+\/(given|expect)$/, {}],
  [/^\/scenarios\/\d+\/check$/, { feature: 'x' }],
  [/^\/scenarios\/\d+\/check\/feature$/, 'x'],
  [/^\/scenarios\/\d+\/given\/licenses\/\d+\/plan$/, 'x'],
];

/** What takes the place of a broken required part, so that what stands around it can be judged; see `readShape`. */
export function standIn(path: Path): unknown {
  const place = pointer(path);
  return STAND_INS.find(([places]) => places.test(place))?.[1];
}
