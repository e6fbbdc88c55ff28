import { countSnapshot, positionOf, type Revision, tokenSigner, verifySnapshot } from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  openTestDatabase,
  subscribeTo,
  type TestDatabase,
  type TestTenant,
} from '@licet/database/testing';
import { instant, snapshotState, snapshotTimes } from '@licet/domain';
import { publicKeys, signSnapshot, signToken } from '@licet/database';
import { revisionOf } from '../src/event-log/revision.js';
import { loadStates } from '../src/repositories/states.js';

let database: TestDatabase;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url);
});
afterAll(async () => {
  await tenant.close();
  await database.drop();
});

const at = (position: number): Revision => revisionOf(position, Buffer.alloc(4));

test('two gateways that ask at once never get the same number, and none is left out', async () => {
  const customerId = await createTestCustomer(tenant, 'ada');
  const other = await openTestDatabase(database.url);
  try {
    const asked = Array.from({ length: 40 }, (_, index) =>
      countSnapshot(index % 2 === 0 ? tenant.db : other, tenant.caller.tenantId, {
        customerId,
        revision: at(7),
      }),
    );
    const counters = await Promise.all(asked);
    expect([...counters].sort((one, next) => (one ?? 0) - (next ?? 0))).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
  } finally {
    await other.close();
  }
});

test('an older state gets no number above a newer one', async () => {
  const customerId = await createTestCustomer(tenant, 'bob');
  const count = (position: number) =>
    countSnapshot(tenant.db, tenant.caller.tenantId, { customerId, revision: at(position) });
  expect(await count(5)).toBe(1);
  expect(await count(4)).toBeNull();
  expect(await count(5)).toBe(2);
  expect(await count(9)).toBe(3);
  expect(await count(8)).toBeNull();
});

test('what is signed is verified by the keys of its tenant, and by no others', async () => {
  const customerId = await createTestCustomer(tenant, 'cyd');
  await subscribeTo(tenant, 'cyd', 'pro');
  const { tenantId } = tenant.caller;
  const { revision, states } = await loadStates(tenant.db, tenantId, [customerId]);
  const state = states.get(customerId);
  if (state?.kind !== 'KNOWN') throw new Error('a customer');
  const { privateKey, clock } = await tokenSigner(tenant.db, tenantId);
  const times = snapshotTimes(state, clock);
  const document = snapshotState(state, { kind: 'CUSTOMER' });
  if (document === null) throw new Error('a state');
  const stamp = { counter: 1, revision, audience: { kind: 'CUSTOMER' } } as const;
  const token = await signSnapshot(privateKey, { tenantId, customerId, stamp, times, state: document });
  const keys = (await publicKeys(tenant.db, tenantId)) ?? [];
  const verified = await verifySnapshot(keys, token, { tenantId, now: clock });
  expect(verified).toMatchObject({
    ok: true,
    snapshot: { ...times, tenantId, customerId, counter: 1, revision },
  });
  expect(positionOf(revision)).toBeGreaterThan(0);
  const other = await createTestTenant(database.url);
  try {
    const others = (await publicKeys(other.db, other.caller.tenantId)) ?? [];
    expect(await verifySnapshot(others, token, { tenantId, now: clock })).toEqual({
      ok: false,
      problem: 'KEY',
    });
    expect(await verifySnapshot(keys, token, { tenantId: other.caller.tenantId, now: clock })).toEqual({
      ok: false,
      problem: 'CLAIMS',
    });
  } finally {
    await other.close();
  }
  expect(await verifySnapshot(keys, token, { tenantId, now: times.expiresAt })).toEqual({
    ok: false,
    problem: 'EXPIRED',
  });
  const empty = await signToken(privateKey, {
    type: 'licet-snapshot+jwt',
    issuer: tenantId,
    audience: 'licet-sdk',
    issuedAt: clock,
    expiresAt: instant(clock + 60_000),
    claims: { sub: customerId },
  });
  expect(await verifySnapshot(keys, empty, { tenantId, now: clock })).toEqual({ ok: false, problem: 'FORM' });
});
