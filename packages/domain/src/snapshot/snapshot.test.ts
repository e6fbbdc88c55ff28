import { grantOf, releaseFrom, stateFrom } from '../../testing/states.js';
import { time } from '../../testing/subscriptions.js';
import { type KnownState, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { parseLicenseId, parseMemberId, parseTenantId } from '../ids.js';
import type { SnapshotAudience } from './audience.js';
import { readSnapshot } from './read-snapshot.js';
import { snapshotClaims, snapshotState } from './snapshot.js';
import { snapshotTimes } from './times.js';

const NOW = time('2026-01-15T12:00:00.700Z');
const TENANT = '0a000000-0000-4000-8000-00000000000a';
const REVISION = '0000000000000001-00000000';

const RELEASE = releaseFrom(`
catalog: 1
name: offline
features:
  sso: { type: boolean }
  calls: { type: metered, window: P1M }
  secret-feature: { type: boolean }
  editors: { type: seats, kind: named }
plans:
  pro:
    model: subscription
    onCancel: free
    offline: { refreshAfter: PT1H, staleFor: P3D, grace: P7D }
    entitlements: { sso: true, calls: 10, editors: 5 }
    rules: [{ name: read, feature: sso, when: has(customer.attributes.region), then: deny }]
  strict: { model: subscription, offline: { refreshAfter: PT10M, staleFor: P4D, grace: P1D }, entitlements: { sso: true } }
  free: { model: subscription, entitlements: { calls: 1 } }
  boxed: { model: perpetual, entitlements: { sso: true, calls: 7 } }
  for-bob-alone: { model: subscription, entitlements: { secret-feature: true } }
`);

function stateWith(given: Partial<Parameters<typeof stateFrom>[1]>): KnownState {
  const state = stateFrom(RELEASE, { at: NOW, ...given });
  if (state.kind !== 'KNOWN') throw new Error('a customer that is known');
  return state;
}

function member(text: string) {
  const id = parseMemberId(text);
  if (id === null) throw new Error('a member id');
  return id;
}

const CUSTOMER: SnapshotAudience = { kind: 'CUSTOMER' };

/** As a verified payload. */
function payloadOf(state: KnownState, audience = CUSTOMER): Record<string, unknown> {
  const times = snapshotTimes(state, NOW);
  const document = snapshotState(state, audience);
  if (document === null) throw new Error('a state');
  const claims = snapshotClaims(
    state.account.id,
    { counter: 3, revision: REVISION, audience },
    times,
    document,
  );
  const own = { iss: TENANT, aud: 'licet-sdk', iat: times.issuedAt / 1000, exp: times.expiresAt / 1000 };
  const sent: Record<string, unknown> = JSON.parse(JSON.stringify({ ...own, ...claims }));
  return sent;
}

function snapshotOf(state: KnownState, audience = CUSTOMER) {
  const reading = readSnapshot(payloadOf(state, audience));
  if (!reading.ok) throw new Error(`${reading.path}: ${reading.message}`);
  return reading.snapshot;
}

test('a snapshot says whose it is, in which order it came, and until when it is worth what', () => {
  expect(snapshotOf(stateWith({ subscriptions: [{ plan: 'pro' }] }))).toMatchObject({
    tenantId: parseTenantId(TENANT),
    counter: 3,
    revision: REVISION,
    audience: CUSTOMER,
    issuedAt: time('2026-01-15T12:00:00Z'),
    refreshAfter: time('2026-01-15T13:00:00Z'),
    graceFrom: time('2026-01-18T13:00:00Z'),
    expiresAt: time('2026-01-25T13:00:00Z'),
  });
});

test('of several plans the shortest spans count; where none says anything it is an hour, `staleFor`, and no grace', () => {
  const both = snapshotTimes(stateWith({ subscriptions: [{ plan: 'pro' }, { plan: 'strict' }] }), NOW);
  expect(both).toMatchObject({
    refreshAfter: time('2026-01-15T12:10:00Z'),
    graceFrom: time('2026-01-18T12:10:00Z'),
    expiresAt: time('2026-01-19T12:10:00Z'),
  });
  const none = snapshotTimes(stateWith({ subscriptions: [{ plan: 'free' }] }), NOW);
  expect(none).toMatchObject({
    refreshAfter: time('2026-01-15T13:00:00Z'),
    graceFrom: time('2026-01-15T14:00:00Z'),
    expiresAt: time('2026-01-15T14:00:00Z'),
  });
  // What gives nothing any more says nothing either.
  expect(
    snapshotTimes(stateWith({ subscriptions: [{ plan: 'pro', status: 'PAUSED' }, { plan: 'free' }] }), NOW),
  ).toEqual(none);
});

test('it holds nothing that is secret, that no rule reads, or that the customer does not come to', () => {
  const state = stateWith({
    subscriptions: [{ plan: 'pro' }],
    licenses: [{ plan: 'boxed' }],
    grants: [grantOf('sso', { kind: 'ADD', value: { kind: 'ON' } })],
    attributes: { margin: 'low-margin' },
  });
  const licenses = state.account.licenses.map((one) => ({ ...one, keyHint: 'HINT', keyDigest: 'DIGEST' }));
  const text = JSON.stringify(payloadOf(knownState(state.release, { ...state.account, licenses })));
  expect(text).not.toMatch(/for-bob-alone|strict|margin|a test|HINT|DIGEST/);
  expect(text).toMatch(/"pro".*"free"/s);
});

test('attributes that a rule reads travel', () => {
  const state = stateWith({ subscriptions: [{ plan: 'pro' }], attributes: { region: 'eu', margin: 1 } });
  expect(snapshotOf(state).state.account.profile.attributes).toEqual({ region: 'eu' });
});

const SEATS = [
  { feature: 'editors', memberId: 'ann' },
  { feature: 'editors', memberId: 'ben' },
];

test("a member's snapshot names no other member, and decides for the member as the whole does", () => {
  const state = stateWith({ subscriptions: [{ plan: 'pro' }], seats: SEATS });
  const own = snapshotOf(state, { kind: 'MEMBER', memberId: member('ann') });
  expect(JSON.stringify(payloadOf(state, { kind: 'MEMBER', memberId: member('ann') }))).not.toContain('ben');
  for (const memberId of ['ann', null]) {
    const asked = { feature: 'editors', quantity: 1, memberId };
    expect(decide(own.state, asked, NOW)).toEqual(decide(state, asked, NOW));
  }
  for (const memberId of ['ben', ''])
    expect(decide(own.state, { feature: 'editors', quantity: 1, memberId }, NOW).code).toBe('NO_SEAT');
});

test("a licence's snapshot is of that licence alone, and blocked as its customer is", () => {
  const state = stateWith({
    subscriptions: [{ plan: 'pro' }],
    licenses: [{ plan: 'boxed' }],
    seats: SEATS,
    grants: [grantOf('calls', { kind: 'ADD', value: { kind: 'UNITS', limit: 90 } })],
  });
  const [license] = state.account.licenses;
  if (!license) throw new Error('a licence');
  const audience = { kind: 'LICENSE', licenseId: license.id } as const;
  const own = snapshotOf(state, audience);
  expect(JSON.stringify(payloadOf(state, audience))).not.toMatch(/"pro"|sub_|ann|ben/);
  expect(decide(own.state, { feature: 'calls', quantity: 1 }, NOW)).toMatchObject({
    allowed: true,
    limit: 7,
  });
  expect(decide(own.state, { feature: 'editors', quantity: 1 }, NOW).code).toBe('NOT_IN_PLAN');
  const blocked = stateWith({ licenses: [{ plan: 'boxed' }], grants: [grantOf('sso', { kind: 'BLOCK' })] });
  expect(decide(snapshotOf(blocked, audience).state, { feature: 'sso', quantity: 1 }, NOW).code).toBe(
    'BLOCKED',
  );
  const other = parseLicenseId('lic_other');
  if (other === null) throw new Error('a licence id');
  expect(snapshotState(state, { kind: 'LICENSE', licenseId: other })).toBeNull();
});

describe('a payload of another form is refused, and where it is wrong is said', () => {
  const good = payloadOf(stateWith({ subscriptions: [{ plan: 'pro' }] }));
  const state: Record<string, Record<string, unknown>> = JSON.parse(JSON.stringify(good['state']));
  const changed = (part: string, change: object) => ({
    ...good,
    state: { ...state, [part]: { ...state[part], ...change } },
  });
  const wrongRule = JSON.parse(JSON.stringify(good).replace('has(customer.attributes.region)', 'customer ='));
  test.each([
    ['no object', null, ''],
    ['another form', { ...good, form: 2 }, 'form'],
    ['no counter', { ...good, counter: 0 }, 'counter'],
    ['for other readers', { ...good, aud: 'licet' }, 'aud'],
    ['of no tenant', { ...good, iss: 'acme' }, 'iss'],
    ["another customer's state", { ...good, sub: 'bob' }, 'sub'],
    ['times out of order', { ...good, graceFrom: 0 }, 'refreshAfter'],
    ['a time beyond all dates', { ...good, exp: 1e13 }, 'exp'],
    ['no state', { ...good, state: undefined }, 'state.'],
    ['a zone that is none', changed('account', { timeZone: 'Mars/Base' }), 'state.account.timeZone'],
    ['a date that is none', changed('account', { turnedUntil: 9e15 }), 'state.account.turnedUntil'],
    ['a version that is not there', changed('release', { plansSold: [9] }), 'state.release.plansSold'],
    ['a condition that is none', wrongRule, 'state.plans.0.plan.rules.0.when'],
    ['no account', { ...good, state: { ...state, account: {} } }, 'state.account.id'],
    [
      'a place in a list that is none',
      changed('release', { plansSold: [0, 'one'] }),
      'state.release.plansSold.1',
    ],
    ['a pair of one', changed('account', { windowAnchors: [['calls']] }), 'state.account.windowAnchors.0'],
    [
      'a name in a pair that is none',
      changed('account', { windowAnchors: [['no key', 0]] }),
      'state.account.windowAnchors.0.0',
    ],
    [
      'a time in a pair that is none',
      changed('account', { windowAnchors: [['calls', 'today']] }),
      'state.account.windowAnchors.0.1',
    ],
  ])('%s', (_, payload, path) => {
    expect(readSnapshot(payload)).toMatchObject({ ok: false, path });
  });

  test('and the good one is read', () => {
    expect(readSnapshot(good)).toMatchObject({ ok: true });
  });
});

test('what a later gateway says besides is not read', () => {
  const good = payloadOf(
    stateWith({
      subscriptions: [{ plan: 'pro' }],
      licenses: [{ plan: 'boxed' }],
      attributes: { region: 'eu' },
    }),
  );
  const later: unknown = JSON.parse(JSON.stringify(good), (key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && key !== 'attributes'
      ? { ...value, reservations: ['further'] }
      : value,
  );
  expect(readSnapshot(later)).toEqual(readSnapshot(good));
});
