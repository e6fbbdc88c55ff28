import {
  applyDueBatch,
  dueTenants,
  EventFeed,
  findCustomers,
  findTenant,
  loadStates,
  rollbackRelease,
  StateStore,
  tellOfRelease,
  updateTenant,
  upsertCustomer,
} from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  listedEvents,
  type OwnTenant,
  publish,
  spend,
  subscribeTo,
  tenantRows,
  TEST_CATALOG,
} from '@licet/database/testing';
import {
  type CustomerId,
  decide,
  formatInstant,
  type Instant,
  instant,
  parseCustomerId,
  parseTimeZone,
  sameLocalTime,
  type TimeZone,
} from '@licet/domain';

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant();
});
afterEach(() => tenant.close());

const UTC = zone('UTC');
const TOKYO = zone('Asia/Tokyo');

function zone(text: string): TimeZone {
  const parsed = parseTimeZone(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}
function customer(text: string): CustomerId {
  const id = parseCustomerId(text);
  if (id === null) throw new Error(text);
  return id;
}

/** On `free`, with a window of calls that runs. */
async function newCustomer(name: string, timeZone?: string): Promise<void> {
  await createTestCustomer(tenant, name);
  if (timeZone !== undefined) await upsertCustomer(tenant.db, tenant.caller, { id: name, timeZone });
  await subscribeTo(tenant, name, 'free');
  await spendCalls(name, 4);
}

/** Returns when the window that it counts in is over, as its verdict says. */
async function spendCalls(name: string, quantity: number): Promise<Instant | null> {
  const idempotencyKey = `${name} ${String(quantity)}`;
  const [verdict] = await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId: name, feature: 'calls', quantity, idempotencyKey },
  ]);
  expect(verdict).toMatchObject({ ok: true, consumed: quantity });
  return verdict?.ok ? verdict.decision.resetsAt : null;
}

async function calls(name: string): Promise<{ used: number | null; resetsAt: Instant | null }> {
  const { states, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [customer(name)]);
  const state = states.get(customer(name));
  if (!state) throw new Error(name);
  const { used, resetsAt } = decide(state, { feature: 'calls', quantity: 1 }, asOf);
  return { used, resetsAt };
}

async function resetOf(name: string): Promise<Instant> {
  const { resetsAt } = await calls(name);
  if (resetsAt === null) throw new Error(`${name} has no window`);
  return resetsAt;
}

/** The window's end as it is written. */
async function written(name: string): Promise<Instant | null> {
  const [row] = await tenantRows<{ window_end: Date }>(
    tenant,
    `select window_end from meter where customer_id = '${name}' and feature = 'calls'`,
  );
  return row ? instant(row.window_end.getTime()) : null;
}

async function work(): Promise<void> {
  while ((await dueTenants(tenant.db, 1)).length > 0) {
    await tellOfRelease(tenant.db, tenant.caller.tenantId, 1);
    await applyDueBatch(tenant.db, tenant.caller.tenantId, 5);
  }
}

async function moveTo(timeZone: string): Promise<void> {
  expect(await updateTenant(tenant.db, tenant.caller, { timeZone })).toMatchObject({ ok: true });
}

async function timeZoneOf(name: string): Promise<string | undefined> {
  const found = await findCustomers(tenant.db, tenant.caller.tenantId, [customer(name)]);
  return found.get(customer(name))?.timeZone;
}

test('the running windows of those who name no zone end at the same local time in the new one, at once and for good', async () => {
  await newCustomer('ada');
  await newCustomer('ben', 'Europe/Berlin');
  const [ada, ben] = [await resetOf('ada'), await resetOf('ben')];
  await moveTo('Asia/Tokyo');
  const moved = sameLocalTime(ada, UTC, TOKYO);
  expect(moved).not.toBe(ada);
  expect(await calls('ada')).toEqual({ used: 4, resetsAt: moved });
  expect(await calls('ben')).toEqual({ used: 4, resetsAt: ben });
  expect([await timeZoneOf('ada'), await timeZoneOf('ben')]).toEqual(['Asia/Tokyo', 'Europe/Berlin']);
  expect(await written('ada')).toBe(ada);
  await work();
  expect(await written('ada')).toBe(moved);
  expect(await written('ben')).toBe(ben);
  expect(await calls('ada')).toEqual({ used: 4, resetsAt: moved });
});

test('a spend before the worker came counts in the moved window', async () => {
  await newCustomer('ada');
  const before = await resetOf('ada');
  await moveTo('Asia/Tokyo');
  const moved = sameLocalTime(before, UTC, TOKYO);
  expect(await spendCalls('ada', 2)).toBe(moved);
  expect(await calls('ada')).toEqual({ used: 6, resetsAt: moved });
  await work();
  expect(await calls('ada')).toEqual({ used: 6, resetsAt: moved });
});

test('there and back again before the worker came leaves windows where they were', async () => {
  await newCustomer('ada');
  const before = await resetOf('ada');
  await moveTo('Pacific/Kiritimati');
  await moveTo('UTC');
  expect(await calls('ada')).toEqual({ used: 4, resetsAt: before });
  await work();
  expect(await written('ada')).toBe(before);
});

test('two moves, told of one after the other, end where one by one they would have', async () => {
  await newCustomer('ada');
  const before = await resetOf('ada');
  await moveTo('Asia/Tokyo');
  while ((await tellOfRelease(tenant.db, tenant.caller.tenantId, 5)) === 5);
  await moveTo('America/New_York');
  const moved = sameLocalTime(before, UTC, zone('America/New_York'));
  expect(await resetOf('ada')).toBe(moved);
  await work();
  expect(await written('ada')).toBe(moved);
  expect(await resetOf('ada')).toBe(moved);
});

test('where the catalog names a zone customers stay in it, and a release that names one moves them', async () => {
  await newCustomer('ada');
  const before = await resetOf('ada');
  await publish(tenant, { ...TEST_CATALOG, timeZone: 'Asia/Tokyo' });
  const moved = sameLocalTime(before, UTC, TOKYO);
  expect(await resetOf('ada')).toBe(moved);
  await moveTo('America/New_York');
  expect(await timeZoneOf('ada')).toBe('Asia/Tokyo');
  await work();
  expect(await written('ada')).toBe(moved);
  expect((await findTenant(tenant.db, tenant.caller.tenantId)).timeZone).toBe('America/New_York');
});

test('a rollback stays one through a move, and its repetition still changes nothing', async () => {
  await newCustomer('ada');
  await publish(tenant, { ...TEST_CATALOG, plans: withProjects(5), existingSubscriptions: 'now' });
  expect(await projectsOf('ada')).toBe(5);
  const back = { to: null, reason: 'too many' };
  expect(await rollbackRelease(tenant.db, tenant.caller, back)).toMatchObject({ ok: true });
  await createTestCustomer(tenant, 'new');
  await subscribeTo(tenant, 'new', 'free');
  await moveTo('Asia/Tokyo');
  expect(await rollbackRelease(tenant.db, tenant.caller, back)).toMatchObject({
    ok: true,
    release: { number: 1 },
  });
  expect(await rollbackRelease(tenant.db, tenant.caller, { ...back, reason: 'further' })).toMatchObject({
    ok: false,
    code: 'CONFLICT',
  });
  expect(await projectsOf('ada')).toBe(3);
  await work();
  expect([await projectsOf('ada'), await projectsOf('new')]).toEqual([3, 3]);
});

function withProjects(projects: number) {
  const { free, pro } = TEST_CATALOG.plans;
  return { pro, free: { ...free, entitlements: { ...free.entitlements, projects } } };
}

async function projectsOf(name: string): Promise<number | null> {
  const { states, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [customer(name)]);
  const state = states.get(customer(name));
  if (!state) throw new Error(name);
  return decide(state, { feature: 'projects', quantity: 1 }, asOf).limit;
}

test('a gateway that keeps the state hears of the move', async () => {
  await newCustomer('ada');
  const feed = new EventFeed(tenant.db);
  await feed.start();
  const states = new StateStore(tenant.db, feed, { customers: 10 });
  const { tenantId } = tenant.caller;
  const resets = async (): Promise<string | null> => {
    const { state, now } = await states.load(tenantId, customer('ada'));
    const { resetsAt } = decide(state, { feature: 'calls', quantity: 1 }, now);
    return resetsAt === null ? null : formatInstant(resetsAt);
  };
  try {
    const before = await resetOf('ada');
    expect(await resets()).toBe(formatInstant(before));
    const done = await updateTenant(tenant.db, tenant.caller, { timeZone: 'Asia/Tokyo' });
    if (!done.ok) throw new Error(done.message);
    expect(await states.reach(tenantId, done.revision, [])).toMatchObject({ ok: true });
    expect(await resets()).toBe(formatInstant(sameLocalTime(before, UTC, TOKYO)));
  } finally {
    states.close();
    await feed.stop();
  }
});

test('one event tells what has changed; asking for what is already so makes none', async () => {
  const { db, caller } = tenant;
  const done = await updateTenant(db, caller, { name: 'Meridian', timeZone: 'Asia/Tokyo' });
  expect(done).toMatchObject({ ok: true, tenant: { name: 'Meridian', timeZone: 'Asia/Tokyo' } });
  const events = (await listedEvents(tenant)).filter(({ type }) => type === 'tenant.updated');
  expect(events).toMatchObject([
    {
      subjectType: 'tenant',
      subjectId: caller.tenantId,
      actor: { id: 'key_test' },
      data: {
        before: { name: 'Test', timeZone: 'UTC' },
        after: { name: 'Meridian', timeZone: 'Asia/Tokyo', rulesVersion: 2 },
      },
    },
  ]);
  const again = await updateTenant(db, caller, { name: 'Meridian', timeZone: 'Asia/Tokyo' });
  expect(again).toMatchObject({ ok: true, revision: done.ok ? done.revision : '' });
  await updateTenant(db, caller, { name: 'Meridian Ltd' });
  const { rules_version: version } = (
    await tenantRows<{ rules_version: number }>(tenant, 'select rules_version from log_head')
  )[0] ?? { rules_version: 0 };
  expect(version).toBe(2);
});

test('a zone that is none is refused with its field, and changes nothing', async () => {
  const refused = await updateTenant(tenant.db, tenant.caller, { name: 'x', timeZone: 'Mars/Olympus' });
  expect(refused).toMatchObject({ ok: false, code: 'BAD_USER_INPUT', field: 'timeZone' });
  expect(await findTenant(tenant.db, tenant.caller.tenantId)).toMatchObject({
    name: 'Test',
    timeZone: 'UTC',
  });
});
