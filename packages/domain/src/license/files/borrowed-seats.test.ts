import fc from 'fast-check';
import {
  accountOf,
  DAY,
  issue,
  must,
  release,
  settle,
  START,
  take,
  type World,
  world,
} from '../../../testing/license-files.js';
import { accepted, changeTo, subscribeTo } from '../../../testing/subscriptions.js';
import { parseFeatureKey } from '../../ids.js';
import { readCondition } from '../../condition/read-condition.js';
import { decide } from '../../decision/decide.js';
import { freeAt, isHeld, type Seat, seatOf, withOneEnd } from '../../seats/seat.js';
import { readState } from '../../snapshot/read-state.js';
import { writeState } from '../../snapshot/write-state.js';
import { applyDue } from '../../subscription/due.js';
import { execute } from '../../subscription/execute.js';
import { instant, type Instant } from '../../time/instant.js';
import { isOut } from './license-file.js';

const stepFields = {
  after: fc.integer({ min: 0, max: 4 * DAY }),
  feature: fc.constantFrom('editors', 'viewers'),
  memberId: fc.constantFrom('ann', 'bob', 'cid'),
  minutes: fc.constantFrom(1, 5, 9000),
  days: fc.integer({ min: 1, max: 9 }),
  pick: fc.nat({ max: 20 }),
};
const step = fc.record({ ...stepFields, what: fc.constantFrom('issue', 'settle', 'giveBack', 'take') });
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

test('whatever is asked in whatever order: a pool is never fuller than it is, and nobody else has a seat that a file uses', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      let now = world(accountOf('free'));
      let at = START;
      for (const one of steps) {
        at = instant(at + one.after);
        const file = now.files[one.pick % Math.max(1, now.files.length)];
        if (one.what === 'issue') now = issue(now, at, { ...one, validFor: `P${String(one.days)}D` }).world;
        else if (one.what === 'settle') now = file === undefined ? now : settle(now, file, at).world;
        else now = take(now, { ...one, what: one.what }, at);
        const { account } = now;
        const due = applyDue(account, release, at).account;
        for (const key of ['editors', 'viewers']) {
          const seats = due.seats.filter(({ feature }) => feature === key);
          const used = due.meters.get(must(parseFeatureKey(key)))?.used ?? 0;
          expect(seats.length).toBe(used);
          expect(used).toBeLessThanOrEqual(2);
        }
        for (const { seat, expiresAt, ...out } of now.files) {
          if (seat === null || !isOut({ ...out, seat, expiresAt }, at)) continue;
          const taken = due.seats.find(
            ({ feature, memberId }) => feature === seat.feature && memberId === seat.memberId,
          );
          expect(taken?.borrowedUntil).toBeGreaterThanOrEqual(expiresAt);
          expect((taken && freeAt(taken)) ?? Infinity).toBeGreaterThanOrEqual(expiresAt);
        }
      }
    }),
    { numRuns: 300 },
  );
});

/** What members have of their own, by feature and member: when it ends, and whether it was given back. */
type Own = ReadonlyMap<string, { readonly until: number; readonly isHeld: boolean }>;

/** `own` after a step that was granted at `at`. */
function ownAfter(own: Own, { what, feature, memberId, minutes }: Step, at: Instant): Own {
  const name = `${feature} ${memberId}`;
  const before = own.get(name) ?? { until: 0, isHeld: false };
  const next = new Map(own);
  if (what === 'giveBack' && before.isHeld)
    next.set(name, { until: feature === 'editors' ? at + DAY : at, isHeld: false });
  else if (what === 'take' && feature === 'editors') next.set(name, { until: Infinity, isHeld: true });
  else if (what === 'take')
    next.set(name, {
      until: Math.max(before.isHeld ? before.until : 0, at + minutes * 60_000),
      isHeld: true,
    });
  return next;
}

function seatNow(
  { account }: World,
  { feature, memberId }: Pick<Step, 'feature' | 'memberId'>,
  at: Instant,
): Seat | null {
  return seatOf(applyDue(account, release, at).account, must(parseFeatureKey(feature)), memberId);
}

test('whatever was asked in whatever order: when all files are settled, members have what is their own, and to its end', () => {
  // A file for a named seat that cools down makes it its member's again: that is a test of its own.
  const steps = fc.array(
    fc.record({ ...stepFields, what: fc.constantFrom('borrow', 'settle', 'giveBack', 'take') }),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(steps, (taken) => {
      let now = world(accountOf('free'));
      let own: Own = new Map();
      let at = START;
      for (const one of taken) {
        at = instant(at + one.after);
        const named = { feature: one.feature, memberId: one.memberId };
        const seat = seatNow(now, named, at);
        const file = now.files[one.pick % Math.max(1, now.files.length)];
        if (one.what === 'settle' && file !== undefined) now = settle(now, file, at).world;
        else if (one.what === 'borrow' && (seat === null || isHeld(seat) || seat.kind === 'FLOATING'))
          now = issue(now, at, { ...named, validFor: `P${String(one.days)}D` }).world;
        else if (one.what === 'giveBack' || one.what === 'take') {
          const what = one.what;
          now = take(now, { ...one, what }, at);
          if (what === 'giveBack' || seatNow(now, named, at) !== null)
            own = ownAfter(own, { ...one, what }, at);
        }
      }
      for (const file of now.files) now = settle(now, file, at).world;
      const left = applyDue(now.account, release, at).account.seats.map((seat): [string, unknown] => [
        `${seat.feature} ${seat.memberId}`,
        { until: freeAt(seat) ?? Infinity, isHeld: isHeld(seat) },
      ]);
      expect(new Map(left)).toEqual(new Map([...own].filter(([, { until }]) => until > at)));
    }),
    { numRuns: 300 },
  );
});

/** As it is told of. */
function seatIn({ account }: World, at: Instant) {
  const [seat] = applyDue(account, release, at).account.seats;
  return seat && withOneEnd(seat);
}

/** Of the seat of `ann`. */
function given(now: World, what: 'take' | 'giveBack', feature: Step['feature'], at: Instant): World {
  return take(now, { what, feature, memberId: 'ann' }, at);
}

test.each(['editors', 'viewers'] as const)(
  'one of `%s` that was given back while two files use it stays taken for each as long as that is out',
  (feature) => {
    const long = issue(world(accountOf('free')), START, { feature, validFor: 'P9D' });
    const short = issue(long.world, START, { feature, validFor: 'P2D' });
    const back = given(short.world, 'giveBack', feature, START);
    const [first, second] = [must(long.outcome.file), must(short.outcome.file)];
    const other = settle(back, first, START).world;
    expect(seatIn(other, START)).toMatchObject({ coolsUntil: second.expiresAt });
    expect(seatIn(other, second.expiresAt)).toBeUndefined();
    expect(seatIn(settle(other, second, START).world, START)).toBeUndefined();
    // Its member has it back for as long as the other file, too.
    const again = given(other, 'take', feature, START);
    if (feature === 'viewers')
      expect(seatIn(again, START)).toMatchObject({ coolsUntil: null, leaseExpiresAt: second.expiresAt });
  },
);

test.each([
  ['before it has cooled down', DAY / 2, DAY],
  ['when it has', DAY, DAY],
  ['later', 9.5 * DAY, 9.5 * DAY],
])('a named seat cools down since it was given back, its file being settled %s', (_when, after, free) => {
  const held = given(world(accountOf('free')), 'take', 'editors', START);
  const made = issue(held, START, { feature: 'editors' });
  const back = given(made.world, 'giveBack', 'editors', START);
  expect(seatIn(back, instant(START + free - 1))).toMatchObject({ coolsUntil: START + 10 * DAY });
  const settled = settle(back, must(made.outcome.file), instant(START + after)).world;
  if (after < free)
    expect(seatIn(settled, instant(START + free - 1))).toMatchObject({ coolsUntil: START + free });
  expect(seatIn(settled, instant(START + free))).toBeUndefined();
});

test.each([
  ['before its file', 'viewers', 'take'],
  ['while a file uses it', 'viewers', 'renew'],
] as const)('a lease of the member’s own, taken %s, goes on when that is settled', (_when, feature, when) => {
  const before = world(accountOf('free'));
  const taken = when === 'take' ? given(before, 'take', feature, START) : before;
  const made = issue(taken, START, { feature, validFor: 'P9D' });
  const file = must(made.outcome.file);
  expect(seatIn(made.world, START)).toMatchObject({ leaseExpiresAt: file.expiresAt });
  const renewed = when === 'take' ? made.world : given(made.world, 'take', feature, START);
  const at = instant(START + 60_000);
  const settled = settle(renewed, file, at).world;
  expect(seatIn(settled, at)).toMatchObject({ leaseExpiresAt: START + 300_000, coolsUntil: null });
  expect(seatIn(settled, instant(START + 300_000))).toBeUndefined();
  const late = settle(renewed, file, instant(START + 300_000)).world;
  expect(seatIn(late, instant(START + 300_000))).toBeUndefined();
});

test('who gives a lease back that a file uses has given it up: another one is as long as it is asked for', () => {
  const named = { feature: 'viewers', memberId: 'ann' };
  const long = take(world(accountOf('free')), { ...named, what: 'take', minutes: 60 }, START);
  const made = issue(long, START, named);
  const back = take(made.world, { ...named, what: 'giveBack' }, START);
  const again = take(back, { ...named, what: 'take', minutes: 1 }, START);
  const settled = settle(again, must(made.outcome.file), START).world;
  expect(seatIn(settled, START)).toMatchObject({ leaseExpiresAt: START + 60_000 });
});

test('one that cools down is its last holder’s again, and no file makes it free sooner', () => {
  const held = given(world(accountOf('free')), 'take', 'editors', START);
  const cooling = given(held, 'giveBack', 'editors', START);
  const made = issue(cooling, START, { feature: 'editors', validFor: 'PT1H' });
  expect(made.outcome.events.map(({ type }) => type)).toContain('seat.assigned');
  const settled = settle(made.world, must(made.outcome.file), START).world;
  for (const after of [made.world, settled])
    expect(seatIn(after, instant(START + DAY / 2))).toMatchObject({ kind: 'NAMED', leaseExpiresAt: null });
});

test('who reads a snapshot knows when a borrowed seat is free, too', () => {
  const { world: made } = issue(world(accountOf('free')), START, { feature: 'viewers', validFor: 'P2D' });
  const { account } = given(made, 'take', 'viewers', START);
  const reading = readState(writeState(release, account), readCondition);
  if (!reading.ok) throw new Error(reading.message);
  const codeAt = (at: number): string =>
    decide(reading.state, { feature: 'viewers', quantity: 1, memberId: 'ann' }, instant(at)).code;
  expect([codeAt(START + 2 * DAY - 1), codeAt(START + 2 * DAY)]).toEqual(['ENTITLED', 'NO_SEAT']);
});

describe('of a pool that has shrunk', () => {
  const licensed = accountOf('term', { expiresAt: '2027-01-01' });
  const team = accepted(execute(licensed, subscribeTo('team'), release, START)).account;
  const over = instant(START + 7 * DAY);

  /** Each takes an editor's seat, in this order, and those with a number of days have it borrowed for as long. */
  function shrunk(days: Readonly<Record<string, number | null>>): World {
    let now = world(team);
    Object.entries(days).forEach(([memberId, length], index) => {
      const at = instant(START + index);
      now = take(now, { what: 'take', feature: 'editors', memberId }, at);
      if (length === null) return;
      const asked = { feature: 'editors', memberId, validFor: `P${String(length)}D` };
      const made = issue(now, at, asked);
      must(made.outcome.file);
      now = made.world;
    });
    const change = execute(now.account, changeTo('solo', { timing: 'NOW' }), release, instant(START + 10));
    return { ...now, account: accepted(change).account };
  }
  const membersAt = ({ account }: World, at: Instant): string[] =>
    applyDue(account, release, at)
      .account.seats.map(({ memberId, coolsUntil }) => memberId + (coolsUntil === null ? '' : ', given back'))
      .sort();

  test('those go last that files use, and what they are then is their files’ alone', () => {
    const now = shrunk({ ann: null, bob: 20, cid: 10 });
    expect(membersAt(now, instant(over - 1 + 10))).toEqual(['ann', 'bob', 'cid']);
    expect(membersAt(now, instant(over + 10))).toEqual(['bob', 'cid, given back']);
    expect(membersAt(now, instant(START + 10 * DAY))).toEqual(['bob']);
    expect(membersAt(now, instant(START + 99 * DAY))).toEqual(['bob']);
  });

  test('one that a file no longer uses goes like any other', () => {
    expect(membersAt(shrunk({ ann: null, bob: 1, cid: 2 }), instant(over + 10))).toEqual(['ann']);
  });

  test('what is given back is free when its file is settled', () => {
    const { account, files } = shrunk({ ann: 20, bob: 20 });
    const later = instant(over + DAY);
    const due = { files, account: applyDue(account, release, later).account };
    expect(membersAt(due, later)).toEqual(['ann', 'bob, given back']);
    const settled = settle(due, must(files[1] ?? null), later).world;
    expect(membersAt(settled, later)).toEqual(['ann']);
    expect(settled.account.meters.get(must(parseFeatureKey('editors')))).toMatchObject({ used: 1 });
  });
});
