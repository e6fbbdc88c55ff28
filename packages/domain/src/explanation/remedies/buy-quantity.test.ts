import fc from 'fast-check';
import { type GivenSeat, releaseFrom, stateFrom } from '../../../testing/states.js';
import { featureKey, time } from '../../../testing/subscriptions.js';
import { knownState, type KnownState } from '../../customer.js';
import { decide } from '../../decision/decide.js';
import type { CheckRequest } from '../../decision/decision.js';
import { type LicenseId, parseLicenseId } from '../../ids.js';
import { executeLicense } from '../../license/execute-license.js';
import { boughtOf } from '../../subscription/bought.js';
import { execute } from '../../subscription/execute.js';
import { explain } from '../explain.js';
import type { Remedy } from '../explanation.js';

const RELEASE = releaseFrom(`
catalog: 1
name: by number
features:
  editors: { type: seats, kind: named }
  viewers: { type: seats, kind: floating, lease: P1D }
plans:
  office: { model: seats, period: P1Y, entitlements: { editors: { bought: { atLeast: 1, atMost: 40, default: 3 } } } }
  owned:
    model: perpetual
    entitlements: { editors: { bought: { default: 2 } }, viewers: { bought: { atMost: 9, default: 1 } } }
  cloud: { model: subscription, period: P1M, entitlements: { viewers: { bought: { default: 2 } }, editors: 4 } }
`);
const NOW = time('2026-01-15T12:00:00Z');

const editors = (count: number): GivenSeat[] =>
  Array.from({ length: count }, (_, index) => {
    return { feature: 'editors', memberId: `member-${String(index)}`, assignedAt: '2025-06-01' };
  });
const viewers = (count: number): GivenSeat[] =>
  Array.from({ length: count }, (_, index) => {
    return { feature: 'viewers', memberId: `member-${String(index)}`, leaseExpiresAt: '2026-01-16' };
  });
const seats = fc
  .record({ editors: fc.nat(9), viewers: fc.nat(6) })
  .map((taken) => [...editors(taken.editors), ...viewers(taken.viewers)]);
const license = fc.record({
  plan: fc.constantFrom('office', 'owned', 'owned'),
  startsAt: fc.constantFrom('2025-02-01', '2024-01-01', '2026-02-01'),
  suspended: fc.nat(5).map((one) => one === 0),
});
const state = fc
  .record({
    subscriptions: fc.array(fc.constant({ plan: 'cloud' }), { maxLength: 1 }),
    licenses: fc.array(license, { minLength: 1, maxLength: 3 }),
    seats,
  })
  .map((given) => stateFrom(RELEASE, { ...given, at: NOW }));
const request = fc.record({
  feature: fc.constantFrom('editors', 'viewers'),
  quantity: fc.integer({ min: 1, max: 9 }),
});

test('as many as are offered with a licence, or a subscription, are enough, and no fewer are', () => {
  const offered = { subscriptions: 0, licenses: 0 };
  fc.assert(
    fc.property(state, request, (customer, asked) => {
      if (customer.kind !== 'KNOWN') return;
      for (const remedy of explain(customer, asked, NOW).remedies) {
        if (remedy.kind !== 'BUY_QUANTITY') continue;
        offered[remedy.subscriptionId === null ? 'licenses' : 'subscriptions'] += 1;
        expect(decide(bought(customer, asked, remedy, 0), asked, NOW)).toMatchObject({ allowed: true });
        expect(decide(bought(customer, asked, remedy, 1), asked, NOW)).toMatchObject({ allowed: false });
      }
    }),
    { numRuns: 1000 },
  );
  expect(offered.subscriptions).toBeGreaterThan(30);
  expect(offered.licenses).toBeGreaterThan(100);
});

test('it says which licence, and how many it has', () => {
  const customer = stateFrom(RELEASE, { licenses: [{ plan: 'owned' }], seats: editors(2), at: NOW });
  const { remedies } = explain(customer, { feature: 'editors', quantity: 3 }, NOW);
  expect(remedies.filter(({ kind }) => kind === 'BUY_QUANTITY')).toEqual([
    {
      ...{ kind: 'BUY_QUANTITY', plan: 'owned', addOn: null, subscriptionId: null, quantity: 5 },
      availableAt: null,
      message: 'buy 5 of `editors` with the licence `lic_0` to `owned`, 2 of which it has',
    },
  ]);
});

test.each([
  ['beyond what the plan sells', { licenses: [{ plan: 'owned' }] }, 'viewers'],
  ['with a licence that was revoked', { licenses: [{ plan: 'owned', revokedAt: '2026-01-10' }] }, 'editors'],
  ['with a licence that has ended', { licenses: [{ plan: 'owned', expiresAt: '2026-01-10' }] }, 'editors'],
])('more is not offered %s', (_what, given, feature) => {
  const customer = stateFrom(RELEASE, { ...given, at: NOW });
  const { remedies } = explain(customer, { feature, quantity: 10 }, NOW);
  expect(remedies.map(({ kind }) => kind)).not.toContain('BUY_QUANTITY');
});

/** What a person does who takes the remedy at its word, or buys fewer. */
function bought(
  { account, release }: KnownState,
  { feature: text }: CheckRequest,
  { subscriptionId, quantity, message, plan }: Remedy,
  fewer: number,
): KnownState {
  const feature = featureKey(text);
  const holder =
    subscriptionId === null
      ? account.licenses.find(({ id }) => id === licenseNamed(message))
      : account.subscriptions.find(({ id }) => id === subscriptionId);
  if (holder === undefined || quantity === null) throw new Error('the remedy does not say enough');
  if (subscriptionId === null) expect(plan).toBe(holder.planVersion.plan.key);
  const held = boughtOf(holder);
  if (held.get(feature) === quantity - fewer) return knownState(release, account);
  const quantities = new Map([...held, [feature, quantity - fewer]]);
  const outcome =
    subscriptionId === null
      ? executeLicense(
          account,
          {
            ...{ kind: 'renewLicense', licenseId: licenseNamed(message) },
            ...{ expiresAt: null, maintenanceUntil: null, quantities },
          },
          release,
          NOW,
        )
      : execute(
          account,
          {
            ...{ kind: 'adjust', subscriptionId, addOns: null, quantities },
            ...{ timing: 'NOW', at: null },
          },
          release,
          NOW,
        );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return knownState(release, outcome.account);
}

function licenseNamed(message: string): LicenseId {
  const id = parseLicenseId(/`(lic_\d+)`/.exec(message)?.[1] ?? '');
  if (id === null) throw new Error(`the remedy names no licence: ${message}`);
  return id;
}
