import fc from 'fast-check';
import { licenseFrom, releaseFrom } from '../../../testing/states.js';
import { duration, newCustomer, time } from '../../../testing/subscriptions.js';
import type { CustomerAccount } from '../../customer.js';
import {
  type FeatureKey,
  parseFeatureKey,
  parseLeaseId,
  parseLicenseFileId,
  parseMachineId,
  parseSeatId,
} from '../../ids.js';
import { applyDue } from '../../subscription/due.js';
import { instant, type Instant } from '../../time/instant.js';
import type { QuotaLease } from '../../usage/quota-lease.js';
import { issueLicenseFile } from './issue-file.js';
import type { LicenseFile } from './license-file.js';
import { settleLicenseFile } from './settle-file.js';

const LIMIT = 100;
const release = releaseFrom(`
catalog: 1
name: budgets
features:
  cad: { type: boolean }
  calls: { type: metered, window: P1M, anchor: calendar, notifyAt: [50, 90] }
  projects: { type: limit }
plans:
  shop: { model: perpetual, machines: { limit: 30, offlineFiles: 30 }, entitlements: { cad: true, calls: 100, projects: 100 } }
`);
const START = time('2026-02-10');
const HOUR = 3_600_000;
const after = (hours: number): Instant => instant(START + hours * HOUR);

function must<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('a value');
  return value;
}
const CALLS = must(parseFeatureKey('calls'));
const PROJECTS = must(parseFeatureKey('projects'));

function customer(): CustomerAccount {
  return { ...newCustomer(), turnedUntil: START, licenses: [licenseFrom(release, { plan: 'shop' }, START)] };
}

let ids = 0;
function issue(
  before: CustomerAccount,
  asked: readonly (readonly [string, number])[],
  now: Instant,
  days = 10,
) {
  const account = applyDue(before, release, now).account;
  ids += 1;
  const id = String(ids);
  return issueLicenseFile(
    account,
    release,
    [],
    {
      licenseId: must(account.licenses[0]).id,
      fileId: must(parseLicenseFileId(`file_${id}`)),
      machineId: must(parseMachineId(`mach_${id}`)),
      seatId: must(parseSeatId(`seat_${id}`)),
      ...{ machine: { fingerprint: 'cellar', components: [] }, nonce: null, seat: null },
      validFor: duration(`P${String(days)}D`),
      budgets: asked.map(([feature, quantity], place) => ({
        ...{ feature, quantity },
        leaseId: must(parseLeaseId(`lse_${id}x${String(place)}`)),
      })),
    },
    now,
  );
}

interface Issued {
  readonly account: CustomerAccount;
  readonly file: LicenseFile;
  readonly leases: readonly QuotaLease[];
}

function issued(...asked: Parameters<typeof issue>): Issued {
  const outcome = issue(...asked);
  if (!outcome.ok || outcome.file === null) throw new Error(JSON.stringify(outcome));
  return { account: outcome.account, file: outcome.file, leases: outcome.leases };
}

function settled(account: CustomerAccount, { file, leases }: Issued, spent: number, now: Instant) {
  const due = applyDue(account, release, now);
  const known = { file, out: [], budgets: leases };
  const outcome = settleLicenseFile(due.account, release, known, new Map([[CALLS, spent]]), now);
  if (!outcome.ok) throw new Error(outcome.refusal.message);
  return { account: outcome.account, events: [...due.events, ...outcome.events] };
}

function counted({ meters }: CustomerAccount, feature: FeatureKey = CALLS) {
  const { used = 0, reserved = 0, freesAt = null } = meters.get(feature) ?? {};
  return { used, reserved, freesAt };
}

test('budgets are filled as far as they go, and the file says how far', () => {
  const first = issued(customer(), [['calls', 60], ['projects', 5]], START); // prettier-ignore
  expect(first.file.budgets).toEqual(new Map([[CALLS, 60], [PROJECTS, 5]])); // prettier-ignore
  expect(counted(first.account)).toEqual({ used: 0, reserved: 60, freesAt: first.file.expiresAt });
  expect(first.leases).toMatchObject([
    { fileId: first.file.id, expiresAt: first.file.expiresAt },
    { fileId: first.file.id, feature: 'projects', windowStart: null },
  ]);
  const second = issued(first.account, [['calls', 60]], START);
  expect(second.file.budgets).toEqual(new Map([[CALLS, 40]]));
  const third = issue(second.account, [['projects', 1], ['calls', 1]], START); // prettier-ignore
  expect(third).toMatchObject({
    ...{ ok: true, file: null, account: second.account, events: [], leases: [] },
    decision: { code: 'LIMIT_EXCEEDED', feature: 'calls', reserved: 100 },
  });
});

test('of what is not counted there are none', () => {
  expect(issue(customer(), [['cad', 1]], START)).toMatchObject({
    ok: false,
    refusal: { code: 'BAD_USER_INPUT', field: 'budgets' },
  });
});

test.each([
  ['at once', 0, { used: 20, reserved: 0, freesAt: null }],
  ['at its end', 10 * 24, { used: 20, reserved: 0, freesAt: null }],
  ['within a day', 11 * 24 - 1, { used: 20, reserved: 0, freesAt: null }],
  ['a day late', 11 * 24, { used: 60, reserved: 0, freesAt: null }],
])('settled %s', (_name, hours, expected) => {
  const made = issued(customer(), [['calls', 60]], START);
  expect(counted(settled(made.account, made, 20, after(hours)).account)).toEqual(expected);
});

test('it does not end with its window, in which it counts as spent', () => {
  const made = issued(customer(), [['calls', 60]], START, 30);
  const march = time('2026-03-02');
  const due = applyDue(made.account, release, march);
  expect(due.events).toMatchObject([{ type: 'usage.window_closed', used: 60 }]);
  expect(due.account.leases).toHaveLength(1);
  expect(counted(due.account)).toMatchObject({ used: 0, reserved: 0 });
  const next = issued(due.account, [['calls', 100]], march);
  expect(counted(next.account).reserved).toBe(LIMIT);
  const back = settled(next.account, made, 1, march);
  expect(counted(back.account).reserved).toBe(LIMIT);
  expect(back.account.leases).toEqual(next.leases);
  expect(back.events).toMatchObject([
    { type: 'quota.returned', spent: 1, returned: 0, used: null, reserved: null },
    { type: 'license.file_settled' },
  ]);
  const over = applyDue(due.account, release, time('2026-03-20'));
  expect(over.events).toMatchObject([{ type: 'quota.expired', used: null, reserved: null }]);
  expect(over.account.leases).toEqual([]);
});

test('what was spent reaches thresholds once, when it is settled', () => {
  const made = issued(customer(), [['calls', 80]], START);
  const reached = ({ events }: ReturnType<typeof settled>) =>
    events.filter(({ type }) => type === 'usage.threshold_reached');
  expect(reached(settled(made.account, made, 49, after(1)))).toEqual([]);
  expect(reached(settled(made.account, made, 80, after(1)))).toMatchObject([{ used: 80, feature: 'calls' }]);
  const late = settled(made.account, made, 60, after(10 * 24 + 1));
  expect(reached(late)).toMatchObject([{ used: 80, at: made.file.expiresAt }]);
});

const step = fc.record({
  hours: fc.integer({ min: 0, max: 200 }),
  units: fc.integer({ min: 1, max: 70 }),
  days: fc.integer({ min: 1, max: 40 }),
  spent: fc.double({ min: 0, max: 1, noNaN: true }),
  issues: fc.boolean(),
});

test('whatever is issued and settled, no window has more than its limit, and all in reserve is some file’s', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      let account = customer();
      let now = START;
      let out: Issued[] = [];
      for (const { hours, units, days, spent, issues } of steps) {
        now = instant(now + hours * HOUR);
        const due = applyDue(account, release, now);
        account = due.account;
        for (const event of due.events)
          if (event.type === 'usage.window_closed') expect(event.used).toBeLessThanOrEqual(LIMIT);
        if (issues) {
          const outcome = issue(account, [['calls', units]], now, days);
          if (outcome.ok && outcome.file !== null) {
            out = [...out, { account, file: outcome.file, leases: outcome.leases }];
            account = outcome.account;
          }
        } else if (out[0] !== undefined) {
          const [first, ...rest] = out;
          const most = first.file.budgets.get(CALLS) ?? 0;
          account = settled(account, first, Math.floor(spent * most), now).account;
          out = rest;
        }
        const { used, reserved } = counted(account);
        const start = account.meters.get(CALLS)?.window?.start ?? null;
        const held = account.leases.filter(({ windowStart }) => windowStart === start);
        expect(used).toBeGreaterThanOrEqual(0);
        expect(used + reserved).toBeLessThanOrEqual(LIMIT);
        expect(reserved).toBe(held.reduce((sum, { quantity }) => sum + quantity, 0));
      }
    }),
    { numRuns: 200 },
  );
});
