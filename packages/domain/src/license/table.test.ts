import { readFileSync } from 'node:fs';
import path from 'node:path';
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
import { accepted, refused, time } from '../../testing/subscriptions.js';
import type { CustomerAccount } from '../customer.js';
import { applyDue } from '../subscription/due.js';
import { instant } from '../time/instant.js';
import type { LicenseCommand } from './command.js';
import { executeLicense } from './execute-license.js';
import { licenseStatus, type LicenseStatus } from './license.js';

const NOW = '2026-06-15T12:00:00Z';
const LATER = '2027-01-01T00:00:00Z';

/** The table as docs/rules.md has it. */
const RULES = readFileSync(path.join(__dirname, '../../../../docs/rules.md'), 'utf8');
const TABLE = /## Licence\n\n([^]*?)\n\n/
  .exec(RULES)?.[1]
  ?.split('\n')
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
if (TABLE === undefined) throw new Error('docs/rules.md has the table of licences');
const [head = [], , ...rows] = TABLE;
const STATUSES = head.slice(1, -1);

const COMMANDS: Readonly<Record<string, LicenseCommand>> = {
  renew: renewalOf({ expiresAt: LATER }),
  suspend: verbOf('suspendLicense'),
  reinstate: verbOf('reinstateLicense'),
  revoke: verbOf('revokeLicense'),
  'rotate key': { kind: 'rotateLicenseKey', licenseId: licenseId(), keyHint: 'WXYZ', keyDigest: 'digest' },
};

const issued = (startsAt: string) =>
  [startsAt < NOW ? startsAt : NOW, issueOf('term', { startsAt })] as const;
/** A licence of each status at `NOW`. */
const MADE: Readonly<Record<LicenseStatus, () => CustomerAccount>> = {
  SCHEDULED: () => licenseHistory([issued('2026-07-01')]).account,
  ACTIVE: () => licenseHistory([issued('2026-06-01')]).account,
  GRACE: () => licenseHistory([issued('2026-05-12')]).account,
  EXPIRED: () => licenseHistory([issued('2026-04-01')]).account,
  SUSPENDED: () => licenseHistory([issued('2026-06-01'), ['2026-06-10', verbOf('suspendLicense')]]).account,
  REVOKED: () => licenseHistory([issued('2026-06-01'), ['2026-06-10', verbOf('revokeLicense')]]).account,
};
const isStatus = (text: string): text is LicenseStatus => text in MADE;

const cells = rows
  .filter(([what = '']) => what in COMMANDS)
  .flatMap(([what = '', ...rest]) =>
    STATUSES.map((status, index) => [what, status, rest[index] ?? '', rest.at(-1) ?? ''] as const),
  );

test('the table names every command and every status', () => {
  expect(new Set(cells.map(([what]) => what))).toEqual(new Set(Object.keys(COMMANDS)));
  expect(new Set(STATUSES)).toEqual(new Set(Object.keys(MADE)));
  expect(cells).toHaveLength(30);
});

test.each(cells)('%s, where it is %s: %s (%s)', (what, status, cell, event) => {
  const command = COMMANDS[what];
  if (!isStatus(status) || command === undefined) throw new Error('a row of the table');
  const before = applyDue(MADE[status](), LICENSED, time(NOW)).account;
  expect(licenseStatus(licenseIn(before))).toBe(status);
  const outcome = executeLicense(before, command, LICENSED, time(NOW));
  if (cell === '–') {
    expect(refused(outcome)).toEqual({ code: 'CONFLICT', field: 'licenseId' });
    return;
  }
  const after = accepted(outcome);
  const becomes = { same: status, 'what the dates say': 'ACTIVE' }[cell] ?? cell;
  expect(licenseStatus(licenseIn(after.account))).toBe(becomes);
  // A key that is rotated is another one, whatever the status.
  const happens = cell === 'same' && what !== 'rotate key' ? [] : [`${NOW} license.${event}`];
  expect(toldOf(after)).toEqual(happens);
  if (happens.length === 0) expect(after.account).toBe(before);
});

describe('time', () => {
  test('starts it, ends it, ends its grace, and tells of each when it was due', () => {
    const { account, events } = licenseHistory([['2026-01-10', issueOf('term', { startsAt: '2026-01-31' })]]);
    expect(toldOf({ events })).toEqual(['2026-01-10T00:00:00Z license.issued']);
    const late = applyDue(account, LICENSED, time('2026-09-01'));
    expect(toldOf(late)).toEqual([
      '2026-01-31T00:00:00Z license.started',
      '2026-02-21T00:00:00Z license.expiring_soon',
      '2026-02-27T00:00:00Z license.expiring_soon',
      '2026-02-28T00:00:00Z license.grace_started',
      '2026-03-07T00:00:00Z license.expired',
      '2026-06-05T00:00:00Z license.archived',
    ]);
    expect(licenseIn(late.account).term).toEqual({ phase: 'EXPIRED', endedAt: time('2026-03-07') });
  });

  test('ends it at once where its plan has no grace', () => {
    const { account } = licenseHistory([['2026-01-10', issueOf('strict')]]);
    const before = applyDue(account, LICENSED, instant(time('2026-02-10') - 1)).account;
    expect(licenseStatus(licenseIn(before))).toBe('ACTIVE');
    const { account: after, events } = applyDue(before, LICENSED, time('2026-02-10'));
    expect(toldOf({ events })).toEqual(['2026-02-10T00:00:00Z license.expired']);
    expect(licenseStatus(licenseIn(after))).toBe('EXPIRED');
  });

  test('runs on while it is suspended, and it stays so', () => {
    const { account } = licenseHistory([
      ['2026-01-10', issueOf('term', { startsAt: '2026-01-31' })],
      ['2026-01-11', verbOf('suspendLicense')],
    ]);
    const seen = ['2026-01-31', '2026-02-28', '2026-03-07'].map((at) => {
      const { account: then, events } = applyDue(account, LICENSED, time(at));
      return `${licenseStatus(licenseIn(then))} ${toldOf({ events }).at(-1) ?? ''}`;
    });
    expect(seen).toEqual([
      'SUSPENDED 2026-01-31T00:00:00Z license.started',
      'SUSPENDED 2026-02-28T00:00:00Z license.grace_started',
      'SUSPENDED 2026-03-07T00:00:00Z license.expired',
    ]);
  });

  test.each([
    ['2026-01-20', 'SCHEDULED'],
    ['2026-02-01', 'ACTIVE'],
    ['2026-03-01', 'GRACE'],
    ['2026-04-01', 'EXPIRED'],
  ])('reinstated on %s it is %s, as its dates say', (at, status) => {
    const { account } = licenseHistory([
      ['2026-01-10', issueOf('term', { startsAt: '2026-01-31' })],
      ['2026-01-11', verbOf('suspendLicense')],
      [at, verbOf('reinstateLicense')],
    ]);
    expect(licenseStatus(licenseIn(account))).toBe(status);
  });

  test('changes a revoked licence no more', () => {
    const { account } = licenseHistory([
      ['2026-01-10', issueOf('term')],
      ['2026-01-11', verbOf('revokeLicense')],
    ]);
    const { events } = applyDue(account, LICENSED, time('2027-01-01'));
    expect(toldOf({ events })).toEqual(['2026-04-11T00:00:00Z license.archived']);
  });

  test('never ends a perpetual one', () => {
    const { account } = licenseHistory([['2026-01-10', issueOf('forever')]]);
    expect(licenseIn(account)).toMatchObject({ expiresAt: null, maintenanceUntil: time('2027-01-10') });
    expect(applyDue(account, LICENSED, time('2060-01-01')).events).toEqual([]);
  });
});

test('a licence that nobody has is NOT_FOUND', () => {
  const { account } = licenseHistory([['2026-01-10', issueOf('term')]]);
  for (const command of [renewalOf({ id: 'lic_9' }), verbOf('suspendLicense', 'lic_9')])
    expect(refused(performAt(account, NOW, command))).toEqual({ code: 'NOT_FOUND', field: 'licenseId' });
});

test('of what is due at one instant the end of a licence comes before the start of another', () => {
  const { account } = licenseHistory([
    ['2026-01-10', issueOf('strict', { id: 'lic_2', startsAt: '2026-02-10' })],
    ['2026-01-10', issueOf('strict', { id: 'lic_1' })],
  ]);
  const { events } = applyDue(account, LICENSED, time('2026-02-10'));
  expect(toldOf({ events }).slice(-2)).toEqual([
    '2026-02-10T00:00:00Z license.expired',
    '2026-02-10T00:00:00Z license.started',
  ]);
});
