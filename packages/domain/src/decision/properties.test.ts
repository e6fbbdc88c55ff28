import fc from 'fast-check';
import { grantOf, type Given, releaseFrom, stateFrom } from '../../testing/states.js';
import { featureKey, time } from '../../testing/subscriptions.js';
import { knownState } from '../customer.js';
import { instant } from '../time/instant.js';
import { recount, withMeter } from '../usage/spend.js';
import { meterAt } from '../usage/window.js';
import { decide, sameDecision } from './decide.js';
import { entitlementChanges, entitlementsOf } from './entitlement-set.js';
import { ceilingOf } from './entitlement.js';

const RELEASE = releaseFrom(`
catalog: 1
name: properties
features:
  sso: { type: boolean }
  level: { type: limit, combine: sum }
  calls: { type: metered, window: P1W, anchor: calendar }
  monthly: { type: metered, window: P1M, anchor: subscription }
  support: { type: config, values: [low, high] }
  vip: { type: boolean }
plans:
  free: { family: cloud, model: subscription, entitlements: { level: 3, calls: 10, support: low } }
  pro:
    family: cloud
    model: subscription
    period: P1M
    trial: { for: P14D, then: free }
    grace: P7D
    onExpiry: free
    entitlements: { sso: true, level: 50, monthly: 100, calls: { limit: 100, enforce: soft, overage: 10% }, support: high }
    rules:
      - { name: vip, feature: vip, when: context.vip, then: allow }
      - { name: old hands, feature: vip, when: now - customer.createdAt > duration("700h"), then: allow }
      - { name: young, feature: level, when: now - customer.createdAt < duration("480h"), then: { limit: 20 } }
      - { name: busy, feature: level, when: usage.calls.used > 100, then: { limit: 1 } }
      - { name: crowded, feature: calls, when: usage.level.used > 30, then: { limit: 40 } }
      - { name: lane, feature: calls, when: has(context.lane) && context.lane > 1, then: { limit: 300, enforce: soft, overage: 5 } }
      - { name: stopped, feature: monthly, when: has(customer.attributes.stop) && now >= timestamp(customer.attributes.stop), then: deny }
      - { name: last days, feature: support, when: has(subscription.cancelAt) && subscription.cancelAt - now <= duration("100h"), then: deny }
  side:
    model: subscription
    period: P1Y
    onCancel: free
    entitlements: { sso: true, calls: unlimited }
    rules: [{ name: by date, feature: sso, when: now < timestamp(customer.attributes.stop), then: allow }]
rules:
  - { name: small, feature: calls, when: customer.attributes.small, then: { limit: 70 } }
  - { name: closed, feature: sso, when: now > timestamp("2026-01-20") && now <= timestamp("2026-02-03T10:00:00Z"), then: deny }
`);
const NOW = time('2026-01-15T12:00:00Z');
const DAY = 86_400_000;

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
const state = fc
  .record({
    subscriptions: fc.array(subscription, { maxLength: 3 }),
    grants: fc.array(grant, { maxLength: 2 }),
    used: fc.record({ level: fc.nat(60), calls: fc.nat(130) }, { requiredKeys: [] }),
    attributes: fc.record({ small: fc.boolean(), stop: soon }, { requiredKeys: [] }),
    createdAt: date,
  })
  .map((given) => stateFrom(RELEASE, { ...given, at: NOW }));
const request = fc.record({
  feature: fc.constantFrom('sso', 'level', 'calls', 'monthly', 'support', 'vip', 'teleport'),
  quantity: fc.oneof(fc.nat(200), fc.constant(Number.MAX_SAFE_INTEGER)),
  context: fc.record({ vip: fc.boolean(), lane: fc.nat(3) }, { requiredKeys: [] }),
});

test('there is always an answer, and always the same one', () => {
  fc.assert(
    fc.property(state, request, (customer, asked) => {
      const decision = decide(customer, asked, NOW);
      expect(decision).toEqual(decide(customer, asked, NOW));
      expect(decision.allowed).toBe(/^ENTITLED/.test(decision.code));
      expect(decision.message).not.toBe('');
    }),
    { numRuns: 400 },
  );
});

test('validUntil is the first instant at which the answer differs', () => {
  fc.assert(
    fc.property(
      state,
      request,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 6 }),
      (customer, asked, shares) => {
        const decision = decide(customer, asked, NOW);
        const end = decision.validUntil ?? instant(NOW + 900 * DAY);
        for (const share of [...shares, 0.999999]) {
          const between = instant(NOW + Math.floor(share * (end - NOW)));
          expect(sameDecision(decide(customer, asked, between), decision)).toBe(true);
        }
        if (decision.validUntil === null) return;
        expect(decision.validUntil).toBeGreaterThan(NOW);
        expect(sameDecision(decide(customer, asked, instant(end - 1)), decision)).toBe(true);
        expect(sameDecision(decide(customer, asked, end), decision)).toBe(false);
      },
    ),
    { numRuns: 400 },
  );
});

test('what a state has worked out before changes no answer', () => {
  fc.assert(
    fc.property(
      state,
      fc.array(fc.tuple(request, fc.integer({ min: -40 * 24, max: 400 * 24 })), { maxLength: 12 }),
      (customer, asked) => {
        if (customer.kind !== 'KNOWN') return;
        for (const [one, hours] of asked) {
          const at = instant(NOW + (hours * DAY) / 24);
          const fresh = knownState(customer.release, customer.account);
          expect(decide(customer, one, at)).toEqual(decide(fresh, one, at));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('an answer that was given before stands only for quantities that get the same one', () => {
  fc.assert(
    fc.property(state, fc.constantFrom('level', 'calls', 'monthly'), (customer, feature) => {
      if (customer.kind !== 'KNOWN') return;
      const { limit, used } = decide(customer, { feature, quantity: 0 }, NOW);
      const room = (limit ?? 0) - (used ?? 0);
      const edges = [0, 1, room, Math.floor((limit ?? 0) * 1.1) - (used ?? 0)];
      const quantities = edges
        .flatMap((edge) => [edge, edge + 1, edge - 1])
        .filter((quantity) => quantity >= 0);
      for (const quantity of [...quantities, ...quantities.toReversed()]) {
        const fresh = knownState(customer.release, customer.account);
        const asked = { feature, quantity };
        expect(decide(customer, asked, NOW)).toEqual(decide(fresh, asked, NOW));
      }
    }),
    { numRuns: 300 },
  );
});

test('a counter that moves under a kept state shows in its next answer', () => {
  fc.assert(
    fc.property(state, request, fc.nat(150), fc.nat(20), (customer, { quantity }, used, reserved) => {
      if (customer.kind !== 'KNOWN') return;
      const meters = new Map(customer.account.meters);
      const kept = knownState(customer.release, { ...customer.account, meters });
      for (const feature of customer.release.catalog.features.values()) {
        if (feature.type !== 'METERED' && feature.type !== 'LIMIT') continue;
        const asked = { feature: feature.key, quantity };
        decide(kept, asked, NOW);
        const window = feature.type === 'METERED' ? meterAt(kept.account, feature, NOW).window : null;
        const meter = { feature: feature.key, used, reserved, window };
        meters.set(feature.key, meter);
        recount(kept, meter);
        const fresh = knownState(kept.release, kept.account);
        expect(decide(kept, asked, NOW)).toEqual(decide(fresh, asked, NOW));
      }
    }),
    { numRuns: 300 },
  );
});

test('a counter that is replaced decides as one that was read', () => {
  fc.assert(
    fc.property(state, request, fc.nat(150), fc.nat(20), (customer, asked, used, reserved) => {
      if (customer.kind !== 'KNOWN') return;
      decide(customer, asked, NOW);
      for (const feature of customer.release.catalog.features.values()) {
        if (feature.type !== 'METERED' && feature.type !== 'LIMIT') continue;
        const window = feature.type === 'METERED' ? meterAt(customer.account, feature, NOW).window : null;
        const spent = withMeter(customer, { feature: feature.key, used, reserved, window });
        const fresh = knownState(spent.release, spent.account);
        expect(decide(spent, asked, NOW)).toEqual(decide(fresh, asked, NOW));
      }
    }),
    { numRuns: 300 },
  );
});

test('a block in force always denies', () => {
  fc.assert(
    fc.property(state, (customer) => {
      if (customer.kind !== 'KNOWN') return;
      const account = {
        ...customer.account,
        grants: [...customer.account.grants, grantOf('sso', { kind: 'BLOCK' })],
      };
      expect(decide(knownState(customer.release, account), { feature: 'sso', quantity: 0 }, NOW).code).toBe(
        'BLOCKED',
      );
    }),
  );
});

test('what is allowed for more is allowed for less', () => {
  fc.assert(
    fc.property(state, request, fc.nat(100), (customer, asked, less) => {
      if (!decide(customer, asked, NOW).allowed) return;
      expect(decide(customer, { ...asked, quantity: Math.max(0, asked.quantity - less) }, NOW).allowed).toBe(
        true,
      );
    }),
  );
});

test('no request is allowed more than the ceiling that stands beside the counter', () => {
  fc.assert(
    fc.property(state, request, (customer, asked) => {
      if (customer.kind !== 'KNOWN') return;
      const feature = customer.release.catalog.features.get(featureKey(asked.feature));
      if (feature?.type !== 'LIMIT' && feature?.type !== 'METERED') return;
      const { ceiling } = ceilingOf(customer.account, customer.release, feature.key, NOW);
      const { allowed, used } = decide(customer, asked, NOW);
      if (!allowed || ceiling === null || asked.quantity === 0) return;
      expect((used ?? 0) + asked.quantity).toBeLessThanOrEqual(ceiling);
    }),
    { numRuns: 300 },
  );
});

test('a set of entitlements holds until the first of them changes', () => {
  fc.assert(
    fc.property(state, (customer) => {
      const now = entitlementsOf(customer, NOW);
      expect(entitlementChanges(now.entitlements, now.entitlements)).toEqual([]);
      if (now.validUntil === null) return;
      const before = entitlementsOf(customer, instant(now.validUntil - 1));
      expect(before.entitlements).toEqual(now.entitlements);
      expect(entitlementsOf(customer, now.validUntil).entitlements).not.toEqual(now.entitlements);
    }),
    { numRuns: 100 },
  );
});
