import fc from 'fast-check';
import { play, steps, zones } from '../../testing/histories.js';
import { meridian } from '../../testing/meridian.js';
import { zoneOf } from '../../testing/subscriptions.js';
import type { Release } from '../customer.js';
import type { CustomerEvent } from '../subscription/command.js';
import { applyDue } from '../subscription/due.js';
import { instant } from '../time/instant.js';
import { passReleases } from './former-releases.js';

const HOUR = 3_600_000;
const SOON = ['P7D', 'P1D'];

const publications = fc.array(
  fc.record({
    hoursLater: fc.integer({ min: 1, max: 1500 }),
    policy: fc.constantFrom<('stay' | 'now' | 'atRenewal')[]>('stay', 'now', 'atRenewal'),
    zone: fc.option(zones),
    newVersions: fc.boolean(),
    isRollback: fc.boolean(),
    rolls: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);
type Published = (typeof publications extends fc.Arbitrary<infer T> ? T : never)[number];

/** The release of each publication, the first one before them. */
function releasesOf(zone: string, from: number, published: readonly Published[]): Release[] {
  const first = meridian(1, SOON, true);
  const releases: Release[] = [{ ...first, publication: { ...first.publication, timeZone: zoneOf(zone) } }];
  let [at, versions, inZone] = [from, 1, zone];
  for (const { hoursLater, policy, zone: moved, newVersions, isRollback, rolls } of published) {
    at += hoursLater * HOUR;
    versions += newVersions ? 1 : 0;
    inZone = moved ?? inZone;
    const release = meridian(versions, SOON, rolls);
    const number = releases.length + 1;
    releases.push({
      ...release,
      number,
      publication: {
        version: number,
        at: instant(at),
        undoesAfter: isRollback && number > 2 ? number - 2 : null,
        timeZone: zoneOf(inZone),
      },
      catalog: { ...release.catalog, existingSubscriptions: { default: policy, byPlan: new Map() } },
    });
  }
  return releases;
}

test('who applies what was due over several releases late writes what one would who was never late, in order', () => {
  const hops = fc.integer({ min: 1, max: 60 });
  const hours = fc.integer({ min: 0, max: 2000 });
  const property = fc.property(
    zones,
    steps,
    publications,
    hours,
    hops,
    (zone, sequence, published, rest, hop) => {
      const played = play(zone, sequence, meridian(1, SOON, true));
      const releases = releasesOf(zone, played.now, published);
      const zoneUnder = (release: Release) => release.publication.timeZone;
      const [first] = releases;
      const last = releases.at(-1);
      if (first === undefined || last === undefined) throw new Error('there is a first one');
      const end = instant(last.publication.at + rest * HOUR);
      const { account } = applyDue(played.account, first, played.now);

      const passed = passReleases(account, releases, zoneUnder);
      const late = applyDue(passed.account, last, end);

      let punctual = account;
      const events: CustomerEvent[] = [];
      const take = (change: {
        readonly account: typeof account;
        readonly events: readonly CustomerEvent[];
      }): void => {
        punctual = change.account;
        events.push(...change.events);
      };
      releases.forEach((release, index) => {
        const before = releases[index - 1];
        if (before !== undefined) take(passReleases(punctual, [before, release], zoneUnder));
        const from = index === 0 ? played.now : release.publication.at;
        const until = instant((releases[index + 1]?.publication.at ?? end + 1) - 1);
        for (let at: number = from; at < until; at += hop * HOUR)
          take(applyDue(punctual, release, instant(at)));
        take(applyDue(punctual, release, until));
      });
      const told = [...passed.events, ...late.events];
      expect({ told, account: late.account }).toEqual({ told: events, account: punctual });
      expect(told.map(({ at }) => at)).toEqual(
        told.map(({ at }) => at).toSorted((one, other) => one - other),
      );
    },
  );
  fc.assert(property, { numRuns: 300 });
});
