import {
  applyDueBatch,
  cancelPlanMigration,
  executeCommand,
  findPlanMigration,
  findSubscriptions,
  listMigrationProblems,
  listPlanMigrations,
  migrateBatch,
  migratePlan,
  migratingTenants,
} from '@licet/database';
import {
  type AskedOfTest,
  carryOut,
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  listedEvents,
  migrationOf,
  planKeyOf,
  problemsOf,
  publish,
  queueMigration,
  subscribeTo,
  TEST_CATALOG,
  type TestDatabase,
  type TestTenant,
  tenantRows,
} from '@licet/database/testing';
import type { Subscription, SubscriptionCommand } from '@licet/domain';
import { Client } from 'pg';

const { free, pro } = TEST_CATALOG.plans;
const FIRST = {
  ...TEST_CATALOG,
  plans: {
    free,
    pro,
    team: {
      name: 'Team',
      family: 'cloud',
      model: 'subscription',
      period: 'P1M',
      entitlements: { calls: 500 },
    },
    box: { name: 'Box', model: 'perpetual', entitlements: { sso: true } },
  },
  addOns: { more: { with: ['pro'], entitlements: { projects: 10 } } },
  transitions: [
    { from: 'pro', to: 'team', takesEffect: 'now', usage: 'carry', addOnsNotOffered: 'refuse' },
    { from: ['pro', 'team'], to: ['free', 'pro'], takesEffect: 'now', usage: 'carry' },
  ],
};
const SECOND = {
  ...FIRST,
  plans: { ...FIRST.plans, pro: { ...pro, entitlements: { ...pro.entitlements, calls: 200 } } },
};

let database: TestDatabase;
let tenant: TestTenant;
let owner: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database.url, FIRST);
});
afterEach(async () => {
  await tenant.close();
});

/** `count` customers, `c00` and so on, on `pro` in version 1; version 2 is sold by now. */
async function onFirstVersion(count: number): Promise<Subscription[]> {
  const made: Subscription[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = `c${String(index).padStart(2, '0')}`;
    await createTestCustomer(tenant, name);
    made.push(await subscribeTo(tenant, name, 'pro'));
  }
  await publish(tenant, SECOND);
  return made;
}

async function perform(command: SubscriptionCommand): Promise<void> {
  const result = await executeCommand(tenant.db, tenant.caller, {
    command,
    customerId: null,
    idempotencyKey: null,
    reason: null,
  });
  if (!result.ok) throw new Error(result.message);
}

const change = (subscription: Subscription, plan: string) =>
  perform({
    kind: 'changePlan',
    subscriptionId: subscription.id,
    plan: planKeyOf(plan),
    from: null,
    addOns: null,
    quantities: null,
    timing: 'NOW',
    at: null,
  });

/** How many live subscriptions are on each version. */
async function onEach(): Promise<Record<string, number>> {
  const rows = await tenantRows<{ version: string; count: number }>(
    tenant,
    `select plan || ' ' || plan_version as version, count(*)::int as count from subscription
     where ended_at is null group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map((row) => [row.version, row.count]));
}

/** Changes of plan by subscription: more than one each would be a turn too many. */
async function changesOfEach(): Promise<number[]> {
  const rows = await tenantRows<{ count: number }>(
    tenant,
    `select count(*)::int as count from event where type = 'subscription.plan_changed' group by subject_id`,
  );
  return rows.map(({ count }) => count);
}

test('everybody on the version moves, each with the event of a change of plan that names the migration and who asked for it', async () => {
  const [one] = await onFirstVersion(5);
  await createTestCustomer(tenant, 'other');
  await subscribeTo(tenant, 'other', 'free');
  const queued = await queueMigration(tenant);
  expect(queued).toMatchObject({
    from: { plan: 'pro', version: 1 },
    to: { plan: 'pro', version: 2 },
    status: 'QUEUED',
    total: null,
    done: 0,
    createdBy: tenant.caller.actor,
    finishedAt: null,
  });
  const ended = await carryOut(tenant, 2);
  expect(ended).toMatchObject({ status: 'SUCCEEDED', total: 5, done: 5, moved: 5, refused: 0 });
  expect(await findPlanMigration(tenant.db, tenant.caller.tenantId, queued.id)).toEqual(ended);
  expect(await onEach()).toEqual({ 'free 1': 1, 'pro 2': 5 });
  const events = await listedEvents(tenant);
  const [changed] = events.filter(({ type }) => type === 'subscription.plan_changed');
  expect(changed).toMatchObject({
    subjectType: 'subscription',
    subjectId: one?.id,
    customerId: 'c00',
    actor: tenant.caller.actor,
    requestId: 'req-test',
    reason: null,
    data: { migration: queued.id, before: { planVersion: 1 }, after: { planVersion: 2 } },
  });
  const told = events.filter(({ type }) => type.startsWith('migration.'));
  expect(told).toMatchObject([
    { type: 'migration.created', subjectId: queued.id, actor: tenant.caller.actor, data: { before: null } },
    {
      type: 'migration.finished',
      actor: { kind: 'WORKER', id: 'migrations' },
      data: { after: { status: 'SUCCEEDED', moved: 5, total: 5, plan: 'pro', version: 1, toVersion: 2 } },
    },
  ]);
  expect(await migratingTenants(tenant.db, 10)).toEqual([]);
});

test('after each batch another process goes on where that one has ended: none is skipped, none moved twice', async () => {
  await onFirstVersion(7);
  await queueMigration(tenant);
  const { tenantId } = tenant.caller;
  await migrateBatch(tenant.db, tenantId, 3);
  const first = await migrateBatch(tenant.db, tenantId, 3);
  expect(first?.after).toMatchObject({ status: 'RUNNING', total: 7, done: 3, moved: 3 });
  expect(await onEach()).toEqual({ 'pro 1': 4, 'pro 2': 3 });
  expect(await carryOut(tenant, 3)).toMatchObject({ status: 'SUCCEEDED', done: 7, moved: 7 });
  expect(await onEach()).toEqual({ 'pro 2': 7 });
  expect(await changesOfEach()).toEqual([1, 1, 1, 1, 1, 1, 1]);
  expect(await tenantRows(tenant, 'select 1 from plan_migration_item')).toEqual([]);
});

test('a cancellation stops it before the next batch: what has moved stays moved, and is told once', async () => {
  await onFirstVersion(6);
  const { id } = await queueMigration(tenant);
  const { db, caller } = tenant;
  await migrateBatch(db, caller.tenantId, 2);
  await migrateBatch(db, caller.tenantId, 2);
  const canceled = await cancelPlanMigration(db, caller, id);
  expect(canceled).toMatchObject({
    ok: true,
    migration: { status: 'CANCELED', done: 2, moved: 2, total: 6 },
  });
  expect(await migrateBatch(db, caller.tenantId, 2)).toBeNull();
  expect(await onEach()).toEqual({ 'pro 1': 4, 'pro 2': 2 });
  expect(await cancelPlanMigration(db, caller, id)).toEqual(canceled);
  const told = (await listedEvents(tenant)).filter(({ type }) => type.startsWith('migration.'));
  expect(told.map(({ type }) => type)).toEqual(['migration.created', 'migration.canceled']);
  expect(await tenantRows(tenant, 'select 1 from plan_migration_item')).toEqual([]);
});

test('one that is queued can be cancelled, one that has finished cannot, and one that is not there is not found', async () => {
  const { db, caller } = tenant;
  await onFirstVersion(1);
  const queued = await queueMigration(tenant);
  expect(await cancelPlanMigration(db, caller, queued.id)).toMatchObject({
    migration: { status: 'CANCELED', total: null, done: 0 },
  });
  const { id } = await queueMigration(tenant);
  await carryOut(tenant);
  const before = await listedEvents(tenant);
  expect(await cancelPlanMigration(db, caller, id)).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    field: 'id',
  });
  const other = await createTestTenant(database.url);
  expect(await cancelPlanMigration(other.db, other.caller, id)).toMatchObject({
    code: 'NOT_FOUND',
    field: 'id',
  });
  await other.close();
  expect(await listedEvents(tenant)).toEqual(before);
});

/** Two that can go to `team`, one with an add-on that it is not sold with, one that leaves. */
async function mixed(): Promise<Subscription[]> {
  for (const name of ['a', 'b', 'c', 'd']) await createTestCustomer(tenant, name);
  const made = [
    await subscribeTo(tenant, 'a', 'pro'),
    await subscribeTo(tenant, 'b', 'pro', { addOns: { more: 1 } }),
    await subscribeTo(tenant, 'c', 'pro'),
    await subscribeTo(tenant, 'd', 'pro'),
  ];
  return made;
}

test('what is refused is listed with its code and message, and does not stop the rest; who has left is left alone', async () => {
  const [, withAddOn, , leaving] = await mixed();
  const queued = await queueMigration(tenant, { toPlan: 'team' });
  await migrateBatch(tenant.db, tenant.caller.tenantId, 1);
  await change(leaving!, 'free');
  const ended = await carryOut(tenant, 3);
  expect(ended).toMatchObject({ status: 'SUCCEEDED', total: 4, done: 4, moved: 2, refused: 1 });
  expect(await onEach()).toEqual({ 'free 1': 1, 'pro 1': 1, 'team 1': 2 });
  expect(await problemsOf(tenant, queued)).toEqual([
    {
      subscriptionId: withAddOn?.id,
      code: 'CONFLICT',
      message: expect.stringMatching(/`team` is not sold with an add-on/),
    },
  ]);
});

test('a dry run counts and lists like the migration, and changes nothing', async () => {
  const [, withAddOn] = await mixed();
  const rows = () => tenantRows(tenant, 'select * from subscription order by id');
  const versions = () => tenantRows(tenant, 'select id, version from customer order by id');
  const before = [await rows(), await versions()];
  const dry = await queueMigration(tenant, { toPlan: 'team', dryRun: true });
  const ended = await carryOut(tenant, 3);
  expect(ended).toMatchObject({ dryRun: true, status: 'SUCCEEDED', total: 4, done: 4, moved: 3, refused: 1 });
  expect([await rows(), await versions()]).toEqual(before);
  expect((await listedEvents(tenant)).filter(({ type }) => type === 'subscription.plan_changed')).toEqual([]);
  const problems = await problemsOf(tenant, dry);
  expect(problems).toMatchObject([{ subscriptionId: withAddOn?.id }]);
  const real = await queueMigration(tenant, { toPlan: 'team' });
  expect(await carryOut(tenant)).toMatchObject({ total: 4, done: 4, moved: 3, refused: 1 });
  expect(await problemsOf(tenant, real)).toEqual(problems);
});

test('problems are listed page by page, in the order of the turns', async () => {
  const names = ['a', 'b', 'c'];
  for (const name of names) await createTestCustomer(tenant, name);
  const ids: string[] = [];
  for (const name of names) ids.push((await subscribeTo(tenant, name, 'pro', { addOns: { more: 1 } })).id);
  const queued = await queueMigration(tenant, { toPlan: 'team' });
  await carryOut(tenant);
  const listed = async (first: number, after: string | null) =>
    (await problemsOf(tenant, queued, first, after)).map(({ subscriptionId }) => subscriptionId);
  expect(await listed(2, null)).toEqual(ids.slice(0, 2));
  expect(await listed(2, ids[1] ?? '')).toEqual(ids.slice(2));
  expect(await listed(2, ids[2] ?? '')).toEqual([]);
  const other = await queueMigration(tenant, { toPlan: 'team', dryRun: true });
  const request = { first: 2, after: ids[2] ?? '' };
  expect(
    await listMigrationProblems(tenant.db, tenant.caller.tenantId, [other.id, queued.id], request),
  ).toEqual([
    expect.objectContaining({ ok: false, code: 'BAD_USER_INPUT', field: 'after' }),
    { ok: true, problems: [] },
  ]);
});

test('the same key queues one migration and answers as the first time; with another wish it is refused', async () => {
  await onFirstVersion(2);
  const { db, caller } = tenant;
  const asked = migrationOf({ idempotencyKey: 'once' });
  const both = await Promise.all([migratePlan(db, caller, asked), migratePlan(db, caller, asked)]);
  expect(both[0]).toEqual(both[1]);
  await carryOut(tenant);
  expect(await migratePlan(db, caller, asked)).toEqual(both[0]);
  expect(await migratePlan(db, caller, { ...asked, dryRun: true })).toMatchObject({
    code: 'CONFLICT',
    field: 'idempotencyKey',
  });
  expect(await tenantRows(tenant, 'select count(*)::int as count from plan_migration')).toEqual([
    { count: 1 },
  ]);
});

test.each<[string, string, AskedOfTest]>([
  ['a plan that never was', 'NOT_FOUND plan', { plan: 'ghost' }],
  ['a version that was never sold', 'NOT_FOUND version', { version: 3 }],
  ['a target that is not sold', 'NOT_FOUND toPlan', { toPlan: 'ghost' }],
  ['a target version that was never sold', 'NOT_FOUND toVersion', { toVersion: 9 }],
  ['a target that goes by licence', 'BAD_USER_INPUT toPlan', { toPlan: 'box' }],
  ['a way that no transition goes', 'BAD_USER_INPUT toPlan', { plan: 'free', toPlan: 'team' }],
  ['a plan that goes by licence', 'BAD_USER_INPUT plan', { plan: 'box', toPlan: 'pro' }],
  ['the version itself', 'BAD_USER_INPUT toVersion', { toVersion: 1 }],
  ['the version itself, which is sold now', 'BAD_USER_INPUT version', { version: 2 }],
  ['AT without a time', 'BAD_USER_INPUT at', { timing: 'AT' }],
  ['nobody', 'BAD_USER_INPUT customerIds', { customerIds: [] }],
])('%s is refused, and nothing is written', async (_, expected, asked) => {
  await publish(tenant, SECOND);
  const before = await listedEvents(tenant);
  const result = await migratePlan(tenant.db, tenant.caller, migrationOf(asked));
  expect(result.ok ? 'accepted' : `${result.code} ${result.field ?? ''}`).toBe(expected);
  expect(await listedEvents(tenant)).toEqual(before);
  expect(await tenantRows(tenant, 'select 1 from plan_migration')).toEqual([]);
});

test('named customers alone are moved; one that is not there is refused', async () => {
  await onFirstVersion(4);
  const c01 = await createTestCustomer(tenant, 'c01');
  const c03 = await createTestCustomer(tenant, 'c03');
  const without = await createTestCustomer(tenant, 'without');
  await queueMigration(tenant, { customerIds: [c03, c01, c03, without] });
  expect(await carryOut(tenant)).toMatchObject({ total: 2, moved: 2 });
  expect(await onEach()).toEqual({ 'pro 1': 2, 'pro 2': 2 });
  const other = await createTestTenant(database.url);
  const stranger = await createTestCustomer(other, 'stranger');
  await other.close();
  const refused = await migratePlan(tenant.db, tenant.caller, migrationOf({ customerIds: [c01, stranger] }));
  expect(refused).toMatchObject({ ok: false, code: 'NOT_FOUND', field: 'customerIds' });
});

test('it begins when all is written that was due before, and moves those who have come to the version by that', async () => {
  const [one] = await onFirstVersion(1);
  await change(one!, 'team');
  await owner.query(
    `update subscription set change_at = clock_timestamp() - interval '1 minute',
       change_plan = 'pro', change_plan_version = 1 where tenant_id = $1`,
    [tenant.caller.tenantId],
  );
  await owner.query(
    `update customer set version = version + 1, next_due_at = clock_timestamp() - interval '1 minute' where tenant_id = $1`,
    [tenant.caller.tenantId],
  );
  await queueMigration(tenant);
  const waiting = await migrateBatch(tenant.db, tenant.caller.tenantId, 10);
  expect(waiting?.after).toBe(waiting?.before);
  expect(await applyDueBatch(tenant.db, tenant.caller.tenantId, 10)).toMatchObject({ claimed: 1 });
  expect(await onEach()).toEqual({ 'pro 1': 1 });
  expect(await carryOut(tenant)).toMatchObject({ total: 1, moved: 1 });
  expect(await onEach()).toEqual({ 'pro 2': 1 });
});

test('what becomes due meanwhile is written first, dated when it was due, by time and not by the migration', async () => {
  const [one] = await onFirstVersion(1);
  await queueMigration(tenant);
  await migrateBatch(tenant.db, tenant.caller.tenantId, 10);
  const { rows } = await owner.query<{ period_end: Date }>(
    `update subscription set period_anchor = period_anchor - interval '40 days', period_start = period_start - interval '40 days',
       period_end = period_end - interval '40 days', started_at = started_at - interval '40 days' where tenant_id = $1 returning period_end`,
    [tenant.caller.tenantId],
  );
  await owner.query(`update customer set version = version + 1, next_due_at = $2 where tenant_id = $1`, [
    tenant.caller.tenantId,
    rows[0]?.period_end,
  ]);
  expect(await carryOut(tenant)).toMatchObject({ moved: 1 });
  const events = (await listedEvents(tenant)).filter(
    ({ subjectId, type }) => subjectId === one?.id && type !== 'subscription.started',
  );
  expect(events).toMatchObject([
    { type: 'subscription.renewed', at: rows[0]?.period_end.getTime(), actor: { kind: 'WORKER' } },
    { type: 'subscription.plan_changed', actor: tenant.caller.actor },
  ]);
  expect(events[0]?.data).not.toHaveProperty('migration');
});

test('who comes to the version once it has begun stays', async () => {
  await onFirstVersion(2);
  await queueMigration(tenant, { version: 1 });
  await migrateBatch(tenant.db, tenant.caller.tenantId, 10);
  await createTestCustomer(tenant, 'a-late');
  await subscribeTo(tenant, 'a-late', 'pro');
  await owner.query(`update subscription set plan_version = 1 where customer_id = 'a-late'`);
  expect(await carryOut(tenant)).toMatchObject({ total: 2, moved: 2 });
  expect(await onEach()).toEqual({ 'pro 1': 1, 'pro 2': 2 });
});

test("a tenant's migrations run one after another, so a second one moves on those whom the first has brought", async () => {
  await onFirstVersion(3);
  const first = await queueMigration(tenant);
  const second = await queueMigration(tenant, { version: 2, toPlan: 'team' });
  const { items } = await newest();
  expect(items.map(({ node }) => node.id)).toEqual([second.id, first.id]);
  const steps: string[] = [];
  for (let step = await migrateBatch(tenant.db, tenant.caller.tenantId, 2); step !== null;) {
    steps.push(step.after.id === first.id ? 'first' : 'second');
    step = await migrateBatch(tenant.db, tenant.caller.tenantId, 2);
  }
  expect(steps).toEqual([...Array<string>(4).fill('first'), ...Array<string>(4).fill('second')]);
  expect(await onEach()).toEqual({ 'team 1': 3 });
});

async function newest(first = 20, after: string | null = null) {
  const listed = await listPlanMigrations(tenant.db, tenant.caller.tenantId, { first, after });
  if (!listed.ok) throw new Error(listed.message);
  return listed.page;
}

test('migrations are listed newest first, page by page', async () => {
  await onFirstVersion(1);
  const ids: string[] = [];
  for (let index = 0; index < 3; index += 1) ids.unshift((await queueMigration(tenant)).id);
  const page = await newest(2);
  expect(page.items.map(({ node }) => node.id)).toEqual(ids.slice(0, 2));
  expect(page.hasNextPage).toBe(true);
  const rest = await newest(2, page.items.at(-1)?.cursor ?? '');
  expect(rest.items.map(({ node }) => node.id)).toEqual(ids.slice(2));
  expect(rest.hasNextPage).toBe(false);
  const request = { first: 2, after: 'nonsense' };
  expect(await listPlanMigrations(tenant.db, tenant.caller.tenantId, request)).toMatchObject({
    code: 'BAD_USER_INPUT',
    field: 'after',
  });
});

test('a subscription that cannot even be read is set aside as a problem, and the others are moved', async () => {
  const [, broken] = await onFirstVersion(4);
  const queued = await queueMigration(tenant);
  await migrateBatch(tenant.db, tenant.caller.tenantId, 10);
  await owner.query(
    `update subscription set add_ons = '[{"addOn": "ghost", "version": 7, "quantity": 1}]' where id = $1`,
    [broken?.id],
  );
  const { tenantId } = tenant.caller;
  expect(await migrateBatch(tenant.db, tenantId, 4)).toMatchObject({ failure: null, after: { done: 1 } });
  const aside = await migrateBatch(tenant.db, tenantId, 4);
  expect(aside).toMatchObject({ failure: expect.any(Error), after: { done: 2, moved: 1, refused: 1 } });
  expect(await carryOut(tenant, 4)).toMatchObject({ status: 'SUCCEEDED', done: 4, moved: 3, refused: 1 });
  expect(await problemsOf(tenant, queued)).toMatchObject([{ subscriptionId: broken?.id, code: 'INTERNAL' }]);
  expect(await onEach()).toEqual({ 'pro 1': 1, 'pro 2': 3 });
});

test('moved subscriptions are decided by what they were moved to', async () => {
  const [one] = await onFirstVersion(1);
  await queueMigration(tenant, { timing: 'PERIOD_END' });
  expect(await carryOut(tenant)).toMatchObject({ moved: 1 });
  const found = await findSubscriptions(tenant.db, tenant.caller.tenantId, [one!.id]);
  expect(found.get(one!.id)).toMatchObject({
    planVersion: { version: 1 },
    scheduledChange: { to: { version: 2, plan: { key: 'pro' } } },
  });
});
