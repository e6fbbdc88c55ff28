import fc from 'fast-check';
import { licenseSteps, playLicenses } from '../../testing/license-histories.js';
import { issueOf, LICENSED, licenseHistory, renewalOf, verbOf } from '../../testing/licenses.js';
import { time } from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import type { License } from '../license/license.js';
import type { CustomerEvent } from '../subscription/command.js';
import { applyDue } from '../subscription/due.js';
import { instant, type Instant } from '../time/instant.js';
import type { PastEvent, Undo } from './past.js';
import { turnedBy } from './since.js';

const HOUR = 3_600_000;

/** As little as events hold. */
function undoOf(event: CustomerEvent): Undo {
  if ('license' in event) {
    const { before, after } = event.license;
    return { kind: 'LICENSE', before: before && bare(before), after: bare(after) };
  }
  if ('before' in event) return { kind: 'SUBSCRIPTION', before: event.before, after: event.after };
  return { kind: 'NOTHING' };
}
const bare = (license: License): License => ({ ...license, creditsGiven: new Map() });

interface Asked {
  readonly feature: string;
  readonly productVersion?: string;
}

/** The event since which the answer is what it is: `2026-02-10 license.expired`. */
function since(account: CustomerAccount, events: readonly CustomerEvent[], asked: Asked, now: Instant) {
  const request = { ...asked, quantity: 1 };
  const decision = decide(knownState(LICENSED, account), request, now);
  const told = events.map((event): PastEvent => ({ at: event.at, undo: undoOf(event) })).toReversed();
  const place = turnedBy({ account, release: LICENSED, request, decision, now, withLimit: false }, told);
  return { code: decision.code, event: place === null ? null : (events.toReversed()[place] ?? null) };
}

function sinceAt(
  steps: Parameters<typeof licenseHistory>[0],
  at: string,
  asked: Asked = { feature: 'desktop' },
): string {
  const { account, events } = licenseHistory(steps);
  const due = applyDue(account, LICENSED, time(at));
  const { code, event } = since(due.account, [...events, ...due.events], asked, time(at));
  return [
    code,
    event === null ? 'null' : `${event.type} ${new Date(event.at).toISOString().slice(0, 10)}`,
  ].join(' ');
}

const ISSUED = ['2026-01-10', issueOf('term')] as const;

test.each([
  ['2026-01-20', 'ENTITLED license.started 2026-01-10'],
  ['2026-02-12', 'ENTITLED_GRACE license.grace_started 2026-02-10'],
  ['2026-02-20', 'LICENSE_EXPIRED license.expired 2026-02-17'],
  ['2026-06-01', 'NO_ACTIVE_PLAN license.archived 2026-05-18'],
])('on %s it is so since time made it so: %s', (at, expected) => {
  expect(sinceAt([ISSUED], at)).toBe(expected);
});

test.each([
  [
    'suspended',
    [ISSUED, ['2026-01-15', verbOf('suspendLicense')]],
    'LICENSE_SUSPENDED license.suspended 2026-01-15',
  ],
  [
    'revoked',
    [ISSUED, ['2026-01-15', verbOf('revokeLicense')]],
    'LICENSE_REVOKED license.revoked 2026-01-15',
  ],
  [
    'reinstated',
    [ISSUED, ['2026-01-12', verbOf('suspendLicense')], ['2026-01-15', verbOf('reinstateLicense')]],
    'ENTITLED license.reinstated 2026-01-15',
  ],
  ['renewed in time', [ISSUED, ['2026-01-15', renewalOf()]], 'ENTITLED license.started 2026-01-10'],
  [
    'to begin later',
    [['2026-01-10', issueOf('term', { startsAt: '2026-03-01' })]],
    'NOT_STARTED license.issued 2026-01-10',
  ],
] as const)('a licence that is %s: %s', (_what, steps, expected) => {
  expect(sinceAt(steps, '2026-01-20')).toBe(expected);
});

test('renewed after its end it gives since then', () => {
  const late = ['2026-03-05', renewalOf({ expiresAt: '2026-06-01' })] as const;
  expect(sinceAt([ISSUED, late], '2026-03-20')).toBe('ENTITLED license.renewed 2026-03-05');
});

test('a renewed maintenance covers the version since then', () => {
  const issued = ['2026-01-10', issueOf('forever')] as const;
  const renewed = ['2026-01-15', renewalOf({ maintenanceUntil: '2060-01-01' })] as const;
  const asked = { feature: 'desktop', productVersion: '9.0' };
  expect(sinceAt([issued], '2026-01-20', asked)).toBe('VERSION_NOT_COVERED license.started 2026-01-10');
  expect(sinceAt([issued, renewed], '2026-01-20', asked)).toBe('ENTITLED license.renewed 2026-01-15');
});

test('of the day on which maintenance ended no event tells, and none is named', () => {
  const issued = ['2025-01-10', issueOf('forever')] as const;
  const asked = { feature: 'desktop', productVersion: 'unheard of' };
  expect(sinceAt([issued], '2026-01-20', asked)).toBe('VERSION_NOT_COVERED null');
});

test('over a whole history an event is named after which the answer was what it is, to the end', () => {
  let [named, asked] = [0, 0];
  fc.assert(
    fc.property(
      licenseSteps,
      fc.constantFrom('desktop', 'renders'),
      fc.integer({ min: 0, max: 3000 }),
      (sequence, feature, after) => {
        const played = playLicenses('UTC', sequence);
        const now = instant(played.now + after * HOUR);
        const due = applyDue(played.account, LICENSED, now);
        const events = [...played.events, ...due.events];
        const { code, event } = since(due.account, events, { feature }, now);
        asked += 1;
        if (event === null) return;
        named += 1;
        expect(decide(knownState(LICENSED, played.account), { feature, quantity: 1 }, now).code).toBe(code);
        // What has been due since the last command is asked of anew at each of its times.
        const place = due.events.indexOf(event);
        for (const { at } of place < 0 ? due.events : due.events.slice(place))
          expect(decide(knownState(LICENSED, played.account), { feature, quantity: 1 }, at).code).toBe(code);
        if (place >= 0 && event.at > played.now)
          expect(
            decide(knownState(LICENSED, played.account), { feature, quantity: 1 }, instant(event.at - 1))
              .code,
          ).not.toBe(code);
      },
    ),
    { numRuns: 300 },
  );
  expect(named).toBeGreaterThan(asked / 3);
});
