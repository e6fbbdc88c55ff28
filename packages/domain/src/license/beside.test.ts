import { issueOf, LICENSED, licenseHistory, licenseIn, performAt, verbOf } from '../../testing/licenses.js';
import { accepted, featureKey, newCustomer, subscribeTo, time } from '../../testing/subscriptions.js';
import { grantOf } from '../../testing/states.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { applyDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import { licenseStatus } from './license.js';

const RENDERS = featureKey('renders');
const decisionAt = (account: CustomerAccount, at: string, feature = 'renders', quantity = 1) =>
  decide(knownState(LICENSED, account), { feature, quantity }, time(at));

function subscribed(account: CustomerAccount, at: string): CustomerAccount {
  const due = applyDue(account, LICENSED, time(at)).account;
  const command = subscribeTo('cloud');
  return accepted(execute(due, command, LICENSED, time(at))).account;
}

test('licence and subscription to one plan stand side by side, in whatever family', () => {
  const both = subscribed(licenseHistory([['2026-01-10', issueOf('cloud')]]).account, '2026-01-12');
  expect(decisionAt(both, '2026-01-13')).toMatchObject({ code: 'ENTITLED', limit: 200 });
});

test('what one of them gives ends with it, and the other goes on', () => {
  const both = subscribed(licenseHistory([['2026-01-10', issueOf('strict')]]).account, '2026-01-12');
  expect(decisionAt(both, '2026-02-09T23:59:59Z').limit).toBe(107);
  expect(decisionAt(both, '2026-02-09T23:59:59Z').validUntil).toBe(time('2026-02-10'));
  expect(decisionAt(both, '2026-02-10').limit).toBe(100);
});

test('a feature handed from a licence to a subscription without a break keeps its window', () => {
  const licensed = licenseHistory([['2026-01-10', issueOf('strict')]]).account;
  const both = subscribed(licensed, '2026-02-01');
  const after = applyDue(both, LICENSED, time('2026-03-01')).account;
  expect(after.windowAnchors.get(RENDERS)).toBe(time('2026-01-10'));
});

test('a suspension is no break: its windows run on', () => {
  const { account } = licenseHistory([
    ['2026-01-10', issueOf('forever')],
    ['2026-02-01', verbOf('suspendLicense')],
    ['2026-04-01', verbOf('reinstateLicense')],
  ]);
  expect(account.windowAnchors.get(RENDERS)).toBe(time('2026-01-10'));
  expect(decisionAt(account, '2026-04-02').resetsAt).toBe(time('2026-04-10'));
});

test('a revocation is a break: what is bought then counts from then', () => {
  const { account } = licenseHistory([
    ['2026-01-10', issueOf('forever')],
    ['2026-02-01', verbOf('revokeLicense')],
    ['2026-02-20', issueOf('forever', { id: 'lic_2' })],
  ]);
  expect(account.windowAnchors.get(RENDERS)).toBe(time('2026-02-20'));
});

describe('an import that began long ago', () => {
  const granted = (): CustomerAccount => {
    const grant = {
      ...grantOf('minutes', { kind: 'ADD', value: { kind: 'UNITS', limit: 5 } }, '2026-01-10'),
      status: 'ACTIVE',
    } as const;
    return {
      ...newCustomer(),
      grants: [grant],
      windowAnchors: new Map([[featureKey('minutes'), time('2026-01-10')]]),
      turnedUntil: time('2026-01-20'),
    };
  };

  test('of a licence leaves the windows of what a grant gives alone', () => {
    const { account } = accepted(
      performAt(granted(), '2026-01-20', issueOf('forever', { startsAt: '2020-01-01' })),
    );
    expect(account.windowAnchors.get(featureKey('minutes'))).toBe(time('2026-01-10'));
    expect(account.windowAnchors.get(RENDERS)).toBe(time('2020-01-01'));
  });

  test('of a subscription, too', () => {
    const due = applyDue(granted(), LICENSED, time('2026-01-20')).account;
    const command = subscribeTo('strict', { startsAt: time('2025-01-01') });
    const { account } = accepted(execute(due, command, LICENSED, time('2026-01-20')));
    expect(account.windowAnchors).toEqual(
      new Map([
        [featureKey('minutes'), time('2026-01-10')],
        [RENDERS, time('2025-01-01')],
      ]),
    );
  });

  test('leaves other licences as they are', () => {
    const before = licenseHistory([['2026-01-10', issueOf('pool', { expiresAt: '2027-01-01' })]]).account;
    const { account } = accepted(
      performAt(before, '2026-03-15', issueOf('outright', { id: 'lic_2', startsAt: '2018-01-01' })),
    );
    expect(account.blocks).toHaveLength(4);
    expect(licenseStatus(licenseIn(account))).toBe('ACTIVE');
  });
});
