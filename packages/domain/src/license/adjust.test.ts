import {
  issueOf,
  LICENSED,
  licenseHistory,
  licenseIn,
  performAt,
  renewalOf,
  toldOf,
  verbOf,
} from '../../testing/licenses.js';
import { accepted, featureKey, refused, time } from '../../testing/subscriptions.js';
import type { CustomerAccount } from '../customer.js';
import { applyDue } from '../subscription/due.js';
import type { CommandOutcome } from '../subscription/command.js';
import type { LicenseCommand } from './command.js';
import { licenseStatus, machineLimitOf } from './license.js';

const START = '2026-01-31T12:00:00Z';
const NOW = '2026-06-15T12:00:00Z';
const NINE = { quantities: { places: 9 } };

/** A licence to `office`, whose plan sells places by number, in each status at `NOW`. */
const OF_STATUS = {
  SCHEDULED: [[START, issueOf('office', { startsAt: '2026-07-01' })]],
  ACTIVE: [[START, issueOf('office')]],
  GRACE: [[START, issueOf('crew', { expiresAt: '2026-06-10' })]],
  EXPIRED: [[START, issueOf('office', { expiresAt: '2026-06-10' })]],
  SUSPENDED: [
    [START, issueOf('office')],
    ['2026-02-01', verbOf('suspendLicense')],
  ],
} as const satisfies Record<string, readonly (readonly [string, LicenseCommand])[]>;

describe('what names a number and no time changes just that', () => {
  test.each(Object.entries(OF_STATUS))('where it is %s', (status, steps) => {
    const { account } = licenseHistory(steps);
    const before = licenseIn(applyDue(account, LICENSED, time(NOW)).account);
    expect(licenseStatus(before)).toBe(status);
    const { account: after, events } = accepted(performAt(account, NOW, renewalOf(NINE)));
    const quantities = new Map([[featureKey('places'), 9]]);
    expect(licenseIn(after)).toEqual({ ...before, quantities });
    const told = events.filter(({ type }) => type === 'license.adjusted');
    expect(told).toEqual([
      { type: 'license.adjusted', at: time(NOW), license: { before, after: licenseIn(after) } },
    ]);
    expect(toldOf({ events })).not.toContain(`${NOW} license.renewed`);
  });

  test('of a perpetual licence without maintenance, up and down and back to the plan’s', () => {
    let { account } = licenseHistory([[START, issueOf('bound')]]);
    const limits = [9, 1, null].map((machineLimit) => {
      const outcome = accepted(performAt(account, NOW, renewalOf({ machineLimit })));
      account = outcome.account;
      expect(toldOf(outcome)).toEqual([`${NOW} license.adjusted`]);
      return machineLimitOf(licenseIn(account));
    });
    expect(limits).toEqual([9, 1, 2]);
    expect(licenseIn(account)).toMatchObject({ expiresAt: null, maintenanceUntil: null });
  });

  test('none named: all are the plan’s again', () => {
    const { account } = licenseHistory([[START, issueOf('office', NINE)]]);
    const { account: after } = accepted(performAt(account, NOW, renewalOf({ quantities: {} })));
    expect(licenseIn(after).quantities).toEqual(new Map());
  });
});

const messageOf = (outcome: CommandOutcome) => (outcome.ok ? '' : outcome.refusal.message);

describe('is refused', () => {
  const changeless: readonly (readonly [string, CustomerAccount, ReturnType<typeof renewalOf>, string])[] = [
    ['the places that it has', held('office', NINE), renewalOf(NINE), 'quantities'],
    [
      'the places that its plan gives',
      held('office'),
      renewalOf({ quantities: { places: 5 } }),
      'quantities',
    ],
    [
      'the machines that it has',
      held('bound', { machineLimit: 3 }),
      renewalOf({ machineLimit: 3 }),
      'machineLimit',
    ],
    ['its plan’s machines', held('bound'), renewalOf({ machineLimit: null }), 'machineLimit'],
  ];
  test.each(changeless)('where it would change nothing: %s', (_what, account, command, field) => {
    const outcome = performAt(account, NOW, command);
    expect(refused(outcome)).toEqual({ code: 'CONFLICT', field });
    expect(messageOf(outcome)).toMatch(/has this already; name what is to change/);
  });

  test('where the licence was revoked', () => {
    const { account } = licenseHistory([
      [START, issueOf('office')],
      ['2026-02-01', verbOf('revokeLicense')],
    ]);
    expect(refused(performAt(account, NOW, renewalOf(NINE)))).toEqual({
      ...{ code: 'CONFLICT', field: 'licenseId' },
    });
  });

  test.each([
    ['too many places', 'office', { quantities: { places: 51 } }, 'quantities.0.quantity'],
    ['what its plan does not sell', 'outright', { quantities: { places: 3 } }, 'quantities.0.feature'],
    ['machines of a plan without', 'office', { machineLimit: 3 }, 'machineLimit'],
    ['more machines than there may be', 'bound', { machineLimit: 10_001 }, 'machineLimit'],
  ])('where it can never be: %s', (_what, plan, options, field) => {
    expect(refused(performAt(held(plan), NOW, renewalOf(options)))).toEqual({
      ...{ code: 'BAD_USER_INPUT', field },
    });
  });

  test('nothing named, where the plan does not say how it is renewed, and says what can be', () => {
    const outcome = performAt(held('bound'), NOW, renewalOf());
    expect(refused(outcome)).toEqual({ code: 'CONFLICT', field: 'licenseId' });
    expect(messageOf(outcome)).toContain('give `expiresAt` or `maintenanceUntil`');
  });
});

function held(plan: string, options: Parameters<typeof issueOf>[1] = {}): CustomerAccount {
  return licenseHistory([[START, issueOf(plan, options)]]).account;
}
