import { applyDueBatch, executeCommand, listSeats, type Result, type Verdict } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  listedEvents,
  occupySeat,
  openTestDatabase,
  type OwnTenant,
  spend,
  subscribeTo,
  tenantRows,
  TEST_CATALOG,
} from '@licet/database/testing';
import {
  type CustomerId,
  parseDuration,
  parsePlanKey,
  parseSubscriptionId,
  type SeatRequest,
} from '@licet/domain';

const CATALOG = {
  ...TEST_CATALOG,
  features: {
    ...TEST_CATALOG.features,
    editors: { type: 'seats', kind: 'named' },
    admins: { type: 'seats', kind: 'named', cooldown: 'P1D' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
    export: { type: 'boolean', needsSeat: 'editors' },
  },
  plans: {
    ...TEST_CATALOG.plans,
    team: {
      family: 'team',
      model: 'subscription',
      entitlements: { editors: 3, admins: 2, viewers: 2, export: true, calls: 10 },
    },
    small: { family: 'team', model: 'subscription', entitlements: { editors: 1, admins: 1, viewers: 1 } },
    strict: { family: 'team', model: 'subscription', entitlements: { editors: 1 } },
    none: { family: 'team', model: 'subscription', entitlements: {} },
  },
  transitions: [
    { from: 'team', to: 'small', seatsAbove: { releaseNewestAfter: 'P7D' } },
    { from: 'team', to: 'strict', seatsAbove: 'refuse' },
    { from: 'team', to: 'none' },
    { from: 'none', to: 'team' },
  ],
};

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant(CATALOG);
});
afterAll(() => tenant.close());

async function customerNamed(id: string, plan = 'team'): Promise<CustomerId> {
  const customerId = await createTestCustomer(tenant, id);
  await subscribeTo(tenant, id, plan);
  return customerId;
}

const ask = (customerId: string, request: SeatRequest, view = tenant): Promise<Result<Verdict>> =>
  occupySeat(view.db, tenant.caller, customerId, request);
const assign = (customerId: string, memberId: string, feature = 'editors') =>
  ask(customerId, { kind: 'assign', feature, memberId });
const giveBack = (customerId: string, memberId: string, feature = 'editors') =>
  ask(customerId, { kind: 'giveBack', feature, memberId });
const lease = (customerId: string, memberId: string, ttl: string | null = null) =>
  ask(customerId, {
    kind: 'lease',
    feature: 'viewers',
    memberId,
    ttl: ttl === null ? null : parseDuration(ttl),
  });

/** The pool's counter beside the rows that it counts. */
async function pool(customerId: string, feature: string): Promise<unknown> {
  const [row] = await tenantRows(
    tenant,
    `select m.used::int, (select count(*)::int from seat s where s.customer_id = m.customer_id and s.feature = m.feature) as rows
     from meter m where m.customer_id = '${customerId}' and m.feature = '${feature}'`,
  );
  return row;
}

async function change(customerId: CustomerId, plan: string) {
  const [row] = await tenantRows<{ id: string }>(
    tenant,
    `select id from subscription where customer_id = '${customerId}' and ended_at is null`,
  );
  const key = parsePlanKey(plan);
  const subscriptionId = parseSubscriptionId(row?.id ?? '');
  if (key === null || subscriptionId === null) throw new Error('a plan and a subscription');
  return executeCommand(tenant.db, tenant.caller, {
    command: {
      kind: 'changePlan',
      subscriptionId,
      plan: key,
      from: null,
      addOns: null,
      quantities: null,
      timing: null,
      at: null,
    },
    customerId,
    idempotencyKey: `change ${customerId} ${plan}`,
    reason: null,
  });
}

async function typesTold(customerId: CustomerId): Promise<string[]> {
  const events = await listedEvents(tenant, customerId);
  return events.map(({ type }) => type).filter((type) => type.startsWith('seat.'));
}

/** As if the seats had been taken, or given back, so much earlier. */
async function age(customerId: string, interval: string): Promise<void> {
  const { tenantId } = tenant.caller;
  await tenant.owner.query(
    `update seat set assigned_at = assigned_at - $3::interval, lease_expires_at = lease_expires_at - $3::interval,
       cools_until = cools_until - $3::interval where tenant_id = $1 and customer_id = $2`,
    [tenantId, customerId, interval],
  );
  await tenant.owner.query(
    `update subscription set seats_released_at = seats_released_at - $3::interval where tenant_id = $1 and customer_id = $2`,
    [tenantId, customerId, interval],
  );
  await tenant.owner.query(
    `update meter set held_until = held_until - $3::interval where tenant_id = $1 and customer_id = $2`,
    [tenantId, customerId, interval],
  );
  await tenant.owner.query(
    `update customer set next_due_at = next_due_at - $3::interval, turned_until = turned_until - $3::interval, version = version + 1
     where tenant_id = $1 and id = $2`,
    [tenantId, customerId, interval],
  );
  await tenant.owner.query(
    `update meter m set state_version = c.version from customer c
     where c.tenant_id = m.tenant_id and c.id = m.customer_id and m.tenant_id = $1 and m.customer_id = $2`,
    [tenantId, customerId],
  );
}

describe('named seats', () => {
  test('are given up to the limit, once for each member, and given back', async () => {
    const customerId = await customerNamed('named');
    const first = await assign('named', 'ann');
    expect(first).toMatchObject({
      ok: true,
      decision: { code: 'ENTITLED', allowed: true, limit: 3, used: 1, remaining: 2 },
      seat: { memberId: 'ann', feature: 'editors', kind: 'NAMED', leaseExpiresAt: null },
    });
    const again = await assign('named', 'ann');
    expect(again).toMatchObject({ decision: { code: 'ENTITLED', used: 1 } });
    if (!first.ok || !again.ok) throw new Error('granted');
    expect(again.seat).toEqual(first.seat);
    await assign('named', 'bob');
    await assign('named', 'cy');
    expect(await assign('named', 'dee')).toMatchObject({
      decision: { code: 'NO_SEAT', allowed: false, used: 3, remaining: 0 },
      seat: null,
    });
    expect(await assign('named', 'bob')).toMatchObject({ decision: { allowed: true, used: 3 } });
    expect(await giveBack('named', 'ann')).toMatchObject({
      decision: { code: 'DONE', used: 2, remaining: 1 },
      seat: null,
    });
    expect(await giveBack('named', 'ann')).toMatchObject({ decision: { code: 'DONE', used: 2 } });
    expect(await assign('named', 'dee')).toMatchObject({ decision: { code: 'ENTITLED', used: 3 } });
    expect(await pool('named', 'editors')).toEqual({ used: 3, rows: 3 });
    expect(await typesTold(customerId)).toEqual([
      ...['seat.assigned', 'seat.assigned', 'seat.assigned'],
      ...['seat.released', 'seat.assigned'],
    ]);
  });

  test('that were given back stay taken until they have cooled down, and their last holder may have them back', async () => {
    const customerId = await customerNamed('cools');
    const taken = await assign('cools', 'ann', 'admins');
    await assign('cools', 'bob', 'admins');
    expect(await giveBack('cools', 'ann', 'admins')).toMatchObject({
      decision: { code: 'DONE', used: 2 },
      seat: null,
    });
    expect(await assign('cools', 'cy', 'admins')).toMatchObject({ decision: { code: 'SEAT_COOLDOWN' } });
    const back = await assign('cools', 'ann', 'admins');
    expect(back).toMatchObject({ decision: { code: 'ENTITLED', used: 2 } });
    if (!taken.ok || !back.ok) throw new Error('granted');
    expect(back.seat).toEqual(taken.seat);
    expect(await assign('cools', 'cy', 'admins')).toMatchObject({ decision: { code: 'NO_SEAT' } });
    await giveBack('cools', 'bob', 'admins');
    await age('cools', '25 hours');
    await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
    expect(await pool('cools', 'admins')).toEqual({ used: 1, rows: 1 });
    expect(await typesTold(customerId)).toEqual([
      ...['seat.assigned', 'seat.assigned', 'seat.released', 'seat.assigned', 'seat.released'],
      'seat.freed',
    ]);
  });

  test('are freed before the next one is decided on, without a worker', async () => {
    await customerNamed('no worker');
    await assign('no worker', 'ann', 'admins');
    await assign('no worker', 'bob', 'admins');
    await giveBack('no worker', 'ann', 'admins');
    await age('no worker', '25 hours');
    expect(await assign('no worker', 'cy', 'admins')).toMatchObject({
      decision: { code: 'ENTITLED', used: 2 },
    });
    expect(await pool('no worker', 'admins')).toEqual({ used: 2, rows: 2 });
  });

  test('several of one batch, and of one member, are decided in their order', async () => {
    await customerNamed('batch');
    const told = await Promise.all([
      assign('batch', 'ann'),
      assign('batch', 'ann'),
      giveBack('batch', 'ann'),
      assign('batch', 'ann'),
      assign('batch', 'bob'),
      assign('batch', 'cy'),
      assign('batch', 'dee'),
      giveBack('batch', 'bob'),
      assign('batch', 'dee'),
    ]);
    expect(told.map((one) => one.ok && one.decision.code)).toEqual([
      ...['ENTITLED', 'ENTITLED', 'DONE', 'ENTITLED', 'ENTITLED', 'ENTITLED', 'NO_SEAT', 'DONE', 'ENTITLED'],
    ]);
    expect(await pool('batch', 'editors')).toEqual({ used: 3, rows: 3 });
  });

  test('are kept without a source, and give nothing; who holds one has it again with the source', async () => {
    const customerId = await customerNamed('kept');
    await assign('kept', 'ann');
    await change(customerId, 'none');
    expect(await assign('kept', 'ann')).toMatchObject({
      decision: { allowed: false, code: 'NOT_IN_PLAN' },
      seat: { memberId: 'ann' },
    });
    expect(await assign('kept', 'bob')).toMatchObject({ decision: { code: 'NOT_IN_PLAN' }, seat: null });
    expect(await pool('kept', 'editors')).toEqual({ used: 1, rows: 1 });
    expect(await giveBack('kept', 'nobody')).toMatchObject({ decision: { code: 'DONE' } });
    await change(customerId, 'team');
    expect(await assign('kept', 'ann')).toMatchObject({ decision: { code: 'ENTITLED', used: 1 } });
  });
});

describe('floating seats', () => {
  test('are leased, renewed, and free themselves', async () => {
    const customerId = await customerNamed('floats');
    const first = await lease('floats', 'ann');
    if (!first.ok || !first.seat?.leaseExpiresAt) throw new Error('granted');
    expect(first.seat.leaseExpiresAt - first.asOf).toBe(300_000);
    await lease('floats', 'bob', 'PT1H');
    expect(await lease('floats', 'cy')).toMatchObject({ decision: { code: 'NO_SEAT', used: 2 } });
    const renewed = await lease('floats', 'ann', 'PT2H');
    if (!renewed.ok || !renewed.seat?.leaseExpiresAt) throw new Error('renewed');
    expect(renewed.seat.id).toBe(first.seat.id);
    expect(renewed.seat.leaseExpiresAt - renewed.asOf).toBe(7_200_000);
    // A renewal never shortens a lease.
    expect(await lease('floats', 'ann')).toMatchObject({
      seat: { leaseExpiresAt: renewed.seat.leaseExpiresAt },
    });
    await age('floats', '90 minutes');
    await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
    expect(await pool('floats', 'viewers')).toEqual({ used: 1, rows: 1 });
    expect(await typesTold(customerId)).toEqual(['seat.assigned', 'seat.assigned', 'seat.expired']);
    expect(await lease('floats', 'cy')).toMatchObject({ decision: { code: 'ENTITLED', used: 2 } });
  });

  test('are freed before the next one is decided on, without a worker, and not before their time', async () => {
    await customerNamed('lapses');
    await lease('lapses', 'ann');
    await lease('lapses', 'bob', 'PT1H');
    await age('lapses', '4 minutes');
    expect(await lease('lapses', 'cy')).toMatchObject({ decision: { code: 'NO_SEAT' } });
    await age('lapses', '2 minutes');
    expect(await lease('lapses', 'cy')).toMatchObject({ decision: { code: 'ENTITLED', used: 2 } });
    expect(await lease('lapses', 'ann')).toMatchObject({ decision: { code: 'NO_SEAT' } });
    expect(await pool('lapses', 'viewers')).toEqual({ used: 2, rows: 2 });
  });

  test('that are over hold up no spend of a counter that does not exist yet, without a worker', async () => {
    const customerId = await customerNamed('beside');
    await lease('beside', 'ann');
    await age('beside', '6 minutes');
    const [verdict] = await spend(tenant.db, tenant.caller, [
      { kind: 'consume', customerId, feature: 'calls', quantity: 1, idempotencyKey: 'beside' },
    ]);
    expect(verdict).toMatchObject({ decision: { allowed: true, used: 1 } });
  });

  test('are given back at once', async () => {
    await customerNamed('returns');
    await lease('returns', 'ann');
    expect(await giveBack('returns', 'ann', 'viewers')).toMatchObject({
      decision: { code: 'DONE', used: 0 },
    });
    expect(await pool('returns', 'viewers')).toEqual({ used: 0, rows: 0 });
  });
});

describe('what can never be right', () => {
  test.each<[string, SeatRequest, string]>([
    ['a floating seat assigned', { kind: 'assign', feature: 'viewers', memberId: 'ann' }, 'feature'],
    ['a named seat leased', { kind: 'lease', feature: 'editors', memberId: 'ann', ttl: null }, 'feature'],
    ['a feature that is none of seats', { kind: 'assign', feature: 'sso', memberId: 'ann' }, 'feature'],
    ['units given back as a seat', { kind: 'giveBack', feature: 'calls', memberId: 'ann' }, 'feature'],
    ['nobody', { kind: 'assign', feature: 'editors', memberId: '' }, 'memberId'],
    ['a member id too long', { kind: 'assign', feature: 'editors', memberId: 'x'.repeat(256) }, 'memberId'],
    ['a member id with NUL', { kind: 'giveBack', feature: 'editors', memberId: 'a\0b' }, 'memberId'],
    [
      'no time to live',
      { kind: 'lease', feature: 'viewers', memberId: 'ann', ttl: parseDuration('PT0.1S') },
      'ttl',
    ],
    ['a month', { kind: 'lease', feature: 'viewers', memberId: 'ann', ttl: parseDuration('P1M') }, 'ttl'],
    ['ten years', { kind: 'lease', feature: 'viewers', memberId: 'ann', ttl: parseDuration('P10Y') }, 'ttl'],
  ])('%s', async (name, request, field) => {
    const customerId = await customerNamed(`wrong ${name}`);
    expect(await ask(customerId, request)).toMatchObject({ ok: false, code: 'BAD_USER_INPUT', field });
    expect(await tenantRows(tenant, `select 1 from seat where customer_id = '${customerId}'`)).toEqual([]);
  });

  test('an unknown feature or customer is denied', async () => {
    await customerNamed('known');
    const unknown = { kind: 'assign', feature: 'teleport', memberId: 'ann' } as const;
    expect(await ask('known', unknown)).toMatchObject({ decision: { code: 'UNKNOWN_FEATURE' } });
    expect(await assign('nobody at all', 'ann')).toMatchObject({ decision: { code: 'UNKNOWN_CUSTOMER' } });
    expect(await giveBack('nobody at all', 'ann')).toMatchObject({ decision: { code: 'UNKNOWN_CUSTOMER' } });
  });
});

describe('on a downgrade', () => {
  test('holders stay, and those that were assigned last go when the time is over', async () => {
    const customerId = await customerNamed('shrinks');
    for (const member of ['ann', 'bob', 'cy']) await assign('shrinks', member);
    await change(customerId, 'small');
    expect(await assign('shrinks', 'cy')).toMatchObject({ decision: { allowed: true, used: 3, limit: 1 } });
    expect(await assign('shrinks', 'dee')).toMatchObject({ decision: { code: 'NO_SEAT' } });
    await age('shrinks', '6 days');
    await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
    expect(await pool('shrinks', 'editors')).toEqual({ used: 3, rows: 3 });
    await age('shrinks', '2 days');
    const listed = await listSeats(tenant.db, tenant.caller.tenantId, [customerId], {
      ...{ first: 5, after: null, feature: null },
    });
    expect(listed).toMatchObject({
      pages: [{ total: 1, items: [{ node: { seat: { memberId: 'ann' } } }] }],
    });
    expect(await pool('shrinks', 'editors')).toEqual({ used: 3, rows: 3 });
    await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
    expect(await pool('shrinks', 'editors')).toEqual({ used: 1, rows: 1 });
    expect(await assign('shrinks', 'ann')).toMatchObject({ decision: { allowed: true, used: 1 } });
    expect(await assign('shrinks', 'bob')).toMatchObject({ decision: { code: 'NO_SEAT' } });
    expect((await typesTold(customerId)).slice(3)).toEqual(['seat.released', 'seat.released']);
  });

  test('it is refused where the transition says so, until enough are released', async () => {
    const customerId = await customerNamed('refuses');
    await assign('refuses', 'ann');
    await assign('refuses', 'bob');
    expect(await change(customerId, 'strict')).toMatchObject({ ok: false, code: 'CONFLICT', field: 'plan' });
    await giveBack('refuses', 'bob');
    expect(await change(customerId, 'strict')).toMatchObject({ ok: true });
  });
});

test('a page of seats tells who holds one, oldest first', async () => {
  const customerId = await customerNamed('page');
  await assign('page', 'ann');
  await lease('page', 'bob');
  await assign('page', 'cy', 'admins');
  await giveBack('page', 'cy', 'admins');
  const page = (feature: string | null, after: string | null, first = 1) =>
    listSeats(tenant.db, tenant.caller.tenantId, [customerId], { first, after, feature });
  const members = async (...asked: Parameters<typeof page>) => {
    const result = await page(...asked);
    return result.ok ? result.pages.flatMap(({ items }) => items.map(({ node }) => node.seat.memberId)) : [];
  };
  expect(await members(null, null, 10)).toEqual(['ann', 'bob']);
  const first = await page(null, null);
  if (!first.ok) throw new Error('a page');
  expect(await members(null, first.pages[0]?.items[0]?.cursor ?? '')).toEqual(['bob']);
  expect(await members('viewers', null, 10)).toEqual(['bob']);
  expect(await page(null, 'nonsense')).toMatchObject({ ok: false, code: 'BAD_USER_INPUT' });
});

test('a renewal makes no entry in the list of events, and one for caches', async () => {
  const customerId = await customerNamed('quiet');
  await lease('quiet', 'ann');
  const before = await typesTold(customerId);
  const [was] = await tenantRows<{ most: number }>(tenant, 'select max(position)::int as most from event');
  await lease('quiet', 'ann', 'PT1H');
  expect(await typesTold(customerId)).toEqual(before);
  const told = await tenantRows<{ type: string; body: string }>(
    tenant,
    `select type, convert_from(body, 'UTF8') as body from event where position > ${String(was?.most)}`,
  );
  expect(told.map(({ type }) => type)).toEqual(['usage.recorded']);
  expect(told[0]?.body).toContain('leaseExpiresAt');
  expect(told[0]?.body).not.toContain('ann');
});

test('two gateways never take more than there are', async () => {
  await customerNamed('race');
  const other = await openTestDatabase(tenant.url);
  try {
    const told = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        occupySeat(index % 2 ? other : tenant.db, tenant.caller, 'race', {
          kind: 'assign',
          feature: 'editors',
          memberId: `member ${String(index)}`,
        }),
      ),
    );
    expect(told.filter((one) => one.ok && one.decision.allowed)).toHaveLength(3);
    expect(await pool('race', 'editors')).toEqual({ used: 3, rows: 3 });
    const same = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        occupySeat(index % 2 ? other : tenant.db, tenant.caller, 'race', {
          ...{ kind: 'lease', feature: 'viewers', memberId: 'one', ttl: null },
        }),
      ),
    );
    expect(new Set(same.map((one) => one.ok && one.seat?.id)).size).toBe(1);
    expect(await pool('race', 'viewers')).toEqual({ used: 1, rows: 1 });
  } finally {
    await other.close();
  }
});
