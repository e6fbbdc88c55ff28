import fc from 'fast-check';
import {
  accepted,
  changeTo,
  duration,
  featureKey,
  metered,
  newCustomer,
  plan,
  releaseOf,
  subscribeTo,
  time,
  transition,
} from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { parseLeaseId, parseLicenseFileId, parseReservationId } from '../ids.js';
import { accountAt, applyDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import { formatInstant, instant, type Instant, parseTimeZone } from '../time/instant.js';
import { withoutExpired, withoutReservations } from './holds-in-memory.js';
import type { Meter } from './meter.js';
import { isCorrectable, isLeaseTtl, leasedUntil, type QuotaLease, unitsBack } from './quota-lease.js';
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
const after = (hours: number) => instant(START + hours * HOUR);
const UTC = parseTimeZone('UTC');
if (UTC === null) throw new Error('UTC is a time zone');

function customer(): CustomerAccount {
  return accepted(execute(newCustomer(), subscribeTo('pro'), release, START)).account;
}

let ids = 0;

/** Written as the database does; null: not even one unit fits. */
function lent(account: CustomerAccount, quantity: number, at: Instant, hours: number) {
  const asked = { kind: 'lend', feature: KEY, quantity } as const;
  const { decision, held } = spend(knownState(release, account), asked, at);
  const id = parseLeaseId(`lse_${String((ids += 1))}`);
  if (held === 0 || id === null) return null;
  const meter = meterAt(account, calls, at);
  const windowStart = meter.window?.start ?? null;
  const expiresAt = instant(Math.min(at + hours * HOUR, meter.window?.end ?? Infinity));
  const lease: QuotaLease = {
    id,
    feature: KEY,
    quantity: held,
    expiresAt,
    windowStart,
    holds: [],
    told: [],
    fileId: null,
  };
  const leases = [...account.leases, lease].sort((one, other) => one.expiresAt - other.expiresAt);
  const freesAt = instant(Math.min(meter.freesAt ?? Infinity, expiresAt));
  const counted = { ...meter, reserved: decision.reserved ?? 0, freesAt };
  return { lease, account: { ...account, leases, meters: new Map(account.meters).set(KEY, counted) } };
}

function lentOrThrow(...asked: Parameters<typeof lent>) {
  const made = lent(...asked);
  if (made === null) throw new Error('it fits');
  return made;
}

test('a lease is filled up to what a spend would be allowed, at least 1', () => {
  const first = lentOrThrow(customer(), 60, START, 2);
  expect(first.lease.quantity).toBe(60);
  const second = lentOrThrow(first.account, 60, START, 2);
  expect(second.lease.quantity).toBe(40);
  expect(lent(second.account, 60, START, 2)).toBeNull();
});

test('of what is unlimited all is lent, and of what is not had nothing', () => {
  const entitlements = new Map([
    [KEY, { kind: 'UNITS', limit: null, enforcement: { kind: 'HARD' } } as const],
  ]);
  const unlimited = releaseOf({ features: [calls], plans: [plan('pro', { period: 'P1M', entitlements })] });
  const had = accepted(execute(newCustomer(), subscribeTo('pro'), unlimited, START)).account;
  const asked = { kind: 'lend', feature: KEY, quantity: 1_000_000 } as const;
  expect(spend(knownState(unlimited, had), asked, START)).toMatchObject({ held: 1_000_000 });
  expect(spend(knownState(release, newCustomer()), asked, START)).toMatchObject({
    held: 0,
    decision: { allowed: false, code: 'NO_ACTIVE_PLAN' },
  });
});

test('its end spends it in full, dated when it ended; a check shows it before anybody has written it', () => {
  const { account } = lentOrThrow(lentOrThrow(customer(), 30, START, 1).account, 20, START, 2);
  const seen = (at: Instant) => decide(knownState(release, account), { feature: KEY, quantity: 1 }, at);
  expect(seen(START)).toMatchObject({ used: 0, reserved: 50, remaining: 50, validUntil: after(1) });
  expect(seen(after(1))).toMatchObject({ used: 30, reserved: 20, remaining: 50, validUntil: after(2) });
  expect(seen(after(2))).toMatchObject({ used: 50, reserved: 0, remaining: 50 });
  expect(applyDue(account, release, after(5)).events).toMatchObject([
    { type: 'quota.expired', at: after(1), used: 30, reserved: 20, lease: { quantity: 30 } },
    { type: 'quota.expired', at: after(2), used: 50, reserved: 0, lease: { quantity: 20 } },
  ]);
});

test('it ends with its window, and counts in that', () => {
  const late = time('2026-01-01T23:30:00Z');
  const midnight = time('2026-01-02');
  const { account, lease } = lentOrThrow(customer(), 30, late, 5);
  expect(lease.expiresAt).toBe(midnight);
  const passed = applyDue(account, release, instant(midnight + HOUR));
  expect(passed.events).toMatchObject([
    { type: 'usage.window_closed', at: midnight, used: 30 },
    { type: 'quota.expired', at: midnight, used: null, reserved: null },
  ]);
  expect(passed.account.meters.get(KEY)).toMatchObject({ used: 0, reserved: 0, freesAt: null });
  expect(passed.account.leases).toEqual([]);
});

test('a window that is cut takes it along: told when the window ended, whatever time it had left', () => {
  const resetting = releaseOf({
    features: [calls],
    plans: ['pro', 'max'].map((key) => plan(key, { period: 'P1M', units: { calls: LIMIT } })),
    transitions: [transition('pro', 'max', { usage: 'reset' })],
  });
  const pro = accepted(execute(newCustomer(), subscribeTo('pro'), resetting, START)).account;
  const { account } = lentOrThrow(lentOrThrow(pro, 30, START, 9).account, 20, START, 2);
  const changed = accepted(execute(account, changeTo('max'), resetting, after(1)));
  const ended = { type: 'quota.expired', at: after(1), used: null, reserved: null };
  expect(changed.events).toMatchObject([
    { type: 'subscription.plan_changed' },
    { type: 'usage.window_closed', at: after(1), used: 50 },
    { ...ended, lease: { quantity: 30 } },
    { ...ended, lease: { quantity: 20 } },
  ]);
  expect(changed.account.leases).toEqual([]);
});

test('the budget of a file that has lost its window ends with the file', () => {
  const late = time('2026-01-01T23:30:00Z');
  const { account, lease } = lentOrThrow(customer(), 30, late, 5);
  const end = time('2026-01-05');
  const fileId = parseLicenseFileId('file_1');
  const budget = { ...account, leases: [{ ...lease, expiresAt: end, fileId }] };
  const passed = applyDue(budget, release, instant(end + HOUR));
  expect(passed.events.filter(({ type }) => type === 'quota.expired')).toMatchObject([
    { at: end, used: null },
  ]);
});

test('what expires at one instant: reservations first, then leases', () => {
  const { account } = lentOrThrow(customer(), 30, START, 1);
  const id = parseReservationId('rsv_1');
  const meter = account.meters.get(KEY);
  if (id === null || meter === undefined) throw new Error('both are there');
  const both = {
    ...account,
    reservations: [
      {
        id,
        feature: KEY,
        quantity: 5,
        expiresAt: after(1),
        windowStart: meter.window?.start ?? null,
        holds: [],
      },
    ],
    meters: new Map(account.meters).set(KEY, { ...meter, reserved: 35 }),
  };
  expect(applyDue(both, release, after(1)).events.map(({ type }) => type)).toEqual([
    'usage.reservation_expired',
    'quota.expired',
  ]);
});

test('without its leases a state tells until when it is sure, and counts on as if they were held', () => {
  const { account, lease } = lentOrThrow(customer(), 30, START, 1);
  const state = knownState(release, withoutReservations(account));
  expect(decide(state, { feature: KEY, quantity: 1 }, START)).toMatchObject({
    reserved: 30,
    validUntil: lease.expiresAt,
  });
  expect(withoutExpired(account, lease.expiresAt).meters.get(KEY)).toMatchObject({
    used: 30,
    reserved: 0,
    freesAt: null,
  });
});

test.each<[string, boolean]>([
  ['PT0.001S', true],
  ['PT1S', true],
  ['P1Y', true],
  ['P366D', true],
  ['PT0.0001S', false],
  ['P367D', false],
  ['P1000000Y', false],
])('a lease for %s can be asked for: %s', (ttl, can) => expect(isLeaseTtl(duration(ttl))).toBe(can));

test.each<[string, string, string | null, string]>([
  ['the calendar of the customer', 'P1D', null, '2026-03-29T10:00:00.000Z'],
  ['exact hours', 'PT24H', null, '2026-03-29T11:00:00.000Z'],
  ['the window, which ends before', 'P1D', '2026-03-28T12:00:00Z', '2026-03-28T12:00:00.000Z'],
])('a lease ends by %s', (_, ttl, windowEnd, ends) => {
  const zone = parseTimeZone('Europe/Berlin');
  if (zone === null) throw new Error('a zone');
  const at = time('2026-03-28T11:00:00Z');
  const window = windowEnd === null ? null : { start: at, end: time(windowEnd) };
  expect(formatInstant(leasedUntil(at, duration(ttl), zone, window))).toBe(ends);
});

test.each<[number, boolean]>([
  [0, true],
  [24 * HOUR - 1, true],
  [24 * HOUR, false],
])('%i ms after its end it can be corrected: %s', (late, can) => {
  const lease = { expiresAt: START, windowStart: null };
  expect(isCorrectable(lease, { window: null }, instant(START + late))).toBe(can);
  const other = { start: instant(START - 1), end: after(1000) };
  expect(isCorrectable(lease, { window: other }, instant(START + late))).toBe(false);
});

/** 20 rolled units that end in two hours; of 30 lent, 20 were taken from them. */
function withRolled(account: CustomerAccount): CustomerAccount {
  const { window, ...meter } = meterAt(account, calls, START);
  const rolled = [{ units: 20, until: after(2) }];
  return { ...account, meters: new Map(account.meters).set(KEY, { ...meter, window, rolled }) };
}

test('what is lent of rolled-over units that end meanwhile is not saved by being lent', () => {
  const { account } = lentOrThrow(withRolled(customer()), 30, START, 3);
  const written = applyDue(account, release, after(4)).account.meters.get(KEY);
  expect(written).toMatchObject({ used: 30, rolled: [] });
  expect(withoutExpired(account, after(4)).meters.get(KEY)).toEqual(written);
});

test('what comes back of rolled-over units that have ended since is lost', () => {
  const meter: Meter = {
    ...{ feature: KEY, used: 30, reserved: 0, window: { start: START, end: after(12) } },
    ...{ freesAt: null, overdrawn: 0, rolled: [{ units: 20, until: after(2) }] },
  };
  expect(unitsBack(meter, 25, after(1))).toBe(25);
  // 15 of the 25 were of those that have ended.
  expect(unitsBack(meter, 25, after(2))).toBe(10);
  expect(unitsBack({ ...meter, used: 5 }, 25, after(1))).toBe(5);
});

interface Step {
  readonly minutes: number;
  readonly kind: 'lend' | 'return' | 'forget' | 'late' | 'consume';
  readonly units: number;
  readonly hours: number;
}
const steps = fc.array(
  fc.record<Step>({
    minutes: fc.nat(300),
    kind: fc.constantFrom('lend', 'lend', 'return', 'forget', 'late', 'consume'),
    units: fc.integer({ min: 1, max: 70 }),
    hours: fc.integer({ min: 1, max: 24 }),
  }),
  { maxLength: 30 },
);

/** What has been done, counted apart from the counter. */
interface Ledger {
  account: CustomerAccount;
  /** Spent in the window that runs: consumed, returned as spent, or by leases that have ended. */
  spent: number;
  window: number;
  /** Leases of that window that time has ended and nobody has returned. */
  ended: QuotaLease[];
}

test('whatever is lent, returned and forgotten: never more than the limit, and what is used is what was spent or ended', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const ledger: Ledger = { account: customer(), spent: 0, window: 0, ended: [] };
      let now = START;
      for (const step of sequence) {
        now = instant(now + step.minutes * 60_000);
        pass(ledger, now);
        take(ledger, step, now);
        const meter = meterAt(ledger.account, calls, now);
        const open = ledger.account.leases;
        expect(meter.used).toBe(ledger.spent);
        expect(meter.reserved).toBe(open.reduce((sum, { quantity }) => sum + quantity, 0));
        expect(meter.used + meter.reserved).toBeLessThanOrEqual(LIMIT);
        expect(meter.freesAt).toBe(open[0]?.expiresAt ?? null);
      }
    }),
    { numRuns: 300 },
  );
});

test('time that is written down late, or in pieces, comes to the same', () => {
  fc.assert(
    fc.property(steps, fc.nat(48), fc.nat(48), (sequence, one, other) => {
      let account = customer();
      for (const { units, hours } of sequence)
        account = lent(account, units, START, hours)?.account ?? account;
      const [sooner, later] = [after(Math.min(one, other)), after(Math.max(one, other))];
      const atOnce = applyDue(account, release, later);
      const first = applyDue(account, release, sooner);
      const second = applyDue(first.account, release, later);
      expect([...first.events, ...second.events]).toEqual(atOnce.events);
      expect(second.account).toEqual(atOnce.account);
      expect(accountAt(account, release, later).meters).toEqual(atOnce.account.meters);
      const inMemory = knownState(release, withoutReservations(withoutExpired(account, later)));
      const asked = { feature: KEY, quantity: 1 };
      expect(decide(inMemory, asked, later)).toEqual(decide(knownState(release, account), asked, later));
    }),
    { numRuns: 150 },
  );
});

function pass(ledger: Ledger, now: Instant): void {
  const { account, events } = applyDue(ledger.account, release, now);
  ledger.account = account;
  for (const event of events) {
    if (event.type !== 'quota.expired' || event.used === null) continue;
    ledger.ended.push(event.lease);
    ledger.spent += event.lease.quantity;
  }
  const start = meterAt(account, calls, now).window?.start ?? 0;
  if (start === ledger.window) return;
  ledger.window = start;
  ledger.spent = 0;
  ledger.ended = [];
}

function take(ledger: Ledger, { kind, units, hours }: Step, now: Instant): void {
  const { account } = ledger;
  const meter = meterAt(account, calls, now);
  const put = (changed: Meter, leases = account.leases): void => {
    ledger.account = { ...account, leases, meters: new Map(account.meters).set(KEY, changed) };
  };
  const ask = (request: Parameters<typeof spend>[1]) => spend(knownState(release, account), request, now);
  switch (kind) {
    case 'forget':
      return;
    case 'lend':
      ledger.account = lent(account, units, now, hours)?.account ?? account;
      return;
    case 'consume': {
      const { delta } = ask({ kind, feature: KEY, quantity: units });
      ledger.spent += delta;
      put({ ...meter, used: meter.used + delta });
      return;
    }
    case 'return': {
      const [lease, ...others] = account.leases;
      if (lease === undefined) return;
      const quantity = Math.min(units, lease.quantity);
      const { delta, held } = ask({ kind, feature: KEY, quantity, held: lease.quantity });
      ledger.spent += quantity;
      const freesAt = others[0]?.expiresAt ?? null;
      put({ ...meter, used: meter.used + delta, reserved: meter.reserved + held, freesAt }, others);
      return;
    }
    case 'late': {
      const lease = ledger.ended.shift();
      if (lease === undefined) return;
      const quantity = Math.min(units, lease.quantity);
      const { delta } = ask({ kind: 'correct', feature: KEY, quantity, counted: lease.quantity });
      ledger.spent -= lease.quantity - quantity;
      put({ ...meter, used: meter.used + delta });
    }
  }
}
