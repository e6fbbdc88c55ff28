import {
  issueOf,
  LICENSED,
  licenseHistory,
  licenseId,
  licenseIn,
  performAt,
  renewalOf,
  toldOf,
  verbOf,
} from '../../testing/licenses.js';
import { accepted, featureKey, newCustomer, refused, time } from '../../testing/subscriptions.js';
import { applyDue } from '../subscription/due.js';
import { formatInstant, type Instant } from '../time/instant.js';
import type { CommandOutcome } from '../subscription/command.js';
import type { LicenseCommand } from './command.js';
import { licenseStatus, machineLimitOf } from './license.js';

const START = '2026-01-31T12:00:00Z';

function endsOf(plan: string, options: Parameters<typeof issueOf>[1] = {}, zone = 'UTC') {
  const { expiresAt, maintenanceUntil } = licenseIn(
    licenseHistory([[START, issueOf(plan, options)]], zone).account,
  );
  return [textOf(expiresAt), textOf(maintenanceUntil)];
}
const textOf = (at: Instant | null): string | null => at && formatInstant(at).replace('.000', '');

function messageOf(outcome: CommandOutcome): string {
  return outcome.ok ? '' : outcome.refusal.message;
}

describe('a licence that is issued', () => {
  test.each([
    ['term', ['2026-02-28T12:00:00Z', null]],
    ['strict', ['2026-02-28T12:00:00Z', '2026-07-31T12:00:00Z']],
    ['office', ['2027-01-31T12:00:00Z', null]],
    ['forever', [null, '2027-01-31T12:00:00Z']],
    ['outright', [null, null]],
  ])('to %s ends as the plan says: %p', (plan, ends) => {
    expect(endsOf(plan)).toEqual(ends);
  });

  test('ends and is maintained as it is told', () => {
    const given = { expiresAt: '2028-01-01T00:00:00Z', maintenanceUntil: '2027-06-01T00:00:00Z' };
    expect(endsOf('strict', given)).toEqual(['2028-01-01T00:00:00Z', '2027-06-01T00:00:00Z']);
    expect(endsOf('outright', given)).toEqual(['2028-01-01T00:00:00Z', '2027-06-01T00:00:00Z']);
  });

  test('ends by the calendar of its customer', () => {
    const given = { startsAt: '2026-03-15T02:30:00Z' };
    // Half past three in the night; in April the clocks of Berlin stand an hour later.
    expect(endsOf('term', given, 'Europe/Berlin')).toEqual(['2026-04-15T01:30:00Z', null]);
  });

  test('begins later, and until then is SCHEDULED', () => {
    const { account, events } = licenseHistory([[START, issueOf('term', { startsAt: '2026-03-01' })]]);
    expect(licenseStatus(licenseIn(account))).toBe('SCHEDULED');
    expect(toldOf({ events })).toEqual([`${START} license.issued`]);
  });

  test('ten years back is told of with all that was due since', () => {
    const { account, events } = licenseHistory([
      [START, issueOf('strict', { startsAt: '2016-01-31T12:00:00Z' })],
      [START, issueOf('forever', { id: 'lic_2', startsAt: '2016-01-31T12:00:00Z' })],
      [START, issueOf('pool', { id: 'lic_3', startsAt: '2025-12-01', expiresAt: '2026-01-15' })],
    ]);
    expect(toldOf({ events })).toEqual([
      '2016-01-31T12:00:00Z license.issued',
      '2016-01-31T12:00:00Z license.started',
      '2016-02-29T12:00:00Z license.expired',
      '2016-01-31T12:00:00Z license.issued',
      '2016-01-31T12:00:00Z license.started',
      '2025-12-01T00:00:00Z license.issued',
      '2025-12-01T00:00:00Z license.started',
      '2025-12-01T00:00:00Z credits.added',
      '2025-12-01T00:00:00Z credits.added',
      '2026-01-01T00:00:00Z credits.added',
      '2026-01-15T00:00:00Z license.grace_started',
      '2026-01-18T00:00:00Z license.expired',
    ]);
    expect(account.licenses.map(licenseStatus)).toEqual(['EXPIRED', 'ACTIVE', 'EXPIRED']);
  });

  test('is another one with each command', () => {
    const { account } = licenseHistory([
      [START, issueOf('term')],
      [START, issueOf('term', { id: 'lic_2' })],
    ]);
    expect(account.licenses).toHaveLength(2);
  });

  test('is bought in numbers that the plan sells', () => {
    const { account } = licenseHistory([[START, issueOf('office', { quantities: { places: 50 } })]]);
    expect(licenseIn(account).quantities).toEqual(new Map([[featureKey('places'), 50]]));
  });

  test('is bound to as many machines as the plan says, or it is told', () => {
    const { account } = licenseHistory([
      [START, issueOf('bound')],
      [START, issueOf('bound', { id: 'lic_2', machineLimit: 7 })],
      [START, issueOf('outright', { id: 'lic_3' })],
    ]);
    expect(account.licenses.map(machineLimitOf)).toEqual([2, 7, null]);
  });

  test.each([
    ['a plan that is not sold', 'nowhere', {}, 'NOT_FOUND', 'plan'],
    ['a start eleven years back', 'term', { startsAt: '2015-01-01' }, 'BAD_USER_INPUT', 'startsAt'],
    ['a start in two centuries', 'term', { startsAt: '2226-01-01' }, 'BAD_USER_INPUT', 'startsAt'],
    ['an end at its start', 'term', { expiresAt: START }, 'BAD_USER_INPUT', 'expiresAt'],
    ['an end before its start', 'outright', { expiresAt: '2026-01-30' }, 'BAD_USER_INPUT', 'expiresAt'],
    ['an end in two centuries', 'term', { expiresAt: '2226-01-01' }, 'BAD_USER_INPUT', 'expiresAt'],
    [
      'maintenance that ends at its start',
      'forever',
      { maintenanceUntil: START },
      'BAD_USER_INPUT',
      'maintenanceUntil',
    ],
    [
      'a quantity that is not sold by number',
      'term',
      { quantities: { renders: 3 } },
      'BAD_USER_INPUT',
      'quantities.0.feature',
    ],
    ['too few', 'office', { quantities: { places: 1 } }, 'BAD_USER_INPUT', 'quantities.0.quantity'],
    ['too many', 'office', { quantities: { places: 51 } }, 'BAD_USER_INPUT', 'quantities.0.quantity'],
    ['machines of a plan without', 'term', { machineLimit: 1 }, 'BAD_USER_INPUT', 'machineLimit'],
    ['no machine', 'bound', { machineLimit: 0 }, 'BAD_USER_INPUT', 'machineLimit'],
    ['half a machine', 'bound', { machineLimit: 1.5 }, 'BAD_USER_INPUT', 'machineLimit'],
  ])('is refused with %s', (_what, plan, options, code, field) => {
    const outcome = performAt(newCustomer(), START, issueOf(plan, options));
    expect(refused(outcome)).toEqual({ code, field });
  });

  test('is one of a thousand that have not ended at most', () => {
    const { account } = licenseHistory([[START, issueOf('outright')]]);
    const [one] = account.licenses;
    if (one === undefined) throw new Error('a licence');
    const full = { ...account, licenses: Array.from({ length: 1000 }, () => one) };
    const command = issueOf('outright', { id: 'lic_2' });
    expect(refused(performAt(full, START, command))).toEqual({ code: 'CONFLICT', field: 'customerId' });
    const ended = { ...one, term: { phase: 'EXPIRED', endedAt: time(START) } } as const;
    const free = { ...account, licenses: [ended, ...full.licenses.slice(1)] };
    expect(performAt(free, START, command).ok).toBe(true);
  });

  test('is no way past that number: one that has ended is not renewed beyond it', () => {
    const { account } = licenseHistory([[START, issueOf('term')]]);
    const [one] = applyDue(account, LICENSED, time('2026-06-01')).account.licenses;
    if (one === undefined) throw new Error('a licence');
    const open = { ...one, term: { phase: 'ACTIVE' }, expiresAt: null } as const;
    const others = Array.from({ length: 1000 }, (_, index) => ({
      ...open,
      id: licenseId(`lic_other${String(index)}`),
    }));
    const full = { ...account, licenses: [one, ...others], turnedUntil: time('2026-06-01') };
    const renewal = renewalOf({ expiresAt: '2026-07-01' });
    expect(refused(performAt(full, '2026-06-01', renewal))).toEqual({ code: 'CONFLICT', field: 'licenseId' });
    const free = { ...full, licenses: full.licenses.slice(0, -1) };
    expect(performAt(free, '2026-06-01', renewal).ok).toBe(true);
  });
});

describe('a licence that is renewed', () => {
  const renewed = (
    plan: string,
    renewals: readonly (readonly [string, LicenseCommand])[],
    options: Parameters<typeof issueOf>[1] = {},
  ) => {
    const license = licenseIn(licenseHistory([[START, issueOf(plan, options)], ...renewals]).account);
    return [licenseStatus(license), textOf(license.expiresAt), textOf(license.maintenanceUntil)];
  };

  test('goes on from its present end, however early, or in its grace period', () => {
    const ends = ['ACTIVE', '2026-03-28T12:00:00Z', null];
    expect(renewed('term', [['2026-02-01', renewalOf()]])).toEqual(ends);
    expect(renewed('term', [['2026-03-02', renewalOf()]])).toEqual(ends);
  });

  test('twice goes on twice', () => {
    expect(
      renewed('term', [
        ['2026-02-01', renewalOf()],
        ['2026-02-01', renewalOf()],
      ]),
    ).toEqual(['ACTIVE', '2026-04-28T12:00:00Z', null]);
  });

  test('before it begins stays SCHEDULED', () => {
    const options = { startsAt: '2026-03-01T00:00:00Z' };
    expect(renewed('term', [['2026-02-01', renewalOf()]], options)).toEqual([
      'SCHEDULED',
      '2026-05-01T00:00:00Z',
      null,
    ]);
  });

  test('of a plan that never ends is maintained for longer, and nothing else', () => {
    expect(renewed('forever', [['2026-06-01', renewalOf()]])).toEqual([
      'ACTIVE',
      null,
      '2028-01-31T12:00:00Z',
    ]);
  });

  test('by a plan with both is lengthened in both', () => {
    expect(renewed('strict', [['2026-02-01', renewalOf()]])).toEqual([
      'ACTIVE',
      '2026-03-28T12:00:00Z',
      '2027-01-31T12:00:00Z',
    ]);
  });

  test('ends as it is told, and what is not told of stays', () => {
    const until = { expiresAt: '2027-01-01T00:00:00Z' };
    expect(renewed('strict', [['2026-02-01', renewalOf(until)]])).toEqual([
      'ACTIVE',
      '2027-01-01T00:00:00Z',
      '2026-07-31T12:00:00Z',
    ]);
    const maintained = { maintenanceUntil: '2027-01-01T00:00:00Z' };
    expect(renewed('strict', [['2026-02-01', renewalOf(maintained)]])).toEqual([
      'ACTIVE',
      '2026-02-28T12:00:00Z',
      '2027-01-01T00:00:00Z',
    ]);
  });

  test('long after its maintenance needs to be told until when, and says so', () => {
    const { account } = licenseHistory([[START, issueOf('forever')]]);
    const outcome = performAt(account, '2030-06-01', renewalOf());
    expect(refused(outcome)).toEqual({ code: 'CONFLICT', field: 'maintenanceUntil' });
    const told = renewalOf({ maintenanceUntil: '2031-01-01T00:00:00Z' });
    expect(performAt(account, '2030-06-01', told).ok).toBe(true);
  });

  test('long after its end needs to be told until when, and says so', () => {
    const { account } = licenseHistory([[START, issueOf('term')]]);
    const outcome = performAt(account, '2026-06-01', renewalOf());
    expect(refused(outcome)).toEqual({ code: 'CONFLICT', field: 'expiresAt' });
    expect(messageOf(outcome)).toContain('give `expiresAt`');
    const { account: after } = accepted(
      performAt(account, '2026-06-01', renewalOf({ expiresAt: '2026-07-01' })),
    );
    expect(licenseStatus(licenseIn(after))).toBe('ACTIVE');
  });

  test('in its maintenance alone, where it has ended, is refused', () => {
    const { account } = licenseHistory([[START, issueOf('strict')]]);
    const outcome = performAt(account, '2026-06-01', renewalOf({ maintenanceUntil: '2027-01-01' }));
    expect(refused(outcome)).toEqual({ code: 'CONFLICT', field: 'expiresAt' });
    expect(messageOf(outcome)).toContain('give `expiresAt`');
  });

  test('is one that the plan says how to renew', () => {
    const { account } = licenseHistory([[START, issueOf('outright', { expiresAt: '2027-01-01' })]]);
    const outcome = performAt(account, '2026-06-01', renewalOf());
    expect(refused(outcome)).toEqual({ code: 'CONFLICT', field: 'licenseId' });
    expect(messageOf(outcome)).toContain('give `expiresAt`');
  });

  test('to what it already is changes nothing', () => {
    const { account } = licenseHistory([
      [START, issueOf('office', { quantities: { places: 9 }, expiresAt: '2027-01-01' })],
    ]);
    for (const same of [
      renewalOf({ expiresAt: '2027-01-01' }),
      renewalOf({ expiresAt: '2027-01-01', quantities: { places: 9 } }),
    ]) {
      const { events, account: after } = accepted(performAt(account, '2026-06-01', same));
      expect(events).toEqual([]);
      expect(licenseIn(after)).toBe(licenseIn(account));
    }
  });

  test('may be bought in another number, and for other machines', () => {
    const { account } = licenseHistory([
      [START, issueOf('office')],
      [START, issueOf('bound', { id: 'lic_2', machineLimit: 7 })],
      ['2026-02-01', renewalOf({ quantities: { places: 9 }, expiresAt: '2028-01-01' })],
    ]);
    expect(licenseIn(account).quantities).toEqual(new Map([[featureKey('places'), 9]]));
    const until = { id: 'lic_2', maintenanceUntil: '2030-01-01' };
    const machines = [{ machineLimit: 3 }, {}, { machineLimit: null }].map((given) =>
      machineLimitOf(
        licenseIn(
          accepted(performAt(account, '2026-02-01', renewalOf({ ...until, ...given }))).account,
          'lic_2',
        ),
      ),
    );
    expect(machines).toEqual([3, 7, 2]);
  });

  test.each([
    ['an end that is past', { expiresAt: '2026-02-01' }, 'expiresAt'],
    ['an end before its start', { expiresAt: '2025-02-01' }, 'expiresAt'],
    ['an end in two centuries', { expiresAt: '2226-01-01' }, 'expiresAt'],
    ['maintenance before its start', { maintenanceUntil: '2025-02-01' }, 'maintenanceUntil'],
    ['too many places', { quantities: { places: 51 } }, 'quantities.0.quantity'],
    ['machines of a plan without', { machineLimit: 2 }, 'machineLimit'],
  ])('is refused with %s', (_what, options, field) => {
    const { account } = licenseHistory([[START, issueOf('office')]]);
    const outcome = performAt(account, '2026-02-10', renewalOf(options));
    expect(refused(outcome)).toEqual({ code: 'BAD_USER_INPUT', field });
  });

  test('while suspended goes on, and is suspended', () => {
    const { account } = licenseHistory([
      [START, issueOf('term')],
      ['2026-02-01', verbOf('suspendLicense')],
      ['2026-05-01', renewalOf({ expiresAt: '2026-06-01' })],
    ]);
    expect(licenseStatus(licenseIn(account))).toBe('SUSPENDED');
    const { account: back } = accepted(performAt(account, '2026-05-02', verbOf('reinstateLicense')));
    expect(licenseStatus(licenseIn(back))).toBe('ACTIVE');
  });

  test('ends again with grace and warnings', () => {
    const { account } = licenseHistory([
      [START, issueOf('term')],
      ['2026-03-02', renewalOf()],
    ]);
    expect(toldOf(applyDue(account, LICENSED, time('2026-05-01')))).toEqual([
      '2026-03-21T12:00:00Z license.expiring_soon',
      '2026-03-27T12:00:00Z license.expiring_soon',
      '2026-03-28T12:00:00Z license.grace_started',
      '2026-04-04T12:00:00Z license.expired',
    ]);
  });
});
