import fc from 'fast-check';
import { DAY, NOW, request, state } from '../../testing/decision-questions.js';
import { grantOf } from '../../testing/states.js';
import { featureKey } from '../../testing/subscriptions.js';
import { knownState } from '../customer.js';
import { parseMemberId } from '../ids.js';
import { instant, type Instant } from '../time/instant.js';
import { recount, withMeter } from '../usage/recount.js';
import { meterAt } from '../usage/window.js';
import { decide } from './decide.js';
import { sameDecision } from './decide-at.js';
import { entitlementChanges, entitlementsOf, outlineOf, outlinesAt } from './entitlement-set.js';
import { ceilingOf } from './entitlement.js';

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

test('a set says of each feature what a check for one says, at any instant, and outlines say the same', () => {
  const hours = fc.array(fc.integer({ min: 0, max: 400 * 24 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(state, request, hours, (customer, { memberId: name }, asked) => {
      if (customer.kind !== 'KNOWN') return;
      const memberId = parseMemberId(name ?? '');
      for (const after of asked.sort((one, other) => one - other)) {
        const at = instant(NOW + (after * DAY) / 24);
        const fresh = knownState(customer.release, customer.account);
        const outlines = outlinesAt(fresh, at, memberId);
        expect(fresh.compiled.size).toBe(0);
        const { entitlements } = entitlementsOf(customer, at, memberId);
        expect(outlines).toEqual(outlineOf(entitlements));
        // Also on what was worked out before.
        expect(outlinesAt(customer, at, memberId)).toEqual(outlines);
        expect(entitlements).toHaveLength(customer.release.catalog.features.size);
        for (const { type: _type, ...said } of entitlements) {
          const alone = knownState(customer.release, customer.account);
          expect(decide(alone, { feature: said.feature, quantity: 1, memberId }, at)).toMatchObject(said);
        }
      }
    }),
    { numRuns: 150 },
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
        const meter = {
          feature: feature.key,
          used,
          reserved,
          window,
          rolled: [],
          freesAt: freesAt(reserved),
          overdrawn: 0,
        };
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
        const spent = withMeter(customer, {
          feature: feature.key,
          used,
          reserved,
          window,
          rolled: [],
          freesAt: freesAt(reserved),
          overdrawn: 0,
        });
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

/** Of what is held some is freed an hour, or so, later. */
function freesAt(reserved: number): Instant | null {
  return reserved === 0 ? null : instant(NOW + 3_600_000 + reserved);
}
