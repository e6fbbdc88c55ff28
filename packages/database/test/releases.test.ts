import {
  applyDueBatch,
  draftRelease,
  dueTenants,
  executeCommand,
  findSubscriptions,
  loadStates,
  newSubscriptionId,
  publishRelease,
  rollbackRelease,
  tellOfRelease,
} from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  listedEvents,
  openTestDatabase,
  type OwnTenant,
  spend,
  subscribeTo,
  tenantRows,
  TEST_CATALOG,
} from '@licet/database/testing';
import { decide, parseCatalogDocument, parseCustomerId, parsePlanKey } from '@licet/domain';
import { ReleaseCache } from '../src/repositories/release-cache.js';

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant();
});
afterEach(() => tenant.close());

type Policy = 'stay' | 'atRenewal' | 'now';

/** The test catalog with another number of projects in both plans. */
async function publish(projects: number, existingSubscriptions: Policy): Promise<number> {
  const { free, pro } = TEST_CATALOG.plans;
  const plans = {
    free: { ...free, entitlements: { ...free.entitlements, projects } },
    pro: { ...pro, entitlements: { ...pro.entitlements, projects } },
  };
  const parsed = parseCatalogDocument({ ...TEST_CATALOG, plans, existingSubscriptions });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { db, caller } = tenant;
  const drafted = await draftRelease(db, caller, { parsed, comment: null, idempotencyKey: null });
  if (!drafted.ok) throw new Error(drafted.message);
  const published = await publishRelease(db, caller, drafted.release.number);
  if (!published.ok) throw new Error(published.message);
  return published.release.number;
}
async function rollBack(to: number | null = null): Promise<void> {
  const done = await rollbackRelease(tenant.db, tenant.caller, { to, reason: 'a test' });
  if (!done.ok) throw new Error(done.message);
}

/** What a worker does: told customers become due, and what is due is written. */
async function work(db = tenant.db): Promise<void> {
  const { tenantId } = tenant.caller;
  while ((await dueTenants(db, 1)).length > 0) {
    await tellOfRelease(db, tenantId, 7);
    await applyDueBatch(db, tenantId, 5);
  }
}

async function projectsOf(id: string): Promise<{ limit: number | null; release: number }> {
  const customer = parseCustomerId(id);
  if (customer === null) throw new Error(id);
  const { states, asOf, release } = await loadStates(tenant.db, tenant.caller.tenantId, [customer]);
  const state = states.get(customer);
  if (!state) throw new Error(id);
  return { limit: decide(state, { feature: 'projects', quantity: 1 }, asOf).limit, release: release.number };
}
async function versions(): Promise<number[]> {
  const rows = await tenantRows<{ plan_version: number }>(
    tenant,
    'select plan_version from subscription order by customer_id',
  );
  return rows.map((row) => row.plan_version);
}
async function moved(): Promise<{ customer: string; versions: string }[]> {
  const events = await listedEvents(tenant);
  return events
    .filter((event) => event.type === 'subscription.plan_changed')
    .map((event) => ({
      customer: String(event.customerId),
      versions: `${JSON.stringify(Object(event.data['before'])['planVersion'])} → ${JSON.stringify(Object(event.data['after'])['planVersion'])}`,
    }));
}

test('now: decisions at once, rows by two workers exactly once, and every counter with its new limit', async () => {
  const names = Array.from({ length: 23 }, (_, index) => `c${String(index).padStart(2, '0')}`);
  for (const name of names) {
    await createTestCustomer(tenant, name);
    await subscribeTo(tenant, name, 'free');
  }
  await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId: 'c00', feature: 'projects', quantity: 1, idempotencyKey: 'one' },
  ]);
  await publish(5, 'now');
  expect(await projectsOf('c07')).toEqual({ limit: 5, release: 2 });
  expect(new Set(await versions())).toEqual(new Set([1]));
  expect(await dueTenants(tenant.db, 10)).toEqual([tenant.caller.tenantId]);
  const other = await openTestDatabase(tenant.url);
  await Promise.all([work(), work(other)]);
  await other.close();
  expect(new Set(await versions())).toEqual(new Set([2]));
  expect((await moved()).map((event) => event.customer).sort()).toEqual(names);
  const [published] = (await listedEvents(tenant)).filter(
    (event) => event.subjectId === '2' && event.type === 'release.published',
  );
  const moves = (await listedEvents(tenant)).filter((event) => event.type === 'subscription.plan_changed');
  expect(new Set(moves.map((event) => event.at))).toEqual(new Set([published?.at]));
  expect(await tenantRows(tenant, 'select lim, used, rules_version from meter')).toEqual([
    { lim: 5, used: 1, rules_version: 2 },
  ]);
  expect(await dueTenants(tenant.db, 10)).toEqual([]);
});

test('stay: those who are there keep their version, new ones get the new', async () => {
  await createTestCustomer(tenant, 'ada');
  await subscribeTo(tenant, 'ada', 'free');
  await publish(5, 'stay');
  expect(await dueTenants(tenant.db, 10)).toEqual([]);
  await createTestCustomer(tenant, 'bob');
  await subscribeTo(tenant, 'bob', 'free');
  expect(await versions()).toEqual([1, 2]);
  expect(await projectsOf('ada')).toEqual({ limit: 3, release: 2 });
  expect(await projectsOf('bob')).toEqual({ limit: 5, release: 2 });
});

test('atRenewal: the period end moves it, whoever writes that down', async () => {
  await createTestCustomer(tenant, 'ada');
  const { id } = await subscribeTo(tenant, 'ada', 'pro');
  await publish(60, 'atRenewal');
  await work();
  expect(await projectsOf('ada')).toEqual({ limit: 50, release: 2 });
  // Time goes by: publication and subscription lie a month back.
  await tenant.owner.query(`update publication set at = at - interval '34 days'`);
  await tenant.owner
    .query(`update subscription set period_anchor = period_anchor - interval '35 days', started_at = started_at - interval '35 days',
    period_start = period_start - interval '35 days', period_end = period_end - interval '35 days'`);
  await tenant.owner.query(`update customer set next_due_at = (select period_end from subscription)`);
  const later = { ...tenant, db: await openTestDatabase(tenant.url) };
  await work(later.db);
  const found = await findSubscriptions(later.db, tenant.caller.tenantId, [id]);
  expect(found.get(id)?.planVersion.version).toBe(2);
  expect(found.get(id)?.moves).toMatchObject([{ publication: 2, from: { version: 1 } }]);
  await later.db.close();
  const types = (await listedEvents(tenant)).map((event) => event.type);
  expect(types.slice(-2)).toEqual(['subscription.renewed', 'subscription.plan_changed']);
});

test('a rollback takes the moves back, and leaves what was bought meanwhile and what has moved since', async () => {
  for (const name of ['bought', 'chosen', 'moved']) await createTestCustomer(tenant, name);
  await subscribeTo(tenant, 'moved', 'free');
  const chosen = await subscribeTo(tenant, 'chosen', 'free');
  await publish(5, 'now');
  await work();
  await subscribeTo(tenant, 'bought', 'free');
  const pro = parsePlanKey('pro');
  if (pro === null) throw new Error('pro is a plan');
  await executeCommand(tenant.db, tenant.caller, {
    command: {
      kind: 'changePlan',
      subscriptionId: chosen.id,
      plan: pro,
      from: null,
      addOns: null,
      quantities: null,
      timing: 'NOW',
      at: null,
    },
    customerId: null,
    idempotencyKey: 'up',
    reason: null,
  });
  await rollBack();
  expect(await projectsOf('moved')).toEqual({ limit: 3, release: 1 });
  expect(await projectsOf('bought')).toEqual({ limit: 5, release: 1 });
  await work();
  // In the order of names: bought, chosen, moved.
  expect(await versions()).toEqual([2, 2, 1]);
  expect((await moved()).map(({ customer, versions: step }) => [customer, step])).toEqual([
    ['chosen', '1 → 2'],
    ['moved', '1 → 2'],
    ['chosen', '2 → 2'],
    ['moved', '2 → 1'],
  ]);
});

test('a rollback without `to` goes back one release, however often and from wherever it is repeated', async () => {
  await publish(5, 'stay');
  await publish(6, 'stay');
  const again = (reason: string, to: number | null = null) =>
    rollbackRelease(tenant.db, tenant.caller, { to, reason });
  const publications = async () => (await tenantRows(tenant, 'select 1 from publication')).length;
  const [one, other] = await Promise.all([again('too many'), again('too many')]);
  expect([one, other]).toMatchObject([
    { ok: true, release: { number: 2 } },
    { ok: true, release: { number: 2 } },
  ]);
  expect(await publications()).toBe(4);
  expect(await again('too many')).toMatchObject({ ok: true, release: { number: 2, status: 'LIVE' } });
  const further = await again('still too many');
  expect(further).toMatchObject({ ok: false, code: 'CONFLICT', field: 'to' });
  expect(await publications()).toBe(4);
  expect(await again('still too many', 1)).toMatchObject({ ok: true, release: { number: 1 } });
  expect(await again('still too many', 1)).toMatchObject({ ok: true, release: { number: 1 } });
  expect(await again('too many')).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    message: 'the live release is the first one',
  });
  expect(await publications()).toBe(5);
  // What is published next can be rolled back as ever.
  expect(await publish(7, 'stay')).toBe(4);
  expect(await again('too many')).toMatchObject({ ok: true, release: { number: 1 } });
});

test('a plan that is not changed keeps its version; one that comes back gets a number that it never had', async () => {
  await publish(5, 'stay');
  await rollBack();
  await publish(6, 'stay');
  const rows = await tenantRows(
    tenant,
    `select release, plan, version from release_plan order by release, plan`,
  );
  expect(rows).toEqual(
    [1, 2, 3].flatMap((number) => [
      { release: number, plan: 'free', version: number },
      { release: number, plan: 'pro', version: number },
    ]),
  );
  expect(await publish(6, 'now')).toBe(4);
  const kept = await tenantRows(tenant, 'select version from release_plan where release = 4');
  expect(kept).toEqual([{ version: 3 }, { version: 3 }]);
});

test('what was decided by the former release is not committed under the new one', async () => {
  // Publications come in between a subscription's decision and its commit.
  await createTestCustomer(tenant, 'ada');
  let projects = 5;
  const publishing = (async () => {
    for (; projects < 15; projects += 1) await publish(projects, 'stay');
  })();
  const names = Array.from({ length: 60 }, (_, index) => `race-${String(index)}`);
  for (const name of names) {
    await createTestCustomer(tenant, name);
    await subscribeTo(tenant, name, 'free');
  }
  await publishing;
  const { rows } = await tenant.owner.query<{ type: string; version: number | null }>(
    `select type, coalesce(convert_from(body, 'UTF8')::jsonb #>> '{data,after,planVersion}',
       convert_from(body, 'UTF8')::jsonb #>> '{data,after,number}')::int as version
     from event where type in ('release.published', 'subscription.started') order by position`,
  );
  let live = 0;
  const late = [];
  for (const row of rows) {
    if (row.type === 'release.published') live = row.version ?? 0;
    else if (row.version !== live) late.push(row);
  }
  expect(live).toBe(11);
  expect(rows.filter((row) => row.type === 'subscription.started')).toHaveLength(60);
  expect(late).toEqual([]);
});

test('a spend sees one release, and a move of its customer is written before it', async () => {
  await createTestCustomer(tenant, 'ada');
  await subscribeTo(tenant, 'ada', 'free');
  await publish(5, 'now');
  const [verdict] = await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId: 'ada', feature: 'projects', quantity: 5, idempotencyKey: 'five' },
  ]);
  expect(verdict).toMatchObject({ ok: true, consumed: 5, release: 2 });
  expect(await versions()).toEqual([2]);
  expect(await moved()).toEqual([{ customer: 'ada', versions: '1 → 2' }]);
});

test('customers on more releases than are kept in memory are decided all the same', async () => {
  for (let projects = 5; projects < 9; projects += 1) {
    await createTestCustomer(tenant, `on-${String(projects)}`);
    await publish(projects, 'stay');
    await subscribeTo(tenant, `on-${String(projects)}`, 'free');
  }
  const ids = [5, 6, 7, 8].flatMap((projects) => parseCustomerId(`on-${String(projects)}`) ?? []);
  const forgetful = { ...tenant.db, releases: new ReleaseCache(1) };
  const { states, asOf } = await loadStates(forgetful, tenant.caller.tenantId, ids);
  const limits = [...states.values()].map(
    (state) => decide(state, { feature: 'projects', quantity: 1 }, asOf).limit,
  );
  expect(limits).toEqual([5, 6, 7, 8]);
});

test('a replayed subscribe answers as it did, moved or not', async () => {
  await createTestCustomer(tenant, 'ada');
  const first = await subscribeTo(tenant, 'ada', 'free');
  await publish(5, 'now');
  await work();
  expect(await subscribeTo(tenant, 'ada', 'free')).toEqual(first);
  expect(newSubscriptionId()).not.toBe(first.id);
});
