import fc from 'fast-check';
import { play, steps, zones } from '../../testing/histories.js';
import { meridian } from '../../testing/meridian.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { applyDue } from '../subscription/due.js';
import { instant, type Instant } from '../time/instant.js';
import { decide } from './decide.js';
import { sameDecision } from './decide-at.js';
import { entitlementsOf } from './entitlement-set.js';
import { ceilingOf } from './entitlement.js';

const HOUR = 3_600_000;
const FEATURES = ['calls', 'minutes'] as const;

const gaps = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 6 });

describe.each([
  ['windows end with what they had', meridian()],
  ['windows roll over', meridian(1, [], true)],
])('where %s', (_, release) => {
  const known = (account: CustomerAccount) => knownState(release, account);

  /** The account as a worker leaves it that looks in now and then, the last time before `to`. */
  function writtenDown(
    account: CustomerAccount,
    from: Instant,
    pauses: readonly number[],
    to: Instant,
  ): CustomerAccount {
    let at = from;
    let written = account;
    for (const pause of pauses) {
      at = instant(at + pause * HOUR);
      if (at > to) break;
      written = applyDue(written, release, at).account;
    }
    return written;
  }

  test('rows that are behind decide like rows that a worker has kept up', () => {
    fc.assert(
      fc.property(
        zones,
        steps,
        gaps,
        fc.integer({ min: 0, max: 9000 }),
        fc.nat(200),
        (zone, sequence, pauses, after, quantity) => {
          const { account, now } = play(zone, sequence, release);
          const at = instant(now + after * HOUR);
          const kept = writtenDown(account, now, pauses, at);
          for (const feature of FEATURES) {
            expect(decide(known(kept), { feature, quantity }, at)).toEqual(
              decide(known(account), { feature, quantity }, at),
            );
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('over a whole history `validUntil` is the first instant at which the answer differs', () => {
    fc.assert(
      fc.property(
        zones,
        steps,
        fc.nat(200),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
        (zone, sequence, quantity, shares) => {
          const { account, now } = play(zone, sequence, release);
          for (const feature of FEATURES) {
            const decision = decide(known(account), { feature, quantity }, now);
            const end = decision.validUntil ?? instant(now + 20_000 * HOUR);
            for (const share of [...shares, 1]) {
              const before = instant(Math.min(end - 1, now + Math.floor(share * (end - now))));
              expect(sameDecision(decide(known(account), { feature, quantity }, before), decision)).toBe(
                true,
              );
            }
            if (decision.validUntil !== null)
              expect(sameDecision(decide(known(account), { feature, quantity }, end), decision)).toBe(false);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  /** What followers of a customer's entitlements are told of when it changes. */
  function shown(account: CustomerAccount, feature: string, at: Instant) {
    const { allowed, code, value, limit } = decide(known(account), { feature, quantity: 1 }, at);
    return { allowed, code, value, limit };
  }

  test('whatever time alone changes for a follower, an event at that instant tells of it', () => {
    fc.assert(
      fc.property(zones, steps, fc.constantFrom(...FEATURES), (zone, sequence, feature) => {
        const { account, now } = play(zone, sequence, release);
        let state = applyDue(account, release, now).account;
        let at = now;
        for (let turns = 0; turns < 8; turns += 1) {
          const { validUntil } = decide(known(state), { feature, quantity: 1 }, at);
          if (validUntil === null) return;
          const [before, after] = [shown(state, feature, at), shown(state, feature, validUntil)];
          const { account: next, events } = applyDue(state, release, validUntil);
          if (JSON.stringify(before) !== JSON.stringify(after))
            expect(events.map((event) => event.at)).toContain(validUntil);
          state = next;
          at = validUntil;
        }
      }),
      { numRuns: 300 },
    );
  });

  test('over a whole history a set of entitlements holds exactly until its `validUntil`', () => {
    fc.assert(
      fc.property(zones, steps, (zone, sequence) => {
        const { account, now } = play(zone, sequence, release);
        const set = entitlementsOf(known(account), now);
        if (set.validUntil === null) return;
        expect(entitlementsOf(known(account), instant(set.validUntil - 1)).entitlements).toEqual(
          set.entitlements,
        );
        expect(entitlementsOf(known(account), set.validUntil).entitlements).not.toEqual(set.entitlements);
      }),
      { numRuns: 150 },
    );
  });

  test('the ceiling that a counter is written with grants what `decide` grants, and no unit more', () => {
    fc.assert(
      fc.property(zones, steps, fc.integer({ min: 1, max: 2000 }), (zone, sequence, quantity) => {
        const played = play(zone, sequence, release);
        const { now } = played;
        const { account } = applyDue(played.account, release, now);
        for (const feature of FEATURES) {
          const decision = decide(known(account), { feature, quantity }, now);
          const key = [...release.catalog.features.keys()].find((one) => one === feature);
          if (key === undefined) throw new Error('the catalog has the feature');
          const { ceiling } = ceilingOf(account, release, key, now);
          const fits = ceiling === null || (decision.used ?? 0) + quantity <= ceiling;
          expect(fits).toBe(decision.allowed);
        }
      }),
      { numRuns: 200 },
    );
  });
});
