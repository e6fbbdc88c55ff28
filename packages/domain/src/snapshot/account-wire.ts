import { z } from 'zod';
import {
  parseCreditBlockId,
  parseCustomerId,
  parseGrantId,
  parseLicenseId,
  parseMachineId,
  parsePlanFamily,
  parseSeatId,
  parseSubscriptionId,
} from '../ids.js';
import { addOnKey, featureKey, planKey } from './catalog-wire.js';
import { seatMember } from './hidden-member.js';
import { count, list, mapOf, setOf, time, timeOrNull, timeZone, word } from './wire.js';

/**
 * What a snapshot holds of a customer: `customer.ts` in the form of JSON. Versions of plans and add-ons are places in
 * lists. What decides nothing is left out, above all what is secret: digests and hints of keys, the reasons of grants.
 */

const place = count;
const customerId = word(parseCustomerId);
const subscriptionId = word(parseSubscriptionId);
const licenseId = word(parseLicenseId);

const span = z.object({ start: time, end: time });
const period = z.object({ anchor: time, start: time, end: timeOrNull });
const quantities = mapOf(featureKey, count);
const boughtAddOn = z.object({ of: place, quantity: count });

const subscription = {
  id: subscriptionId,
  planVersion: place,
  addOns: list(boughtAddOn),
  quantities,
  prorations: mapOf(featureKey, z.object({ limit: count, until: time })),
  seatsReleasedAt: timeOrNull,
  startedAt: time,
  creditsGiven: mapOf(z.string(), time),
  lastPaymentAt: timeOrNull,
  moves: list(
    z.object({
      publication: z.int(),
      from: place,
      addOns: list(z.object({ from: boughtAddOn, to: z.int().nullable() })),
    }),
  ),
};
const pending = {
  cancelAt: timeOrNull,
  scheduledChange: z
    .object({
      to: place.nullable(),
      at: time,
      addOns: list(boughtAddOn).nullable(),
      quantities: quantities.nullable(),
    })
    .nullable(),
};
const status = <S extends string>(literal: S) => ({ status: z.literal(literal) });
const trialing = { ...status('TRIALING'), trialEndsAt: time, paid: z.boolean() };

export const wireSubscription = z.discriminatedUnion('status', [
  z.object({
    ...subscription,
    ...pending,
    ...status('SCHEDULED'),
    trial: z.boolean(),
    paid: z.boolean(),
    failed: z.boolean(),
  }),
  z.object({ ...subscription, ...pending, ...trialing, period }),
  z.object({ ...subscription, ...pending, ...status('ACTIVE'), period }),
  z.object({ ...subscription, ...pending, ...status('PAST_DUE'), period, graceEndsAt: time }),
  z.object({
    ...subscription,
    ...pending,
    ...status('PAUSED'),
    from: z.discriminatedUnion('status', [
      z.object(trialing),
      z.object({ ...status('ACTIVE'), failed: z.boolean() }),
    ]),
    period,
    clock: z.enum(['stops', 'runs']),
    pausedAt: time,
    resumesAt: timeOrNull,
  }),
  z.object({ ...subscription, status: z.enum(['CANCELED', 'EXPIRED']), period, endedAt: time }),
]);

export const wireLicense = z.object({
  id: licenseId,
  planVersion: place,
  quantities,
  startsAt: time,
  expiresAt: timeOrNull,
  maintenanceUntil: timeOrNull,
  machineLimit: count.nullable(),
  term: z.discriminatedUnion('phase', [
    z.object({ phase: z.literal('SCHEDULED') }),
    z.object({ phase: z.literal('ACTIVE') }),
    z.object({ phase: z.literal('GRACE'), graceEndsAt: time }),
    z.object({ phase: z.literal('EXPIRED'), endedAt: time }),
  ]),
  standing: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('GOOD') }),
    z.object({ kind: z.enum(['SUSPENDED', 'REVOKED']), since: time }),
  ]),
  machines: list(
    z.object({
      id: word(parseMachineId),
      fingerprint: z.string(),
      components: list(z.string()),
      activatedAt: time,
      lastSeenAt: timeOrNull,
      inUseUntil: timeOrNull,
    }),
  ),
  deactivations: list(time),
  creditsGiven: mapOf(z.string(), time),
});

const grant = z.object({
  id: word(parseGrantId),
  feature: featureKey,
  effect: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('BLOCK') }),
    z.object({
      kind: z.enum(['ADD', 'REPLACE']),
      value: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('ON') }),
        z.object({ kind: z.literal('UNITS'), limit: count.nullable() }),
        z.object({ kind: z.literal('VALUE'), value: z.string() }),
      ]),
    }),
  ]),
  status: z.enum(['SCHEDULED', 'ACTIVE', 'EXPIRED', 'REVOKED']),
  startsAt: time,
  expiresAt: timeOrNull,
});

const meter = z.object({
  feature: featureKey,
  used: count,
  reserved: count,
  window: span.nullable(),
  freesAt: timeOrNull,
  overdrawn: count,
  rolled: list(z.object({ units: count, until: time })),
});

const block = z.object({
  id: word(parseCreditBlockId),
  feature: featureKey,
  quantity: count,
  remaining: count,
  held: count,
  priority: z.int(),
  expiresAt: timeOrNull,
  createdAt: time,
  source: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('SUBSCRIPTION'), id: subscriptionId, key: planKey }),
      z.object({ kind: z.literal('ADD_ON'), id: subscriptionId, key: addOnKey }),
      z.object({ kind: z.literal('LICENSE'), id: licenseId, key: planKey }),
    ])
    .nullable(),
  status: z.enum(['LIVE', 'EXPIRED', 'VOIDED']),
});

const seat = z.object({
  id: word(parseSeatId),
  feature: featureKey,
  memberId: seatMember,
  kind: z.enum(['NAMED', 'FLOATING']),
  assignedAt: time,
  leaseExpiresAt: timeOrNull,
  coolsUntil: timeOrNull,
});

export const wireAccount = z.object({
  id: customerId,
  profile: z.object({
    name: z.string().nullable(),
    attributes: z.record(z.string(), z.unknown()).readonly(),
    createdAt: time,
  }),
  timeZone,
  trialsGiven: setOf(word(parsePlanFamily)),
  windowAnchors: mapOf(featureKey, time),
  subscriptions: list(wireSubscription),
  licenses: list(wireLicense),
  grants: list(grant),
  meters: mapOf(featureKey, meter),
  blocks: list(block),
  seats: list(seat),
  turnedUntil: time,
});
