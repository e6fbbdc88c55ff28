import { type GivenState, releaseFrom, stateFrom } from '../../testing/states.js';
import { featureKey, time } from '../../testing/subscriptions.js';
import { refuseSpend, spend, spendInClosedWindow, type SpendRequest } from './spend.js';

const RELEASE = releaseFrom(`
catalog: 1
name: spending
features:
  sso: { type: boolean }
  projects: { type: limit }
  calls: { type: metered, window: P1M, anchor: calendar }
  credits: { type: metered, prepaid: true }
  seats: { type: seats, kind: named }
  support: { type: config, values: [low, high] }
plans:
  pro: { model: subscription, entitlements: { sso: true, projects: 5, calls: { limit: 10, enforce: soft, overage: 2 }, support: low } }
  open: { model: subscription, entitlements: { projects: unlimited, calls: { limit: 10, enforce: none } } }
`);
const NOW = time('2026-01-15T12:00:00Z');
const MAX = Number.MAX_SAFE_INTEGER;
const on = (plan: string, used = {}, reserved = {}): Omit<GivenState, 'at'> => ({
  subscriptions: [{ plan }],
  used,
  reserved,
});
const run = (state: Omit<GivenState, 'at'>, request: SpendRequest) =>
  spend(stateFrom(RELEASE, { ...state, at: NOW }), request, NOW);
const consume = (feature: string, quantity: number): SpendRequest => ({ kind: 'consume', feature, quantity });
const release = (quantity: number, feature = 'projects'): SpendRequest => ({
  kind: 'release',
  feature,
  quantity,
});

describe('one that fits is spent whole, else nothing', () => {
  test.each<[string, Omit<GivenState, 'at'>, SpendRequest, string, number, number | null]>([
    ['up to the limit', on('pro', { projects: 3 }), consume('projects', 2), 'ENTITLED', 2, 5],
    ['one beyond it', on('pro', { projects: 3 }), consume('projects', 3), 'LIMIT_EXCEEDED', 0, 3],
    [
      'reserved units count',
      on('pro', { projects: 3 }, { projects: 1 }),
      consume('projects', 2),
      'LIMIT_EXCEEDED',
      0,
      3,
    ],
    ['into the overage', on('pro', { calls: 10 }), consume('calls', 2), 'ENTITLED_OVERAGE', 2, 12],
    ['beyond the overage', on('pro', { calls: 10 }), consume('calls', 3), 'LIMIT_EXCEEDED', 0, 10],
    [
      'without enforcement',
      on('open', { calls: 10 }),
      consume('calls', 1_000_000),
      'ENTITLED_OVERAGE',
      1_000_000,
      1_000_010,
    ],
    [
      'to the last number a counter holds',
      on('open', { projects: 1 }),
      consume('projects', MAX - 1),
      'ENTITLED',
      MAX - 1,
      MAX,
    ],
    [
      'beyond what a counter holds',
      on('open', { projects: 1 }),
      consume('projects', MAX),
      'LIMIT_EXCEEDED',
      0,
      1,
    ],
    [
      'reserved, beyond it',
      on('open', { calls: 1 }, { calls: 1 }),
      consume('calls', MAX - 1),
      'LIMIT_EXCEEDED',
      0,
      1,
    ],
    ['without a plan', {}, consume('projects', 1), 'NO_ACTIVE_PLAN', 0, 0],
    ['of an unknown feature', on('pro'), consume('teleport', 1), 'UNKNOWN_FEATURE', 0, null],
  ])('%s', (_, state, request, code, delta, used) => {
    const outcome = run(state, request);
    expect(outcome).toMatchObject({ delta, decision: { code, used, allowed: code.startsWith('ENTITLED') } });
  });
});

describe('units are given back', () => {
  test.each<[string, Omit<GivenState, 'at'>, number, number, number, number | null]>([
    ['some', on('pro', { projects: 3 }), 2, -2, 1, 4],
    ['never below 0', on('pro', { projects: 3 }), 7, -3, 0, 5],
    ['where there are none', on('pro'), 1, 0, 0, 5],
    ['above a limit that was lowered', on('pro', { projects: 9 }), 1, -1, 8, 0],
    ['without a right to the feature', { used: { projects: 3 } }, 1, -1, 2, null],
  ])('%s', (_, state, quantity, delta, used, remaining) => {
    const { decision, delta: changed } = run(state, release(quantity));
    expect(changed + 0).toBe(delta + 0);
    expect(decision).toMatchObject({ allowed: true, code: 'DONE', used, remaining });
  });

  test('not by an unknown customer, nor of an unknown feature: those are denied', () => {
    const nobody = { kind: 'UNKNOWN_CUSTOMER', release: RELEASE, customerId: 'nobody' } as const;
    expect(spend(nobody, release(1), NOW)).toMatchObject({
      delta: 0,
      decision: { allowed: false, code: 'UNKNOWN_CUSTOMER' },
    });
    expect(run(on('pro'), release(1, 'teleport'))).toMatchObject({
      delta: 0,
      decision: { code: 'UNKNOWN_FEATURE' },
    });
  });
});

test('what is held keeps its room in the counter: a record leaves it, and its commit finds it', () => {
  const held = on('pro', { calls: MAX - 5 }, { calls: 3 });
  const record = (quantity: number): SpendRequest => ({ kind: 'record', feature: 'calls', quantity });
  expect(run(held, record(3))).toMatchObject({ delta: 0, decision: { code: 'LIMIT_EXCEEDED' } });
  expect(run(held, record(2))).toMatchObject({ delta: 2, decision: { code: 'DONE', used: MAX - 3 } });
  const full = on('pro', { calls: MAX - 3 }, { calls: 3 });
  const commit: SpendRequest = { kind: 'commit', feature: 'calls', quantity: 3, held: 3 };
  expect(run(full, commit)).toMatchObject({
    delta: 3,
    held: -3,
    decision: { code: 'DONE', used: MAX, reserved: 0 },
  });
});

describe('in a window that is over', () => {
  const limitless = { limit: null, remaining: null, reserved: 0, resetsAt: null };
  const late = (
    kind: 'record' | 'commit',
    quantity: number,
    { used, feature = 'calls' }: { readonly used: number; readonly feature?: string },
  ) => {
    const state = stateFrom(RELEASE, { ...on('pro', { calls: MAX }), at: NOW });
    if (state.kind !== 'KNOWN') throw new Error('a customer');
    return spendInClosedWindow(state, { kind, feature, quantity }, used, NOW);
  };

  test.each<['record' | 'commit', string]>([
    ['record', '4 recorded'],
    ['commit', '4 of what was reserved spent'],
  ])('a %s counts there, however full the running one is', (kind, message) => {
    expect(late(kind, 4, { used: 7 })).toEqual({
      delta: 4,
      held: 0,
      decision: expect.objectContaining({ ...limitless, allowed: true, code: 'DONE', used: 11, message }),
    });
  });

  test.each(['record', 'commit'] as const)('a %s goes up to what that one holds, and not beyond', (kind) => {
    expect(late(kind, 4, { used: MAX - 4 })).toMatchObject({ delta: 4, decision: { used: MAX } });
    expect(late(kind, 4, { used: MAX - 3 })).toMatchObject({
      delta: 0,
      decision: { ...limitless, allowed: false, code: 'LIMIT_EXCEEDED', used: MAX - 3 },
    });
  });

  test('of an unknown feature nothing counts', () => {
    expect(late('commit', 1, { used: 0, feature: 'teleport' })).toMatchObject({
      delta: 0,
      decision: { allowed: false, code: 'UNKNOWN_FEATURE' },
    });
  });
});

test.each<[SpendRequest['kind'], string, boolean]>([
  ['consume', 'projects', true],
  ['consume', 'calls', true],
  ['consume', 'sso', false],
  ['consume', 'support', false],
  ['consume', 'seats', false],
  ['consume', 'credits', true],
  ['release', 'credits', false],
  ['reserve', 'credits', true],
  ['reserve', 'sso', false],
  ['release', 'projects', true],
  ['release', 'calls', false],
  ['release', 'sso', false],
  ['consume', featureKey('unknown'), true],
])('%s of %s can be right: %p', (kind, feature, right) => {
  const refusal = refuseSpend(RELEASE, { kind, feature });
  if (right) expect(refusal).toBeNull();
  else expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', field: 'feature' });
});

test.each<[string, SpendRequest]>([
  ['spent', consume('projects', 1)],
  ['spent, though the feature fails open', consume('open-calls', 1)],
  ['given back', release(1)],
])('out of reach nothing is %s', (_what, request) => {
  const offline = releaseFrom(`
catalog: 1
name: offline
features:
  projects: { type: limit }
  open-calls: { type: metered, window: P1M, anchor: calendar, whenUnknown: open }
plans:
  pro: { model: subscription, entitlements: { projects: 5, open-calls: 10 } }
`);
  const { decision, delta } = spend(
    { kind: 'OUT_OF_REACH', release: offline, customerId: 'ada' },
    request,
    NOW,
  );
  expect(decision).toMatchObject({ allowed: false, code: 'UNAVAILABLE', customerId: 'ada' });
  expect(delta).toBe(0);
});
