import fc from 'fast-check';
import { type GivenSeat, grantOf, type Given, type GivenLicense, releaseFrom, stateFrom } from './states.js';
import { time } from './subscriptions.js';

/** Plans with trials, grace and rules of every kind, a pausable one and a perpetual one beside them. */
export const RELEASE = releaseFrom(`
catalog: 1
name: properties
features:
  sso: { type: boolean, versions: { '1': '2025-06-01', '2': '2026-01-10', '3': '2026-02-01' } }
  level: { type: limit, combine: sum }
  calls: { type: metered, window: P1W, anchor: calendar }
  monthly: { type: metered, window: P1M, anchor: subscription }
  support: { type: config, values: [low, high] }
  vip: { type: boolean }
  editors: { type: seats, kind: named, cooldown: P1D }
  viewers: { type: seats, kind: floating, lease: PT1H }
  export: { type: boolean, needsSeat: editors }
  renders: { type: limit, needsSeat: viewers }
plans:
  free: { family: cloud, model: subscription, entitlements: { level: 3, calls: 10, support: low, viewers: 2, export: true } }
  pro:
    family: cloud
    model: subscription
    period: P1M
    trial: { for: P14D, then: free }
    grace: P7D
    onExpiry: free
    entitlements: { sso: true, level: 50, monthly: 100, calls: { limit: 100, enforce: soft, overage: 10% }, support: high, editors: 3, viewers: { limit: 3, enforce: soft, overage: 1 }, export: true, renders: 5 }
    rules:
      - { name: vip, feature: vip, when: context.vip, then: allow }
      - { name: old hands, feature: vip, when: now - customer.createdAt > duration("700h"), then: allow }
      - { name: young, feature: level, when: now - customer.createdAt < duration("480h"), then: { limit: 20 } }
      - { name: busy, feature: level, when: usage.calls.used > 100, then: { limit: 1 } }
      - { name: crowded, feature: calls, when: usage.level.used > 30, then: { limit: 40 } }
      - { name: lane, feature: calls, when: has(context.lane) && context.lane > 1, then: { limit: 300, enforce: soft, overage: 5 } }
      - { name: stopped, feature: monthly, when: has(customer.attributes.stop) && now >= timestamp(customer.attributes.stop), then: deny }
      - { name: crew, feature: editors, when: has(context.lane) && context.lane > 2, then: { limit: 5 } }
      - { name: last days, feature: support, when: has(subscription.cancelAt) && subscription.cancelAt - now <= duration("100h"), then: deny }
  side:
    model: subscription
    period: P1Y
    onCancel: free
    entitlements: { sso: true, calls: unlimited }
    rules: [{ name: by date, feature: sso, when: now < timestamp(customer.attributes.stop), then: allow }]
  owned:
    model: perpetual
    maintenance: P1Y
    grace: P10D
    entitlements: { sso: true, level: 7, calls: 15, support: low }
    rules:
      - { name: owners, feature: vip, when: 'has(context.lane) && context.lane > 2', then: allow }
      - { name: late owners, feature: calls, when: 'subscription.status == "GRACE"', then: { limit: 4 } }
  rented: { model: subscription, period: P1M, grace: P5D, maintenance: P3M, entitlements: { sso: true, calls: 20, monthly: 9 } }
rules:
  - { name: small, feature: calls, when: customer.attributes.small, then: { limit: 70 } }
  - { name: closed, feature: sso, when: now > timestamp("2026-01-20") && now <= timestamp("2026-02-03T10:00:00Z"), then: deny }
`);
export const NOW = time('2026-01-15T12:00:00Z');
export const DAY = 86_400_000;

const date = fc.integer({ min: -200, max: 200 }).map((days) => new Date(NOW + days * DAY).toISOString());
const soon = fc
  .integer({ min: 1, max: 90 * 24 })
  .map((hours) => new Date(NOW + (hours * DAY) / 24).toISOString());
const subscription: fc.Arbitrary<Given> = fc.oneof(
  fc.record({ plan: fc.constantFrom('free', 'pro', 'side') }),
  fc.record({ plan: fc.constantFrom('pro', 'side'), cancelAt: soon }),
  fc.record({
    plan: fc.constantFrom('pro', 'side'),
    change: fc.record({ to: fc.constantFrom('free', 'pro'), at: soon }),
  }),
  fc.record({
    plan: fc.constant('pro'),
    status: fc.constantFrom('TRIALING' as const, 'PAST_DUE' as const, 'PAUSED' as const),
    endsAt: soon,
  }),
  fc.record({
    plan: fc.constantFrom('pro', 'side'),
    status: fc.constant('SCHEDULED' as const),
    startedAt: soon,
  }),
  fc.record({
    plan: fc.constantFrom('free', 'pro'),
    status: fc.constantFrom('CANCELED' as const, 'EXPIRED' as const),
    endsAt: fc.integer({ min: 0, max: 200 }).map((days) => new Date(NOW - days * DAY).toISOString()),
  }),
);
const past = (days: number) =>
  fc.integer({ min: 1, max: days * 24 }).map((hours) => new Date(NOW - (hours * DAY) / 24).toISOString());
/** Of any status, also one that has ended long ago. */
const license: fc.Arbitrary<GivenLicense> = fc
  .record({
    plan: fc.constantFrom('owned', 'rented', 'pro'),
    startsAt: fc.oneof(past(500), past(60), past(60), soon),
    lasts: fc.option(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 400 })), {
      nil: null,
    }),
    maintained: fc.option(fc.integer({ min: 1, max: 500 }), { nil: null }),
    suspended: fc.nat(2).map((one) => one === 0),
    revokedAt: fc.option(past(120), { nil: null, freq: 4 }),
  })
  .map(({ plan, startsAt, lasts, maintained, suspended, revokedAt }) => {
    const after = (days: number) => new Date(Date.parse(startsAt) + days * DAY).toISOString();
    return {
      ...{ plan, startsAt, suspended },
      ...(lasts === null ? {} : { expiresAt: after(lasts) }),
      ...(maintained === null ? {} : { maintenanceUntil: after(maintained) }),
      ...(revokedAt === null ? {} : { revokedAt }),
    };
  });
const grant = fc.oneof(
  date.map((from) => grantOf('sso', { kind: 'ADD', value: { kind: 'ON' } }, from)),
  date.map((from) =>
    grantOf('sso', { kind: 'BLOCK' }, from, new Date(Date.parse(from) + 40 * DAY).toISOString()),
  ),
  fc
    .tuple(date, fc.nat(60))
    .map(([from, limit]) => grantOf('calls', { kind: 'ADD', value: { kind: 'UNITS', limit } }, from)),
  fc
    .tuple(date, fc.nat(60))
    .map(([from, limit]) => grantOf('level', { kind: 'REPLACE', value: { kind: 'UNITS', limit } }, from)),
);
const member = fc.constantFrom('ann', 'bob', 'dee', 'eve');
const seat: fc.Arbitrary<GivenSeat> = fc.oneof(
  fc.record({ feature: fc.constant('editors'), memberId: member, assignedAt: date }),
  fc.record({ feature: fc.constant('editors'), memberId: member, coolsUntil: soon }),
  fc.record({ feature: fc.constant('viewers'), memberId: member, leaseExpiresAt: soon }),
);
/** A member has one seat of a feature. */
function distinct(seats: readonly GivenSeat[]): GivenSeat[] {
  return [...new Map(seats.map((one) => [`${one.feature} ${one.memberId}`, one])).values()];
}
/** States of customers of that release. */
export const state = fc
  .record({
    subscriptions: fc.array(subscription, { maxLength: 3 }),
    licenses: fc.oneof(fc.constant([]), fc.array(license, { maxLength: 3 })),
    grants: fc.array(grant, { maxLength: 2 }),
    used: fc.record({ level: fc.nat(60), calls: fc.nat(130) }, { requiredKeys: [] }),
    seats: fc.array(seat, { maxLength: 6 }).map(distinct),
    attributes: fc.record({ small: fc.boolean(), stop: soon }, { requiredKeys: [] }),
    createdAt: date,
  })
  .map((given) => stateFrom(RELEASE, { ...given, at: NOW }));
/** States of customers who have licences alone. */
export const licensee = fc
  .array(license, { minLength: 1, maxLength: 2 })
  .map((licenses) => stateFrom(RELEASE, { licenses, attributes: { stop: '2026-12-01' }, at: NOW }));
/** What may be asked of them; `teleport` is no feature. */
export const request = fc.record({
  feature: fc.constantFrom(
    'sso',
    'level',
    'calls',
    'monthly',
    'support',
    'vip',
    'teleport',
    'editors',
    'viewers',
    'export',
    'renders',
  ),
  memberId: fc.constantFrom('ann', 'bob', 'cy', null),
  quantity: fc.oneof(fc.nat(200), fc.constant(Number.MAX_SAFE_INTEGER)),
  context: fc.record({ vip: fc.boolean(), lane: fc.nat(3) }, { requiredKeys: [] }),
  /** The catalog does not know `4`. */
  productVersion: fc.option(fc.constantFrom('1', '2', '3', '4'), { nil: null }),
});
