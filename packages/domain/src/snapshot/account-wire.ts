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
import { boolean, integer, jsonObject, list, literal, object, text, variants } from './codec.js';
import { seatMember } from './hidden-member.js';
import { count, mapOf, setOf, time, timeOrNull, timeZone, word } from './wire.js';

/**
 * What a snapshot holds of a customer: `customer.ts` in the form of JSON. Versions of plans and add-ons are places in
 * lists. What decides nothing is left out, above all what is secret: digests and hints of keys, the reasons of grants.
 */

const place = count;
const customerId = word(parseCustomerId);
const subscriptionId = word(parseSubscriptionId);
const licenseId = word(parseLicenseId);

const span = object({ start: time, end: time });
const period = object({ anchor: time, start: time, end: timeOrNull });
const quantities = mapOf(featureKey, count);
const boughtAddOn = object({ of: place, quantity: count });

const subscription = {
  id: subscriptionId,
  planVersion: place,
  addOns: list(boughtAddOn),
  quantities,
  prorations: mapOf(featureKey, object({ limit: count, until: time })),
  seatsReleasedAt: timeOrNull,
  startedAt: time,
  creditsGiven: mapOf(text, time),
  lastPaymentAt: timeOrNull,
  moves: list(
    object({
      publication: integer(),
      from: place,
      addOns: list(object({ from: boughtAddOn, to: integer().nullable() })),
    }),
  ),
};
const pending = {
  cancelAt: timeOrNull,
  scheduledChange: object({
    to: place.nullable(),
    at: time,
    addOns: list(boughtAddOn).nullable(),
    quantities: quantities.nullable(),
  }).nullable(),
};
const status = <const S extends string>(name: S) => ({ status: literal(name) });
const trialing = { ...status('TRIALING'), trialEndsAt: time, paid: boolean };

export const wireSubscription = variants('status', [
  object({
    ...subscription,
    ...pending,
    ...status('SCHEDULED'),
    trial: boolean,
    paid: boolean,
    failed: boolean,
  }),
  object({ ...subscription, ...pending, ...trialing, period }),
  object({ ...subscription, ...pending, ...status('ACTIVE'), period }),
  object({ ...subscription, ...pending, ...status('PAST_DUE'), period, graceEndsAt: time }),
  object({
    ...subscription,
    ...pending,
    ...status('PAUSED'),
    from: variants('status', [object(trialing), object({ ...status('ACTIVE'), failed: boolean })]),
    period,
    clock: literal('stops', 'runs'),
    pausedAt: time,
    resumesAt: timeOrNull,
  }),
  object({ ...subscription, status: literal('CANCELED', 'EXPIRED'), period, endedAt: time }),
]);

export const wireLicense = object({
  id: licenseId,
  planVersion: place,
  quantities,
  startsAt: time,
  expiresAt: timeOrNull,
  maintenanceUntil: timeOrNull,
  machineLimit: count.nullable(),
  term: variants('phase', [
    object({ phase: literal('SCHEDULED') }),
    object({ phase: literal('ACTIVE') }),
    object({ phase: literal('GRACE'), graceEndsAt: time }),
    object({ phase: literal('EXPIRED'), endedAt: time }),
  ]),
  standing: variants('kind', [
    object({ kind: literal('GOOD') }),
    object({ kind: literal('SUSPENDED', 'REVOKED'), since: time }),
  ]),
  machines: list(
    object({
      id: word(parseMachineId),
      fingerprint: text,
      components: list(text),
      activatedAt: time,
      lastSeenAt: timeOrNull,
      inUseUntil: timeOrNull,
    }),
  ),
  deactivations: list(time),
  creditsGiven: mapOf(text, time),
});

const grant = object({
  id: word(parseGrantId),
  feature: featureKey,
  effect: variants('kind', [
    object({ kind: literal('BLOCK') }),
    object({
      kind: literal('ADD', 'REPLACE'),
      value: variants('kind', [
        object({ kind: literal('ON') }),
        object({ kind: literal('UNITS'), limit: count.nullable() }),
        object({ kind: literal('VALUE'), value: text }),
      ]),
    }),
  ]),
  status: literal('SCHEDULED', 'ACTIVE', 'EXPIRED', 'REVOKED'),
  startsAt: time,
  expiresAt: timeOrNull,
});

const meter = object({
  feature: featureKey,
  used: count,
  reserved: count,
  window: span.nullable(),
  freesAt: timeOrNull,
  overdrawn: count,
  rolled: list(object({ units: count, until: time })),
});

const block = object({
  id: word(parseCreditBlockId),
  feature: featureKey,
  quantity: count,
  remaining: count,
  held: count,
  priority: integer(),
  expiresAt: timeOrNull,
  createdAt: time,
  source: variants('kind', [
    object({ kind: literal('SUBSCRIPTION'), id: subscriptionId, key: planKey }),
    object({ kind: literal('ADD_ON'), id: subscriptionId, key: addOnKey }),
    object({ kind: literal('LICENSE'), id: licenseId, key: planKey }),
  ]).nullable(),
  status: literal('LIVE', 'EXPIRED', 'VOIDED'),
});

const seat = object({
  id: word(parseSeatId),
  feature: featureKey,
  memberId: seatMember,
  kind: literal('NAMED', 'FLOATING'),
  assignedAt: time,
  leaseExpiresAt: timeOrNull,
  coolsUntil: timeOrNull,
});

export const wireAccount = object({
  id: customerId,
  profile: object({
    name: text.nullable(),
    attributes: jsonObject,
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
