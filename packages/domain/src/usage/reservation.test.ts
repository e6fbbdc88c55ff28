import fc from 'fast-check';
import {
  accepted,
  duration,
  featureKey,
  metered,
  newCustomer,
  plan,
  releaseOf,
  subscribeTo,
  time,
} from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { parseReservationId } from '../ids.js';
import { applyDue, nextDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import { formatInstant, instant, type Instant } from '../time/instant.js';
import { withoutExpired, withoutReservations } from './holds-in-memory.js';
import { type Reservation, reservedUntil } from './reservation.js';
import { spend } from './spend.js';
import { meterAt } from './window.js';

const LIMIT = 100;
const HOUR = 3_600_000;
const KEY = featureKey('calls');
const calls = metered('calls', 'P1D', 'calendar');
const release = releaseOf({
  features: [calls],
  plans: [plan('pro', { period: 'P1M', units: { calls: LIMIT } })],
});
const START = time('2026-01-01T10:00:00Z');

function customer(): CustomerAccount {
  return accepted(execute(newCustomer(), subscribeTo('pro'), release, START)).account;
}

let ids = 0;
/** Written as the database does; null: it did not fit. */
function reserved(account: CustomerAccount, quantity: number, at: Instant, hours: number) {
  const { decision, held } = spend(
    knownState(release, account),
    { kind: 'reserve', feature: KEY, quantity },
    at,
  );
  const id = parseReservationId(`rsv_${String((ids += 1))}`);
  if (held === 0 || id === null) return null;
  const meter = meterAt(account, calls, at);
  const expiresAt = instant(at + hours * HOUR);
  const windowStart = meter.window?.start ?? null;
  const made: Reservation = { id, feature: KEY, quantity, expiresAt, windowStart, holds: [] };
  const reservations = [...account.reservations, made].sort((one, other) => one.expiresAt - other.expiresAt);
  const freesAt = instant(Math.min(meter.freesAt ?? Infinity, expiresAt));
  const counted = { ...meter, reserved: decision.reserved ?? 0, freesAt };
  return { made, account: { ...account, reservations, meters: new Map(account.meters).set(KEY, counted) } };
}

test.each<[string, string | null]>([
  ['PT1S', '2026-01-01T10:00:01.000Z'],
  ['PT24H', '2026-01-02T10:00:00.000Z'],
  ['P1D', '2026-01-02T10:00:00.000Z'],
  ['PT24H1S', null],
  ['P2D', null],
  ['P1M', null],
])('a reservation for %s lasts until %s', (ttl, until) => {
  const at = reservedUntil(START, duration(ttl));
  expect(at && formatInstant(at)).toBe(until);
});

test('time frees its units and tells so, dated when it was due; a check shows it before anybody has written it', () => {
  const first = reserved(customer(), 30, START, 1);
  const second = first && reserved(first.account, 20, START, 2);
  if (!second) throw new Error('both fit');
  const { account } = second;
  const at = (hours: number) => instant(START + hours * HOUR);
  const reservedAt = (hours: number) =>
    decide(knownState(release, account), { feature: KEY, quantity: 1 }, at(hours));
  expect(nextDue(account, release)).toBe(at(1));
  expect(reservedAt(0.5)).toMatchObject({ reserved: 50, validUntil: at(1) });
  expect(reservedAt(1)).toMatchObject({ reserved: 20, validUntil: at(2) });
  expect(reservedAt(2)).toMatchObject({ reserved: 0 });
  expect(applyDue(account, release, at(5)).events).toMatchObject([
    { type: 'usage.reservation_expired', at: at(1), reserved: 20, reservation: { quantity: 30 } },
    { type: 'usage.reservation_expired', at: at(2), reserved: 0, reservation: { quantity: 20 } },
  ]);
});

test('it counts in the window in which it was made, which is closed though nothing was used', () => {
  const late = time('2026-01-01T23:30:00Z');
  const made = reserved(customer(), 30, late, 1);
  if (!made) throw new Error('it fits');
  const midnight = time('2026-01-02');
  const { account, events } = applyDue(made.account, release, instant(midnight + HOUR));
  expect(events).toMatchObject([
    { type: 'usage.window_closed', at: midnight, used: 0 },
    { type: 'usage.reservation_expired', at: late + HOUR, reserved: null },
  ]);
  expect(account.meters.get(KEY)).toMatchObject({ used: 0, reserved: 0, freesAt: null, overdrawn: 0 });
});

test('without its reservations a state tells until when it is sure, and counts on as if they were held', () => {
  const made = reserved(customer(), 30, START, 1);
  if (!made) throw new Error('it fits');
  const state = knownState(release, withoutReservations(made.account));
  const ask = (at: Instant) => decide(state, { feature: KEY, quantity: 1 }, at);
  expect(ask(START)).toMatchObject({ reserved: 30, validUntil: made.made.expiresAt });
  expect(ask(made.made.expiresAt)).toMatchObject({ reserved: 30 });
  const settled = withoutExpired(made.account, made.made.expiresAt);
  expect(settled.meters.get(KEY)).toMatchObject({ reserved: 0, freesAt: null, overdrawn: 0 });
  expect(settled.reservations).toEqual([]);
});

interface Step {
  readonly minutes: number;
  readonly kind: 'reserve' | 'commit' | 'free' | 'consume';
  readonly units: number;
  readonly hours: number;
}
const steps = fc.array(
  fc.record<Step>({
    minutes: fc.nat(300),
    kind: fc.constantFrom('reserve', 'commit', 'free', 'consume'),
    units: fc.integer({ min: 1, max: 70 }),
    hours: fc.integer({ min: 1, max: 24 }),
  }),
  { maxLength: 25 },
);

test('whatever is reserved, settled and forgotten: never more than the limit, and `reserved` is the sum of what is open', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      let account = customer();
      let now = START;
      for (const { minutes, kind, units, hours } of sequence) {
        now = instant(now + minutes * 60_000);
        account = applyDue(account, release, now).account;
        account = take(account, kind, units, hours, now);
        const meter = meterAt(account, calls, now);
        const open = account.reservations.filter(({ windowStart }) => windowStart === meter.window?.start);
        expect(meter.reserved).toBe(open.reduce((sum, { quantity }) => sum + quantity, 0));
        expect(meter.used + meter.reserved).toBeLessThanOrEqual(LIMIT);
        expect(meter.freesAt).toBe(open[0]?.expiresAt ?? null);
      }
    }),
    { numRuns: 500 },
  );
});

function take(
  account: CustomerAccount,
  kind: Step['kind'],
  units: number,
  hours: number,
  now: Instant,
): CustomerAccount {
  if (kind === 'reserve') return reserved(account, units, now, hours)?.account ?? account;
  const meter = meterAt(account, calls, now);
  const [oldest] = account.reservations;
  if (kind === 'consume') {
    const { decision } = spend(knownState(release, account), { kind, feature: KEY, quantity: units }, now);
    const used = decision.allowed ? (decision.used ?? 0) : meter.used;
    return { ...account, meters: new Map(account.meters).set(KEY, { ...meter, used }) };
  }
  if (oldest === undefined) return account;
  const isHeld = oldest.windowStart === meter.window?.start;
  const quantity = kind === 'commit' ? Math.min(units, oldest.quantity) : 0;
  const held = isHeld ? oldest.quantity : 0;
  const { decision } = spend(knownState(release, account), { kind, feature: KEY, quantity, held }, now);
  const reservations = account.reservations.slice(1);
  if (!isHeld) return { ...account, reservations };
  const freesAt =
    reservations.find(({ windowStart }) => windowStart === meter.window?.start)?.expiresAt ?? null;
  const settled = { ...meter, used: decision.used ?? 0, reserved: decision.reserved ?? 0, freesAt };
  return { ...account, reservations, meters: new Map(account.meters).set(KEY, settled) };
}
