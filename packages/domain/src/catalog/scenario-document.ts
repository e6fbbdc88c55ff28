import { z } from 'zod';
import type { Decision } from '../decision/decision.js';
import { formatInstant } from '../time/instant.js';
import {
  addOnKey,
  featureKey,
  instantText,
  memberId,
  name,
  planKey,
  quantity,
  strict,
  timeZone,
} from './words.js';

/** The shape of a scenario: a customer, a check, and the decision that is expected of the catalog. */

/** All that a decision can come out with. */
const DECISION_CODES = [
  'ENTITLED',
  'ENTITLED_OVERAGE',
  'ENTITLED_GRACE',
  'ENTITLED_GRANT',
  'ENTITLED_FALLBACK',
  'UNKNOWN_FEATURE',
  'UNKNOWN_CUSTOMER',
  'UNKNOWN_LICENSE',
  'UNAVAILABLE',
  'BLOCKED',
  'DENIED_BY_RULE',
  'NO_ACTIVE_PLAN',
  'NOT_IN_PLAN',
  'LICENSE_REVOKED',
  'LICENSE_EXPIRED',
  'SUBSCRIPTION_EXPIRED',
  'NOT_STARTED',
  'LICENSE_SUSPENDED',
  'SUBSCRIPTION_PAUSED',
  'CONDITION_NOT_MET',
  'VERSION_NOT_COVERED',
  'NOT_ACTIVATED',
  'MACHINE_IN_USE',
  'NO_SEAT',
  'LIMIT_EXCEEDED',
] as const;

const quantityOrNone = quantity.nullable().optional();
/** Instants are compared as text, whatever offset they were written with. */
const timeOrNone = instantText.transform(formatInstant).nullable().optional();
const expectation = {
  allowed: z.boolean().optional(),
  code: z.enum(DECISION_CODES).optional(),
  message: z.string().optional(),
  customerId: z.string().optional(),
  feature: z.string().optional(),
  value: z.string().nullable().optional(),
  limit: quantityOrNone,
  unlimited: z.boolean().optional(),
  used: quantityOrNone,
  reserved: quantityOrNone,
  remaining: quantityOrNone,
  resetsAt: timeOrNone,
  validUntil: timeOrNone,
  sources: z.array(z.unknown()).optional(),
} satisfies Record<keyof Decision, z.ZodType>;

const attributes = z.record(z.string(), z.unknown());
const scenarioGrant = strict({
  feature: featureKey,
  effect: z.enum(['add', 'replace', 'block']).optional(),
  value: z.unknown().optional(),
  startsAt: instantText.optional(),
  expiresAt: instantText.optional(),
});

const scenarioBlock = strict({
  feature: featureKey,
  quantity: quantity.refine((units) => units >= 1, 'a block holds at least 1'),
  spent: quantity.optional(),
  held: quantity.optional(),
  priority: z.int().optional(),
  expiresAt: instantText.optional(),
  addedAt: instantText.optional(),
});

const scenarioSeat = strict({
  feature: featureKey,
  memberId,
  assignedAt: instantText.optional(),
  leaseExpiresAt: instantText.optional(),
  coolsUntil: instantText.optional(),
});

const scenarioMachine = strict({
  fingerprint: z.string(),
  components: z.array(z.string()).optional(),
  inUseUntil: instantText.optional(),
});

const scenarioLicense = strict({
  plan: planKey,
  startsAt: instantText.optional(),
  expiresAt: instantText.optional(),
  maintenanceUntil: instantText.optional(),
  quantities: z.record(featureKey, quantity).optional(),
  suspended: z.boolean().optional(),
  revokedAt: instantText.optional(),
  machines: z.array(scenarioMachine).optional(),
});

export const scenario = strict({
  name,
  given: strict({
    plan: planKey.optional(),
    plans: z.array(planKey).optional(),
    addOns: z.array(addOnKey).optional(),
    quantities: z.record(featureKey, quantity).optional(),
    usage: z.record(featureKey, quantity).optional(),
    licenses: z.array(scenarioLicense).optional(),
    grants: z.array(scenarioGrant).optional(),
    blocks: z.array(scenarioBlock).optional(),
    reserved: z.record(featureKey, quantity).optional(),
    rolledOver: z.record(featureKey, quantity).optional(),
    seats: z.array(scenarioSeat).optional(),
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
  check: strict({
    feature: featureKey,
    quantity: quantity.optional(),
    productVersion: z.string().optional(),
    memberId: memberId.optional(),
    fingerprint: z.string().optional(),
    components: z.array(z.string()).optional(),
    context: attributes.optional(),
  }),
  expect: strict(expectation),
});
export type ScenarioDocument = z.output<typeof scenario>;
