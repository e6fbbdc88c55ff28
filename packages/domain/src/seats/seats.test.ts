import fc from 'fast-check';
import { releaseFrom } from '../../testing/states.js';
import {
  accepted,
  changeTo,
  duration,
  newCustomer,
  refused,
  subscribeTo,
  time,
} from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { entitlementsOf } from '../decision/entitlement-set.js';
import { parseMemberId, parseSeatId } from '../ids.js';
import { accountAt, applyDue, nextDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import { instant, type Instant } from '../time/instant.js';
import { withoutFreed } from './free-seat.js';
import { occupy, refuseSeat, type SeatRequest } from './occupy.js';
import { firstFree, freeAt, isHeld, putSeat } from './seat.js';

const release = releaseFrom(`
catalog: 1
name: seats
features:
  editors: { type: seats, kind: named }
  admins: { type: seats, kind: named, cooldown: P1D }
  viewers: { type: seats, kind: floating, lease: PT5M }
  sso: { type: boolean, needsSeat: editors }
  calls: { type: limit }
plans:
  large: { family: cloud, model: subscription, period: P1M, entitlements: { editors: 4, admins: 2, viewers: 3, sso: true } }
  medium: { family: cloud, model: subscription, period: P1M, entitlements: { editors: 2, admins: 1, viewers: 1 } }
  small: { family: cloud, model: subscription, period: P1M, trial: { for: P14D, then: tiny }, entitlements: { editors: 1 } }
  tiny: { family: cloud, model: subscription, period: P1M, entitlements: {} }
transitions:
  - { from: [large, medium], to: medium, seatsAbove: { releaseNewestAfter: P7D } }
  - { from: [large, medium], to: small, seatsAbove: refuse }
  - { from: [large, medium], to: tiny, seatsAbove: refuse }
  - { from: small, to: tiny, seatsAbove: { releaseNewestAfter: P1D } }
  - { from: [medium, small, tiny], to: large }
`);
const START = time('2026-01-31');

const on = (plan: string): CustomerAccount =>
  accepted(execute(newCustomer(), subscribeTo(plan), release, START)).account;

let ids = 0;
/** As the database does: what is due is applied first. */
function ask(account: CustomerAccount, request: SeatRequest, at: Instant) {
  const due = applyDue(account, release, at).account;
  const id = parseSeatId(`seat_${String((ids += 1))}`);
  if (id === null) throw new Error('an id');
  const { decision, before, after } = occupy(knownState(release, due), request, id, at);
  return { decision, account: before === after ? due : putSeat(due, before, after), seat: after };
}
const assign = (memberId: string, feature = 'editors'): SeatRequest => ({
  kind: 'assign',
  feature,
  memberId,
});
const giveBack = (memberId: string, feature = 'editors'): SeatRequest => ({
  kind: 'giveBack',
  feature,
  memberId,
});
const lease = (memberId: string, ttl: string | null = null): SeatRequest => ({
  kind: 'lease',
  feature: 'viewers',
  memberId,
  ttl: ttl === null ? null : duration(ttl),
});
/** What a list of requests, one a minute, is answered; and what is left. */
function play(account: CustomerAccount, requests: readonly SeatRequest[], from = START) {
  let current = account;
  const codes = requests.map((request, index) => {
    const told = ask(current, request, instant(from + index * 60_000));
    current = told.account;
    return told.decision.code;
  });
  return { codes, account: current };
}
const members = ({ seats }: CustomerAccount): string[] =>
  seats.filter(isHeld).map(({ memberId }) => memberId);

test('each member has one, up to the limit, and who has one is answered with it', () => {
  const { codes, account } = play(on('medium'), [
    assign('ann'),
    assign('ann'),
    assign('bob'),
    assign('cy'),
    assign('bob'),
    giveBack('ann'),
    giveBack('ann'),
    assign('cy'),
  ]);
  expect(codes).toEqual([
    ...['ENTITLED', 'ENTITLED', 'ENTITLED', 'NO_SEAT', 'ENTITLED', 'DONE', 'DONE', 'ENTITLED'],
  ]);
  expect(members(account)).toEqual(['bob', 'cy']);
});

test('what a member may do is what each of her checks says, and is true until her lease ends', () => {
  const { account } = play(on('large'), [assign('ann'), lease('ann')]);
  const state = knownState(release, account);
  const at = instant(START + 120_000);
  for (const name of ['ann', 'bob']) {
    const memberId = parseMemberId(name);
    const set = entitlementsOf(state, at, memberId);
    const asked = set.entitlements.map(({ feature, code }) => [feature, code]);
    const checked = set.entitlements.map(({ feature }) => {
      return [feature, decide(state, { feature, quantity: 1, memberId }, at).code];
    });
    expect(asked).toEqual(checked);
    const held = set.entitlements.filter(({ type }) => type === 'SEATS').map(({ allowed }) => allowed);
    expect(held).toContain(name === 'ann');
  }
  const [seat] = account.seats.filter(({ leaseExpiresAt }) => leaseExpiresAt !== null);
  expect(entitlementsOf(state, at, parseMemberId('ann')).validUntil).toBe(seat?.leaseExpiresAt);
});

test('a decision is valid as long as the pool that it leaves, not the one that it found', () => {
  const periodEnd = decide(
    knownState(release, on('large')),
    { feature: 'viewers', quantity: 0 },
    START,
  ).validUntil;
  const minutes = (count: number): Instant => instant(START + count * 60_000);
  let account = on('large');
  const validUntil = (request: SeatRequest, at: number): Instant | null => {
    const told = ask(account, request, minutes(at));
    account = told.account;
    return told.decision.validUntil;
  };
  expect(validUntil(lease('ann'), 0)).toBe(minutes(5));
  expect(validUntil(lease('ann'), 1)).toBe(minutes(6));
  expect(validUntil(lease('bob', 'PT1H'), 2)).toBe(minutes(6));
  expect(validUntil(giveBack('bob', 'viewers'), 3)).toBe(minutes(6));
  expect(validUntil(giveBack('ann', 'viewers'), 3)).toBe(periodEnd);
  expect(validUntil(assign('ann', 'admins'), 4)).toBe(periodEnd);
  expect(validUntil(giveBack('ann', 'admins'), 4)).toBe(minutes(4 + 24 * 60));
  expect(validUntil(assign('ann', 'admins'), 5)).toBe(periodEnd);
});

test('a seat that cools down is refused to others as such where it alone would be free', () => {
  const { codes, account } = play(on('large'), [
    assign('ann', 'admins'),
    assign('bob', 'admins'),
    assign('cy', 'admins'),
    giveBack('ann', 'admins'),
    assign('cy', 'admins'),
    assign('ann', 'admins'),
    assign('cy', 'admins'),
    giveBack('ann', 'admins'),
  ]);
  expect(codes).toEqual([
    ...['ENTITLED', 'ENTITLED', 'NO_SEAT', 'DONE', 'SEAT_COOLDOWN', 'ENTITLED', 'NO_SEAT', 'DONE'],
  ]);
  const over = account.seats.find((seat) => !isHeld(seat))?.coolsUntil ?? START;
  expect(ask(account, assign('cy', 'admins'), instant(over - 1)).decision.code).toBe('SEAT_COOLDOWN');
  const later = ask(account, assign('cy', 'admins'), over);
  expect(later.decision).toMatchObject({ code: 'ENTITLED', used: 2 });
});

test('giving back is DONE, whatever the customer has', () => {
  const taken = play(on('large'), [assign('ann')]).account;
  const without = accepted(
    execute(giveAll(taken), changeTo('tiny', { timing: 'NOW' }), release, time('2026-02-01')),
  ).account;
  expect(ask(without, giveBack('ann'), time('2026-02-02')).decision).toMatchObject({
    allowed: true,
    code: 'DONE',
  });
  expect(ask(without, assign('ann'), time('2026-02-02')).decision).toMatchObject({
    allowed: false,
    code: 'NOT_IN_PLAN',
  });
});

function giveAll(account: CustomerAccount): CustomerAccount {
  return account.seats.reduce((current, seat) => putSeat(current, seat, null), account);
}

test('a lease is [start, end): it is renewed to its end, never shortened, and then free', () => {
  const first = ask(on('large'), lease('ann'), START);
  const end = instant(START + 300_000);
  expect(first.seat).toMatchObject({ leaseExpiresAt: end, kind: 'FLOATING' });
  expect(nextDue(first.account, release)).toBe(end);
  const renewed = ask(first.account, lease('ann', 'PT1M'), instant(START + 60_000));
  expect(renewed.seat).toBe(first.seat);
  const longer = ask(first.account, lease('ann'), instant(end - 1));
  expect(longer.seat).toEqual({ ...first.seat, leaseExpiresAt: instant(end - 1 + 300_000) });
  const { account, events } = applyDue(first.account, release, end);
  expect(events).toMatchObject([{ type: 'seat.expired', at: end, seat: { after: null } }]);
  expect(account.seats).toEqual([]);
  expect(account.meters.get(first.seat!.feature)).toMatchObject({ used: 0, freesAt: null });
  expect(decide(knownState(release, first.account), check('viewers', 'ann'), instant(end - 1)).code).toBe(
    'ENTITLED',
  );
  expect(decide(knownState(release, first.account), check('viewers', 'ann'), end).code).toBe('NO_SEAT');
});

const check = (feature: string, memberId: string) => ({ feature, quantity: 1, memberId });

test.each<[SeatRequest, string]>([
  [assign('ann', 'viewers'), 'feature'],
  [{ ...lease('ann'), feature: 'editors' }, 'feature'],
  [assign('ann', 'calls'), 'feature'],
  [giveBack('ann', 'sso'), 'feature'],
  [assign(''), 'memberId'],
  [giveBack('a\n'), 'memberId'],
  [lease('ann', 'PT0.5S'), 'ttl'],
  [lease('ann', 'P2Y'), 'ttl'],
])('%j can never be right, at `%s`', (request, field) => {
  expect(refuseSeat(release, request)).toMatchObject({ code: 'BAD_USER_INPUT', field });
});

describe('on a downgrade', () => {
  const four = play(
    on('large'),
    ['ann', 'bob', 'cy', 'dee'].map((member) => assign(member)),
  ).account;
  const change = (account: CustomerAccount, to: string, at = time('2026-02-01')) =>
    execute(account, changeTo(to, { timing: 'NOW' }), release, at);

  test('holders stay for a while, and nobody new comes; then those that were assigned last go', () => {
    const { account } = accepted(change(four, 'medium'));
    expect(play(account, [assign('eve'), assign('dee')], time('2026-02-02')).codes).toEqual([
      ...['NO_SEAT', 'ENTITLED_OVERAGE'],
    ]);
    expect(members(applyDue(account, release, instant(time('2026-02-08') - 1)).account)).toHaveLength(4);
    const due = applyDue(account, release, time('2026-02-08'));
    expect(members(due.account)).toEqual(['ann', 'bob']);
    expect(due.events.map(({ type, at }) => [type, at])).toEqual([
      ['seat.released', time('2026-02-08')],
      ['seat.released', time('2026-02-08')],
    ]);
    expect(nextDue(due.account, release)).not.toBe(time('2026-02-08'));
  });

  test('what is released meanwhile need not go, and another change of plan takes it back', () => {
    const { account } = accepted(change(four, 'medium'));
    const released = play(account, [giveBack('ann'), giveBack('bob')], time('2026-02-02')).account;
    expect(members(applyDue(released, release, time('2026-03-01')).account)).toEqual(['cy', 'dee']);
    const back = accepted(change(account, 'large', time('2026-02-03'))).account;
    expect(members(applyDue(back, release, time('2026-03-01')).account)).toHaveLength(4);
  });

  test('nobody loses a seat to one that nobody holds', () => {
    const two = play(on('large'), [
      assign('ann', 'admins'),
      assign('bob', 'admins'),
      giveBack('ann', 'admins'),
    ]).account;
    const { account } = accepted(change(two, 'medium', instant(START + 3_600_000)));
    const cooling = { ...account, seats: account.seats.map((seat) => lasting(seat)) };
    const due = applyDue(cooling, release, instant(time('2026-02-08') + 3_600_000));
    expect(members(due.account)).toEqual(['bob']);
  });

  test('it is refused while more are held than the plan then has, also one for later', () => {
    expect(refused(change(four, 'small'))).toEqual({ code: 'CONFLICT', field: 'plan' });
    expect(
      refused(execute(four, changeTo('small', { timing: 'PERIOD_END' }), release, time('2026-02-01'))),
    ).toEqual({ code: 'CONFLICT', field: 'plan' });
    expect(refused(change(four, 'tiny'))).toEqual({ code: 'CONFLICT', field: 'plan' });
    const one = play(
      four,
      ['bob', 'cy', 'dee'].map((member) => giveBack(member)),
    ).account;
    expect(accepted(change(one, 'small')).account.seats).toHaveLength(1);
  });

  test('what is above the limit only when the time comes is refused then, and the plan stays', () => {
    const one = play(on('large'), [assign('ann')]).account;
    const later = accepted(
      execute(one, changeTo('small', { timing: 'AT', at: time('2026-02-10') }), release, time('2026-02-01')),
    ).account;
    const two = play(later, [assign('bob')], time('2026-02-02')).account;
    const due = applyDue(two, release, time('2026-02-10'));
    expect(due.events.map(({ type }) => type)).toEqual(['subscription.change_refused']);
    expect(due.account.subscriptions[0]).toMatchObject({ scheduledChange: null });
    expect(due.account.subscriptions[0]?.planVersion.plan.key).toBe('large');
  });

  test('a change by trial keeps the holders, and the seats that no plan gives any more', () => {
    const trial = accepted(
      execute(newCustomer(), subscribeTo('small', { trial: true }), release, START),
    ).account;
    const taken = play(trial, [assign('ann')]).account;
    const due = applyDue(taken, release, time('2026-06-01'));
    expect(due.account.subscriptions[0]?.planVersion.plan.key).toBe('tiny');
    expect(members(due.account)).toEqual(['ann']);
  });
});

/** Of a seat that cools down: for a month. */
function lasting<S extends { readonly coolsUntil: Instant | null }>(seat: S): S {
  return seat.coolsUntil === null ? seat : { ...seat, coolsUntil: time('2026-03-01') };
}

describe('whatever is asked, in whatever order', () => {
  const step = fc.record({
    minutes: fc.integer({ min: 0, max: 900 }),
    member: fc.constantFrom('ann', 'bob', 'cy', 'dee', 'eve'),
    what: fc.constantFrom('editor', 'admin', 'viewer', 'no editor', 'no admin', 'no viewer'),
    ttl: fc.option(fc.constantFrom('PT1M', 'PT10M', 'PT20H'), { nil: null }),
    plan: fc.option(fc.constantFrom('large', 'medium'), { nil: null, freq: 9 }),
  });
  const requestOf = ({ member, what, ttl }: typeof step extends fc.Arbitrary<infer S> ? S : never) => {
    switch (what) {
      case 'editor':
        return assign(member);
      case 'admin':
        return assign(member, 'admins');
      case 'viewer':
        return lease(member, ttl);
      case 'no editor':
        return giveBack(member);
      case 'no admin':
        return giveBack(member, 'admins');
      default:
        return giveBack(member, 'viewers');
    }
  };

  test('the counter is the number of seats, a member has one of a pool, and none is given beyond the limit', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let account = on('large');
        let now = START;
        for (const one of steps) {
          now = instant(now + one.minutes * 60_000);
          account = applyDue(account, release, now).account;
          if (one.plan !== null) {
            const changed = execute(account, changeTo(one.plan, { timing: 'NOW' }), release, now);
            if (changed.ok) account = changed.account;
          }
          const request = requestOf(one);
          const held = account.seats.length;
          const told = ask(account, request, now);
          const { used, limit } = told.decision;
          const left = decide(
            knownState(release, told.account),
            { feature: request.feature, quantity: 0 },
            now,
          );
          expect(told.decision.validUntil ?? Infinity).toBeLessThanOrEqual(left.validUntil ?? Infinity);
          if (told.account.seats.length > held) expect(used ?? 0).toBeLessThanOrEqual(limit ?? 0);
          account = told.account;
          for (const feature of ['editors', 'admins', 'viewers']) {
            const seats = account.seats.filter((seat) => seat.feature === feature);
            const meter = [...account.meters.values()].find((one) => one.feature === feature);
            expect(meter?.used ?? 0).toBe(seats.length);
            expect(meter?.freesAt ?? null).toBe(seats[0] ? firstFree(account.seats, seats[0].feature) : null);
            expect(new Set(seats.map(({ memberId }) => memberId)).size).toBe(seats.length);
          }
          expect(account.seats.filter((seat) => (freeAt(seat) ?? Infinity) <= now)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('many late looks leave what one early look at each time leaves', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 20 }),
        fc.integer({ min: 1, max: 20_000 }),
        (steps, minutes) => {
          const { account } = play(on('large'), steps.map(requestOf));
          const end = instant(START + (steps.length + minutes) * 60_000);
          let stepwise = account;
          for (let at = nextDue(stepwise, release); at !== null && at <= end; at = nextDue(stepwise, release))
            stepwise = applyDue(stepwise, release, at).account;
          const once = applyDue(account, release, end).account;
          expect(stepwise.seats).toEqual(once.seats);
          expect(stepwise.meters).toEqual(once.meters);
        },
      ),
      { numRuns: 100 },
    );
  });
});

test('in memory seats that are over are gone, but for those that something rests on which was due before they were', () => {
  const later = instant(START + 60 * 60_000);
  const leased = play(on('large'), [lease('ann'), lease('bob'), lease('cy')]).account;
  expect(withoutFreed(leased, release, later)).toMatchObject({ seats: [] });

  const at = instant(START + 4 * 60_000);
  const toSmaller = changeTo('small', { timing: 'AT', at });
  const { account } = accepted(execute(on('large'), toSmaller, release, START));
  const waiting = play(account, [lease('ann', 'PT1M'), lease('bob'), lease('cy')]).account;
  const kept = withoutFreed(waiting, release, later);
  expect(kept.seats.map(({ memberId }) => memberId)).toEqual(['bob', 'cy']);
  for (const one of [kept, waiting])
    expect(accountAt(one, release, later)).toMatchObject({
      seats: [],
      subscriptions: [{ planVersion: { plan: { key: 'large' } } }],
    });
});
