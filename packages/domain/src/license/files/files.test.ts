import fc from 'fast-check';
import { duration } from '../../../testing/subscriptions.js';
import { licenseFrom, releaseFrom } from '../../../testing/states.js';
import { newCustomer, time } from '../../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../../customer.js';
import { occupy, type SeatRequest } from '../../seats/occupy.js';
import { isHeld, putSeat } from '../../seats/seat.js';
import {
  parseFeatureKey,
  parseLicenseFileId,
  parseLicenseId,
  parseMachineId,
  parseMemberId,
  parseSeatId,
} from '../../ids.js';
import { applyDue } from '../../subscription/due.js';
import { instant, type Instant } from '../../time/instant.js';
import { type FileOutcome, issueLicenseFile } from './issue-file.js';
import { isOut, type LicenseFile } from './license-file.js';
import { readMachineRequest, writeMachineRequest } from './request.js';
import { settleLicenseFile } from './settle-file.js';

const release = releaseFrom(`
catalog: 1
name: files
features:
  desktop: { type: boolean }
  editors: { type: seats, kind: named, cooldown: P1D }
  viewers: { type: seats, kind: floating, lease: PT5M }
plans:
  bound: { model: perpetual, machines: { limit: 3, offlineFiles: 2 }, entitlements: { desktop: true, editors: 2, viewers: 2 } }
  unsaid: { model: perpetual, machines: { limit: 3 }, entitlements: { desktop: true } }
  none: { model: perpetual, machines: { limit: 3, offlineFiles: 0 }, entitlements: { desktop: true } }
  free: { model: perpetual, entitlements: { desktop: true, editors: 2, viewers: 2 } }
  term: { model: seats, period: P1M, grace: P3D, entitlements: { desktop: true } }
`);
const START = time('2026-02-01');
const DAY = 86_400_000;

function must<T>(value: T | null): T {
  if (value === null) throw new Error('a value');
  return value;
}

function accountOf(plan: string, more: { expiresAt?: string; suspended?: boolean } = {}): CustomerAccount {
  return { ...newCustomer(), turnedUntil: START, licenses: [licenseFrom(release, { plan, ...more }, START)] };
}

/** What a test goes on with: the account, and files that were issued. */
interface World {
  readonly account: CustomerAccount;
  readonly files: readonly LicenseFile[];
}
type Decided = Extract<FileOutcome, { ok: true }>;

let ids = 0;
function issue(
  { account, files }: World,
  now: Instant,
  { fingerprint = 'cellar', validFor = 'P10D', feature = '', memberId = 'ann' } = {},
): { readonly world: World; readonly outcome: Decided } {
  ids += 1;
  const due = applyDue(account, release, now).account;
  const out = files.filter((file) => isOut(file, now));
  const outcome = issueLicenseFile(
    due,
    release,
    out,
    {
      licenseId: must(due.licenses[0]?.id ?? parseLicenseId('lic_0')),
      fileId: must(parseLicenseFileId(`file_${String(ids)}`)),
      machineId: must(parseMachineId(`mach_${String(ids)}`)),
      seatId: must(parseSeatId(`seat_${String(ids)}`)),
      ...{ machine: { fingerprint, components: [] }, nonce: null, validFor: duration(validFor) },
      seat: feature === '' ? null : { feature, memberId: must(parseMemberId(memberId)) },
      budgets: [],
    },
    now,
  );
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const made = outcome.file === null ? files : [...files, outcome.file];
  return { world: { account: outcome.account, files: made }, outcome };
}

function settle({ account, files }: World, file: LicenseFile, now: Instant) {
  const due = applyDue(account, release, now).account;
  const known = must(files.find(({ id }) => id === file.id) ?? null);
  const out = files.filter((one) => isOut(one, now));
  const outcome = settleLicenseFile(due, release, { file: known, out, budgets: [] }, new Map(), now);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  const settled = must(outcome.file);
  const after = files.map((one) => (one.id === settled.id ? settled : one));
  return { world: { account: outcome.account, files: after }, outcome };
}

const world = (account: CustomerAccount): World => ({ account, files: [] });

/** Of the seat of `ann`. */
function given(now: World, what: 'take' | 'giveBack', feature: Step['feature'], at: Instant): World {
  return take(now, { what, feature, memberId: 'ann' }, at);
}

test.each([
  ['bound', 2],
  ['unsaid', 3],
  ['none', 0],
  ['free', 1],
])('of the plan %s %i files may be out', (plan, most) => {
  let now = world(accountOf(plan));
  const codes = Array.from({ length: 4 }, () => {
    const made = issue(now, START);
    now = made.world;
    return made.outcome.decision.code;
  });
  expect(codes.filter((code) => code === 'ENTITLED')).toHaveLength(most);
  expect(codes.slice(most)).toEqual(Array.from({ length: 4 - most }, () => 'OFFLINE_LIMIT_EXCEEDED'));
});

test('a file counts until its end, and not at it', () => {
  const { world: first } = issue(world(accountOf('free')), START);
  const codeAt = (at: number): string => issue(first, instant(START + at)).outcome.decision.code;
  expect([codeAt(10 * DAY - 1), codeAt(10 * DAY)]).toEqual(['OFFLINE_LIMIT_EXCEEDED', 'ENTITLED']);
});

test.each([
  ['2026-02-05', START, '2026-02-08T00:00:00Z'],
  ['2026-01-31', START, '2026-02-03T00:00:00Z'],
  ['2026-06-01', START, '2026-02-11T00:00:00Z'],
])('of a licence to %s with three days of grace it ends at the latest with these', (expiresAt, at, end) => {
  const { outcome } = issue(world(accountOf('term', { expiresAt })), at);
  expect(outcome.file?.expiresAt).toBe(time(end));
});

test('a denial activates no machine and takes no seat', () => {
  const full = issue(issue(world(accountOf('bound')), START).world, START).world;
  const { outcome } = issue(full, START, { fingerprint: 'attic', feature: 'editors' });
  expect(outcome.decision.code).toBe('OFFLINE_LIMIT_EXCEEDED');
  expect(outcome).toMatchObject({ account: full.account, events: [], file: null });
  const suspended = issue(world(accountOf('bound', { suspended: true })), START).outcome;
  expect(suspended).toMatchObject({ decision: { code: 'LICENSE_SUSPENDED', limit: 2, used: 0 }, file: null });
});

test('the seat speaks before the machine, and the machine before the number of files', () => {
  let now = world(accountOf('bound'));
  for (const fingerprint of ['one', 'two']) now = issue(now, START, { fingerprint }).world;
  const codeOf = (feature: string, fingerprint: string): string =>
    issue(now, START, { feature, fingerprint }).outcome.decision.code;
  expect(codeOf('', 'three')).toBe('OFFLINE_LIMIT_EXCEEDED');
  const license = must(now.account.licenses[0] ?? null);
  now = { ...now, account: { ...now.account, licenses: [{ ...license, machineLimit: 2 }] } };
  expect(codeOf('', 'three')).toBe('MACHINE_LIMIT_EXCEEDED');
  expect(codeOf('unheard-of', 'three')).toBe('UNKNOWN_FEATURE');
});

const step = fc.record({
  after: fc.integer({ min: 0, max: 4 * DAY }),
  what: fc.constantFrom('issue', 'settle', 'giveBack', 'take'),
  feature: fc.constantFrom('editors', 'viewers'),
  memberId: fc.constantFrom('ann', 'bob', 'cid'),
  days: fc.integer({ min: 1, max: 9 }),
  pick: fc.nat({ max: 20 }),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function take(
  now: World,
  { what, feature, memberId }: Pick<Step, 'what' | 'feature' | 'memberId'>,
  at: Instant,
): World {
  const due = applyDue(now.account, release, at).account;
  const named = { feature, memberId };
  const request: SeatRequest =
    what === 'giveBack'
      ? { kind: 'giveBack', ...named }
      : feature === 'editors'
        ? { kind: 'assign', ...named }
        : { kind: 'lease', ttl: null, ...named };
  ids += 1;
  const { before, after } = occupy(
    knownState(release, due),
    request,
    must(parseSeatId(`seat_${String(ids)}`)),
    at,
  );
  return { ...now, account: before === after ? due : putSeat(due, before, after) };
}

test('whatever is asked in whatever order: a pool is never fuller than it is, and nobody else has a seat that a file uses', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      let now = world(accountOf('free'));
      let at = START;
      for (const one of steps) {
        at = instant(at + one.after);
        const file = now.files[one.pick % Math.max(1, now.files.length)];
        if (one.what === 'issue') now = issue(now, at, { ...one, validFor: `P${String(one.days)}D` }).world;
        else if (one.what !== 'settle') now = take(now, one, at);
        else if (file !== undefined) now = settle(now, file, at).world;
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
          const end = taken && (isHeld(taken) ? taken.leaseExpiresAt : taken.coolsUntil);
          expect(end ?? Infinity).toBeGreaterThanOrEqual(expiresAt);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('when all files are settled nothing is held for them', () => {
  let now = world(accountOf('free'));
  const kept: LicenseFile[] = [];
  for (const memberId of ['ann', 'bob']) {
    const made = issue(now, START, { feature: 'viewers', memberId });
    now = made.world;
    kept.push(must(made.outcome.file));
  }
  expect(now.account.seats).toHaveLength(2);
  for (const file of kept) now = settle(now, file, instant(START + DAY)).world;
  expect(now.account.seats).toEqual([]);
});

test('of a plan without machines no more files with a seat are out than the pool has, whosever they are', () => {
  let now = world(accountOf('free'));
  const asked = { feature: 'viewers', memberId: 'ann' };
  const made = ['one', 'two', 'three'].map((fingerprint) => {
    const { world: after, outcome } = issue(now, START, { ...asked, fingerprint });
    now = after;
    return outcome;
  });
  expect(made.map(({ decision: { code, limit, used } }) => [code, limit, used])).toEqual([
    ['ENTITLED', 2, 1],
    ['ENTITLED', 2, 2],
    ['OFFLINE_LIMIT_EXCEEDED', 2, 2],
  ]);
  // Others are counted for themselves.
  expect(issue(now, START).outcome.decision).toMatchObject({ code: 'ENTITLED', limit: 1, used: 1 });
  expect(issue(now, START, { feature: 'editors' }).outcome.decision).toMatchObject({ limit: 2, used: 1 });
  const settled = settle(now, must(made[0]?.file ?? null), START);
  expect(settled.outcome.decision).toMatchObject({ code: 'DONE', limit: 2, used: 1 });
  expect(issue(settled.world, START, asked).outcome.decision.code).toBe('ENTITLED');
});

const seatIn = ({ account }: World, at: Instant) => applyDue(account, release, at).account.seats[0];

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
  ['at once', 0, DAY],
  ['later', DAY, 2 * DAY],
  ['shortly before its file ends', 9.5 * DAY, 10 * DAY],
])('a named seat that was given back cools down, though its file is settled %s', (_when, after, free) => {
  const held = given(world(accountOf('free')), 'take', 'editors', START);
  const made = issue(held, START, { feature: 'editors' });
  const back = given(made.world, 'giveBack', 'editors', START);
  const settled = settle(back, must(made.outcome.file), instant(START + after)).world;
  expect(seatIn(settled, instant(START + after))).toMatchObject({ coolsUntil: START + free });
  expect(seatIn(settled, instant(START + free))).toBeUndefined();
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

test('a request is read as it was written, and nothing else is one', () => {
  const request = { fingerprint: 'f', components: ['a'], nonce: 'n' };
  const text = writeMachineRequest(request);
  expect(readMachineRequest(text)).toEqual(request);
  for (const other of ['', '{', text.slice(0, -1), '[]', 'null', text.replace('"form":1', '"form":2')])
    expect(readMachineRequest(other)).toBeNull();
});
