import fc from 'fast-check';
import { licensee, NOW, request, state } from '../../testing/decision-questions.js';
import { play, steps, zones } from '../../testing/histories.js';
import { LICENSED } from '../../testing/licenses.js';
import { licenseSteps, playLicenses } from '../../testing/license-histories.js';
import { meridian } from '../../testing/meridian.js';
import { type KnownState, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import type { CheckRequest } from '../decision/decision.js';
import { instant } from '../time/instant.js';
import { withoutReservations } from '../usage/holds-in-memory.js';
import { readCondition } from '../condition/read-condition.js';
import { readState } from './read-state.js';
import { writeState } from './write-state.js';

/** What whoever gets the text makes of it. */
function sent({ release, account }: KnownState): KnownState {
  const text = JSON.stringify(writeState(release, account));
  const read = readState(JSON.parse(text), readCondition);
  if (!read.ok) throw new Error(`${read.path}: ${read.message}`);
  return read.state;
}

const HOUR = 3_600_000;
/** Around the instant that states are made for, and for months after. */
const hours = fc.array(fc.integer({ min: 0, max: 4800 }), { minLength: 1, maxLength: 4 });

function expectTheSame(original: KnownState, asked: readonly CheckRequest[], instants: readonly number[]) {
  const copy = sent(original);
  const fresh = knownState(original.release, original.account);
  for (const at of instants)
    for (const one of asked) expect(decide(copy, one, instant(at))).toEqual(decide(fresh, one, instant(at)));
}

test('a state that was written and read decides as the original does, now and later', () => {
  fc.assert(
    fc.property(fc.oneof(state, licensee), request, hours, (original, asked, later) => {
      if (original.kind !== 'KNOWN') return;
      expectTheSame(original, [asked], [NOW, ...later.map((after) => NOW + after * HOUR)]);
    }),
    { numRuns: 100 },
  );
});

test.each([
  ['windows end with what they had', meridian()],
  ['windows roll over', meridian(1, [], true)],
])('so it does over whole histories where %s', (_, release) => {
  fc.assert(
    fc.property(zones, steps, fc.nat(200), hours, (zone, sequence, quantity, later) => {
      const { account, now } = play(zone, sequence, release);
      const original = knownState(release, withoutReservations(account));
      const asked = [...release.catalog.features.keys()].map((feature) => ({ feature, quantity }));
      expectTheSame(original, asked, [now, ...later.map((after) => now + after * HOUR)]);
    }),
    { numRuns: 30 },
  );
});

test('so it does over whole histories of licences', () => {
  fc.assert(
    fc.property(zones, licenseSteps, fc.nat(20), hours, (zone, sequence, quantity, later) => {
      const { account, now } = playLicenses(zone, sequence);
      const original = knownState(LICENSED, withoutReservations(account));
      const asked = [...LICENSED.catalog.features.keys()].map((feature) => ({ feature, quantity }));
      expectTheSame(original, asked, [now, ...later.map((after) => now + after * HOUR)]);
    }),
    { numRuns: 30 },
  );
});
