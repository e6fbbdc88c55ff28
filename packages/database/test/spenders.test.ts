import { applyDueBatch, executeMachineCommand, newMachineId, type SpendRequest } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  durationOf,
  issueLicenseTo,
  occupySeat,
  openTestDatabase,
  type OwnTenant,
  spend,
  subscribeTo,
  TEST_CATALOG,
} from '@licet/database/testing';
import type { CustomerId, ReservationId } from '@licet/domain';
import { keyedDigest } from '../src/crypto/keyed-digest.js';
import { SpendBatches } from '../src/spending/batches.js';
import { KeptAccounts } from '../src/spending/kept-account.js';
import { KnownReservations } from '../src/spending/known-reservations.js';
import { ask, seatRequest } from '../src/spending/request.js';
import { reservationIdOf } from '../src/spending/reservations.js';

const CATALOG = {
  ...TEST_CATALOG,
  features: {
    ...TEST_CATALOG.features,
    editors: { type: 'seats', kind: 'named' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
    edits: { type: 'limit', needsSeat: 'editors' },
    views: { type: 'limit', needsSeat: 'viewers' },
    renders: { type: 'limit' },
  },
  plans: {
    ...TEST_CATALOG.plans,
    team: {
      model: 'subscription',
      entitlements: { editors: 3, viewers: 3, edits: 9, views: 9 },
    },
    desk: {
      model: 'perpetual',
      machines: { limit: 2 },
      entitlements: { renders: 9, viewers: 3, views: 9 },
    },
  },
};

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant(CATALOG);
});
afterAll(() => tenant.close());

let keys = 0;
const nextKey = (): string => `spender ${String((keys += 1))}`;

interface Asked {
  readonly feature: string;
  readonly memberId?: string;
  readonly fingerprint?: string;
}
function consume(customerId: string, asked: Asked, idempotencyKey = nextKey()): SpendRequest {
  return { kind: 'consume', customerId, quantity: 1, idempotencyKey, ...asked };
}
async function codeOf(request: SpendRequest, view = tenant.db): Promise<unknown> {
  const [result] = await spend(view, tenant.caller, [request]);
  return result?.ok === true ? result.decision.code : result?.code;
}
const assign = (customerId: string, memberId: string) =>
  occupySeat(tenant.db, tenant.caller, customerId, { kind: 'assign', feature: 'editors', memberId });
const lease = (customerId: string, memberId: string) =>
  occupySeat(tenant.db, tenant.caller, customerId, {
    kind: 'lease',
    feature: 'viewers',
    memberId,
    ttl: null,
  });
const giveBack = (customerId: string, memberId: string) =>
  occupySeat(tenant.db, tenant.caller, customerId, { kind: 'giveBack', feature: 'editors', memberId });

async function onTeam(id: string): Promise<CustomerId> {
  const customerId = await createTestCustomer(tenant, id);
  await subscribeTo(tenant, id, 'team');
  return customerId;
}

/** A customer whose licence is activated on `studio`. */
async function onDesk(id: string): Promise<CustomerId> {
  const { license } = (await issueLicenseTo(tenant, id, 'desk')).stored;
  const command = {
    kind: 'activateMachine',
    ...{ licenseId: license.id, machineId: newMachineId() },
    ...{ fingerprint: 'studio', isDerived: false, components: [] },
  } as const;
  await executeMachineCommand(tenant.db, tenant.caller, command);
  return license.customerId;
}

/** As if reservations, leases and what is held had been made so much earlier. */
async function age(customerId: string): Promise<void> {
  const { tenantId } = tenant.caller;
  for (const statement of [
    `update reservation set reserved_at = reserved_at - interval '2 hours', expires_at = expires_at - interval '2 hours'
     where tenant_id = $1 and customer_id = $2`,
    `update seat set lease_expires_at = lease_expires_at - interval '2 hours' where tenant_id = $1 and customer_id = $2`,
    `update meter set held_until = held_until - interval '2 hours' where tenant_id = $1 and customer_id = $2`,
    `update customer set next_due_at = next_due_at - interval '2 hours' where tenant_id = $1 and id = $2`,
  ])
    await tenant.owner.query(statement, [tenantId, customerId]);
}

test('what needs a seat is spent by members who hold one, as the seat stands at each spend', async () => {
  await onTeam('seated');
  expect(await codeOf(consume('seated', { feature: 'edits', memberId: 'ann' }))).toBe('NO_SEAT');
  await assign('seated', 'ann');
  expect(await codeOf(consume('seated', { feature: 'edits', memberId: 'ann' }))).toBe('ENTITLED');
  expect(await codeOf(consume('seated', { feature: 'edits', memberId: 'bob' }))).toBe('NO_SEAT');
  expect(await codeOf(consume('seated', { feature: 'edits' }))).toBe('NO_SEAT');
  await giveBack('seated', 'ann');
  expect(await codeOf(consume('seated', { feature: 'edits', memberId: 'ann' }))).toBe('NO_SEAT');
});

test('a lease that has lapsed gives nothing to a spend, though nobody has written that down', async () => {
  await onTeam('lapsed');
  await lease('lapsed', 'ann');
  expect(await codeOf(consume('lapsed', { feature: 'views', memberId: 'ann' }))).toBe('ENTITLED');
  await age('lapsed');
  expect(await codeOf(consume('lapsed', { feature: 'views', memberId: 'ann' }))).toBe('NO_SEAT');
});

test('in one batch a spend sees the seats that those before it have moved', async () => {
  await onTeam('batch');
  await assign('batch', 'bob');
  await codeOf(consume('batch', { feature: 'edits', memberId: 'bob' }));
  const { db, caller } = tenant;
  const batches = new SpendBatches(db, {
    accounts: new KeptAccounts(9),
    reservations: new KnownReservations(db),
  });
  const keyOf = keyedDigest(db.keys.operation);
  const seat = (kind: 'assign' | 'giveBack') =>
    seatRequest('batch', { kind, feature: 'editors', memberId: 'ann' });
  const edit = () => consume('batch', { feature: 'edits', memberId: 'ann' });
  const settled = await batches.run(
    caller.tenantId,
    [edit(), seat('assign'), edit(), seat('giveBack'), edit()].map((request) => ask(keyOf, caller, request)),
    () => undefined,
  );
  expect(settled.map((one) => one.kind === 'ANSWERED' && one.result.ok && one.result.decision.code)).toEqual([
    'NO_SEAT',
    'ENTITLED',
    'ENTITLED',
    'DONE',
    'NO_SEAT',
  ]);
});

test('what a licence gives that is bound to machines is spent, and its seats are taken, on its machines', async () => {
  await onDesk('bound');
  const ask = (fingerprint?: string) =>
    codeOf(consume('bound', { feature: 'renders', ...(fingerprint && { fingerprint }) }));
  expect(await ask()).toBe('NOT_ACTIVATED');
  expect(await ask('cellar')).toBe('NOT_ACTIVATED');
  expect(await ask('studio')).toBe('ENTITLED');
  const lease = async (fingerprint: string | null) => {
    const asked = { kind: 'lease', feature: 'viewers', memberId: 'ann', ttl: null, fingerprint } as const;
    const taken = await occupySeat(tenant.db, tenant.caller, 'bound', asked);
    return taken.ok && taken.decision.code;
  };
  expect(await lease(null)).toBe('NOT_ACTIVATED');
  expect(await lease('cellar')).toBe('NOT_ACTIVATED');
  expect(await lease('studio')).toBe('ENTITLED');
  const view = { feature: 'views', memberId: 'ann' };
  expect(await codeOf(consume('bound', view))).toBe('NOT_ACTIVATED');
  expect(await codeOf(consume('bound', { ...view, fingerprint: 'studio' }))).toBe('ENTITLED');
  expect(await codeOf(consume('bound', { ...view, memberId: 'bob', fingerprint: 'studio' }))).toBe('NO_SEAT');
});

test('a key names one member on one machine: another is another request, also in one list', async () => {
  await onDesk('keyed');
  await occupySeat(tenant.db, tenant.caller, 'keyed', {
    ...{ kind: 'lease', feature: 'viewers', memberId: 'ann', ttl: null, fingerprint: 'studio' },
  });
  for (const kind of ['consume', 'reserve'] as const) {
    const asked = { feature: 'views', memberId: 'ann', fingerprint: 'studio' };
    const ttl = durationOf('PT1H');
    const key = nextKey();
    const request = (other: object): SpendRequest => ({
      ...consume('keyed', asked, key),
      kind,
      ttl,
      ...other,
    });
    const list = [
      {},
      {},
      { memberId: 'bob' },
      { fingerprint: 'cellar' },
      { memberId: null },
      { fingerprint: null },
    ];
    const told = async (requests: readonly SpendRequest[]) =>
      (await spend(tenant.db, tenant.caller, requests)).map((one) =>
        one.ok ? (one.replayed ? 'AGAIN' : one.decision.code) : [one.code, one.field],
      );
    const conflict = ['CONFLICT', 'idempotencyKey'];
    expect(await told(list.map(request))).toEqual([
      'ENTITLED',
      'AGAIN',
      conflict,
      conflict,
      conflict,
      conflict,
    ]);
    for (const other of list.slice(2)) expect(await told([request(other)])).toEqual([conflict]);
    expect(await told([request({})])).toEqual(['AGAIN']);
  }
});

test('a commit that comes too late is decided for the member and the machine that reserved', async () => {
  const customerId = await onDesk('late');
  const taking = { kind: 'lease', feature: 'viewers', memberId: 'ann', fingerprint: 'studio' } as const;
  const take = () => occupySeat(tenant.db, tenant.caller, 'late', { ...taking, ttl: durationOf('P1D') });
  await take();
  const ttl = durationOf('PT1H');
  const reserve = async (): Promise<ReservationId> => {
    const asked = consume('late', { feature: 'views', memberId: 'ann', fingerprint: 'studio' });
    const [made] = await spend(tenant.db, tenant.caller, [{ ...asked, kind: 'reserve', ttl }]);
    if (made?.ok !== true || !made.decision.allowed) throw new Error('granted');
    return reservationIdOf(made.decisionId);
  };
  const [one, other] = [await reserve(), await reserve()];
  await age('late');
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
  const commit = (idempotencyKey: ReservationId): SpendRequest => ({
    ...{ kind: 'commit', customerId, feature: 'views', quantity: 1, idempotencyKey },
  });
  const elsewhere = await openTestDatabase(tenant.url);
  expect(await codeOf(commit(one), elsewhere)).toBe('ENTITLED');
  await elsewhere.close();
  const back = { kind: 'giveBack', feature: 'viewers', memberId: 'ann' } as const;
  await occupySeat(tenant.db, tenant.caller, 'late', back);
  expect(await codeOf(commit(other))).toBe('NO_SEAT');
  await take();
  expect(await codeOf(commit(other))).toBe('ENTITLED');
});
