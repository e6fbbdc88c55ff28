import fc from 'fast-check';
import { zones } from '../../testing/histories.js';
import { licenseSteps, playLicenses } from '../../testing/license-histories.js';
import { LICENSED } from '../../testing/licenses.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { sameDecision } from '../decision/decide-at.js';
import { entitlementsOf } from '../decision/entitlement-set.js';
import { ceilingOf } from '../decision/entitlement.js';
import { applyDue, nextDue } from '../subscription/due.js';
import { describeUpcoming, upcoming } from '../subscription/upcoming.js';
import { addDuration } from '../time/calendar.js';
import { instant, type Instant, type TimeZone } from '../time/instant.js';
import { type License, licenseStatus, type LicenseStatus } from './license.js';

const HOUR = 3_600_000;
const FEATURES = [
  { feature: 'desktop' },
  { feature: 'desktop', productVersion: '4.0' },
  { feature: 'desktop', productVersion: '9.0' },
  { feature: 'desktop', productVersion: 'unheard of' },
  { feature: 'renders' },
  { feature: 'renders', productVersion: '9.0' },
  { feature: 'credits' },
];
const known = (account: CustomerAccount) => knownState(LICENSED, account);

/** By docs/rules.md, "Licence", of its dates alone. */
function statusBy(
  { standing, startsAt, expiresAt, planVersion }: License,
  zone: TimeZone,
  at: Instant,
): LicenseStatus {
  if (standing.kind !== 'GOOD') return standing.kind;
  if (at < startsAt) return 'SCHEDULED';
  if (expiresAt === null || at < expiresAt) return 'ACTIVE';
  const { grace } = planVersion.plan;
  return grace !== null && at < addDuration(expiresAt, grace, zone) ? 'GRACE' : 'EXPIRED';
}

/** Most of what is told apart lies near the last command. */
const soonOrLater = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 9000 }));

test('the status of a licence is always what was done to it, and what its dates say', () => {
  const seen = new Set<LicenseStatus>();
  fc.assert(
    fc.property(zones, licenseSteps, soonOrLater, (zone, sequence, after) => {
      const played = playLicenses(zone, sequence);
      const at = instant(played.now + after * HOUR);
      const { account } = applyDue(played.account, LICENSED, at);
      for (const license of account.licenses) {
        seen.add(licenseStatus(license));
        expect(licenseStatus(license)).toBe(statusBy(license, account.timeZone, at));
      }
    }),
    { numRuns: 2000 },
  );
  expect(seen.size).toBe(6);
});

test('one late run tells and leaves what many early ones do', () => {
  fc.assert(
    fc.property(
      zones,
      licenseSteps,
      fc.integer({ min: 5, max: 400 }),
      fc.integer({ min: 0, max: 9000 }),
      (zone, sequence, between, after) => {
        const late = playLicenses(zone, sequence);
        const punctual = playLicenses(zone, sequence, between * HOUR);
        expect(punctual).toEqual(late);
        const until = late.now + after * HOUR;
        let account = late.account;
        const events = [];
        for (let at: number = late.now; at <= until; at += between * HOUR) {
          const change = applyDue(account, LICENSED, instant(at));
          account = change.account;
          events.push(...change.events);
        }
        const last = applyDue(account, LICENSED, instant(until));
        expect({ account: last.account, events: [...events, ...last.events] }).toEqual(
          applyDue(late.account, LICENSED, instant(until)),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('what time does is told in the order in which it was due, and nothing is due before now is over', () => {
  fc.assert(
    fc.property(zones, licenseSteps, (zone, sequence) => {
      const { account, now } = playLicenses(zone, sequence);
      const due = applyDue(account, LICENSED, now);
      expect(due.events).toEqual([]);
      const next = nextDue(due.account, LICENSED);
      if (next === null) return;
      expect(next).toBeGreaterThan(now);
      const times = applyDue(account, LICENSED, instant(now + 9000 * HOUR)).events.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
    }),
    { numRuns: 200 },
  );
});

test('rows that are behind decide like rows that a worker has kept up', () => {
  fc.assert(
    fc.property(
      zones,
      licenseSteps,
      fc.integer({ min: 0, max: 9000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(120),
      (zone, sequence, after, share, quantity) => {
        const { account, now } = playLicenses(zone, sequence);
        const at = instant(now + after * HOUR);
        const kept = applyDue(account, LICENSED, instant(now + Math.floor(share * after * HOUR))).account;
        for (const asked of FEATURES)
          expect(decide(known(kept), { ...asked, quantity }, at)).toEqual(
            decide(known(account), { ...asked, quantity }, at),
          );
      },
    ),
    { numRuns: 200 },
  );
});

test('`validUntil` is the first instant at which the answer differs', () => {
  fc.assert(
    fc.property(
      zones,
      licenseSteps,
      fc.nat(120),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
      (zone, sequence, quantity, shares) => {
        const { account, now } = playLicenses(zone, sequence);
        for (const one of FEATURES) {
          const asked = { ...one, quantity };
          const decision = decide(known(account), asked, now);
          const end = decision.validUntil ?? instant(now + 20_000 * HOUR);
          for (const share of [...shares, 1]) {
            const before = instant(Math.min(end - 1, now + Math.floor(share * (end - now))));
            expect(sameDecision(decide(known(account), asked, before), decision)).toBe(true);
          }
          if (decision.validUntil !== null)
            expect(sameDecision(decide(known(account), asked, end), decision)).toBe(false);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a set of entitlements holds exactly until its `validUntil`, and an event then tells of it', () => {
  fc.assert(
    fc.property(zones, licenseSteps, (zone, sequence) => {
      const { account, now } = playLicenses(zone, sequence);
      const set = entitlementsOf(known(account), now);
      if (set.validUntil === null) return;
      const before = entitlementsOf(known(account), instant(set.validUntil - 1));
      expect(before.entitlements).toEqual(set.entitlements);
      expect(entitlementsOf(known(account), set.validUntil).entitlements).not.toEqual(set.entitlements);
    }),
    { numRuns: 150 },
  );
});

test('whatever time alone changes for a follower, an event at that instant tells of it', () => {
  const shown = (account: CustomerAccount, feature: string, at: Instant) => {
    const { allowed, code, value, limit } = decide(known(account), { feature, quantity: 1 }, at);
    return JSON.stringify({ allowed, code, value, limit });
  };
  fc.assert(
    fc.property(
      zones,
      licenseSteps,
      fc.constantFrom('desktop', 'renders', 'credits'),
      (zone, sequence, feature) => {
        const played = playLicenses(zone, sequence);
        let { account: state, now: at } = played;
        for (let turns = 0; turns < 8; turns += 1) {
          const { validUntil } = decide(known(state), { feature, quantity: 1 }, at);
          if (validUntil === null) return;
          const { account: next, events } = applyDue(state, LICENSED, validUntil);
          if (shown(state, feature, at) !== shown(state, feature, validUntil))
            expect(events.map((event) => event.at)).toContain(validUntil);
          state = next;
          at = validUntil;
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('what is foretold is what will have happened', () => {
  fc.assert(
    fc.property(zones, licenseSteps, fc.integer({ min: 1, max: 9000 }), (zone, sequence, after) => {
      const { account, now } = playLicenses(zone, sequence);
      const until = instant(now + after * HOUR);
      const foretold = upcoming(account, LICENSED, now, { until, most: 1000 });
      expect(foretold).toEqual(applyDue(account, LICENSED, until).events);
      for (const event of foretold) expect(describeUpcoming(event)).not.toBe('');
    }),
    { numRuns: 150 },
  );
});

test('the ceiling that a counter is written with grants what `decide` grants, and no unit more', () => {
  fc.assert(
    fc.property(zones, licenseSteps, fc.integer({ min: 1, max: 250 }), (zone, sequence, quantity) => {
      const { account, now } = playLicenses(zone, sequence);
      for (const text of ['renders', 'credits']) {
        const key = [...LICENSED.catalog.features.keys()].find((one) => one === text);
        if (key === undefined) throw new Error('the catalog has the feature');
        const { allowed, used } = decide(known(account), { feature: text, quantity }, now);
        const { ceiling } = ceilingOf(account, LICENSED, key, now);
        expect(ceiling === null || (used ?? 0) + quantity <= ceiling).toBe(allowed);
      }
    }),
    { numRuns: 200 },
  );
});
