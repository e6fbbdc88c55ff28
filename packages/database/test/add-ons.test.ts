import {
  applyDueBatch,
  type CommandRequest,
  draftRelease,
  dueTenants,
  executeCommand,
  findSubscriptions,
  loadStates,
  previewCatalog,
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
import { decide, parseAddOnKey, parseCatalogDocument, parseCustomerId, parsePlanKey } from '@licet/domain';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../src/migrate.js';

type Policy = 'stay' | 'atRenewal' | 'now';

/** The test catalog with an add-on for projects, or without one. */
function catalogWith(projects: number | null, existingSubscriptions: Policy = 'stay') {
  const more = { with: ['free', 'pro'], entitlements: { projects } };
  return { ...TEST_CATALOG, ...(projects === null ? {} : { addOns: { more } }), existingSubscriptions };
}

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant(catalogWith(10));
});
afterEach(() => tenant.close());

function parsed(projects: number | null, policy: Policy) {
  const parse = parseCatalogDocument(catalogWith(projects, policy));
  if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
  return parse;
}
async function publish(projects: number | null, policy: Policy): Promise<void> {
  const { db, caller } = tenant;
  const drafted = await draftRelease(db, caller, {
    parsed: parsed(projects, policy),
    comment: null,
    idempotencyKey: null,
  });
  if (!drafted.ok) throw new Error(drafted.message);
  const published = await publishRelease(db, caller, drafted.release.number);
  if (!published.ok) throw new Error(published.message);
}
async function rollBack(): Promise<void> {
  const done = await rollbackRelease(tenant.db, tenant.caller, { to: null, reason: 'a test' });
  if (!done.ok) throw new Error(done.message);
}
async function work(): Promise<void> {
  while ((await dueTenants(tenant.db, 1)).length > 0) {
    await tellOfRelease(tenant.db, tenant.caller.tenantId, 7);
    await applyDueBatch(tenant.db, tenant.caller.tenantId, 5);
  }
}
/** Where nothing is kept in memory. */
async function projectsOf(id: string): Promise<number | null> {
  const customer = parseCustomerId(id);
  if (customer === null) throw new Error(id);
  const db = await openTestDatabase(tenant.url);
  const { states, asOf } = await loadStates(db, tenant.caller.tenantId, [customer]);
  await db.close();
  const state = states.get(customer);
  if (!state) throw new Error(id);
  return decide(state, { feature: 'projects', quantity: 1 }, asOf).limit;
}
async function stored(): Promise<unknown[]> {
  const rows = await tenantRows<{ add_ons: unknown }>(
    tenant,
    'select add_ons from subscription order by customer_id',
  );
  return rows.map((row) => row.add_ons);
}
const held = (version: number, quantity = 1) => [{ addOn: 'more', version, quantity }];

test('stay: each keeps the version that it was sold, and spends by it; taken out, the add-on goes on', async () => {
  await createTestCustomer(tenant, 'ada');
  await subscribeTo(tenant, 'ada', 'free', { addOns: { more: 1 } });
  await publish(20, 'stay');
  await createTestCustomer(tenant, 'bob');
  await subscribeTo(tenant, 'bob', 'free', { addOns: { more: 2 } });
  await work();
  expect(await stored()).toEqual([held(1), held(2, 2)]);
  expect([await projectsOf('ada'), await projectsOf('bob')]).toEqual([13, 43]);
  await publish(null, 'now');
  await work();
  expect([await projectsOf('ada'), await projectsOf('bob')]).toEqual([13, 43]);
  const [verdict] = await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId: 'ada', feature: 'projects', quantity: 13, idempotencyKey: 'all' },
  ]);
  expect(verdict).toMatchObject({ ok: true, consumed: 13 });
});

test('now: rows and events follow, and a rollback takes them back', async () => {
  await createTestCustomer(tenant, 'ada');
  const { id } = await subscribeTo(tenant, 'ada', 'free', { addOns: { more: 1 } });
  await publish(20, 'now');
  expect(await projectsOf('ada')).toBe(23);
  expect(await stored()).toEqual([held(1)]);
  await work();
  expect(await stored()).toEqual([held(2)]);
  const found = await findSubscriptions(tenant.db, tenant.caller.tenantId, [id]);
  expect(found.get(id)?.moves).toMatchObject([
    { publication: 2, from: { version: 1 }, addOns: [{ from: { version: 1, quantity: 1 }, to: 2 }] },
  ]);
  await rollBack();
  expect(await projectsOf('ada')).toBe(13);
  await work();
  expect(await stored()).toEqual([held(1)]);
  const adjusted = (await listedEvents(tenant)).filter(({ type }) => type === 'subscription.adjusted');
  expect(adjusted.map(({ data }) => [data['before'], data['after']])).toMatchObject([
    [{ addOns: held(1) }, { addOns: held(2) }],
    [{ addOns: held(2) }, { addOns: held(1) }],
  ]);
});

test('a change of plan that names the add-on buys what is sold now, else takes it along', async () => {
  const requests = new Map<string, CommandRequest>();
  const more = parseAddOnKey('more');
  const pro = parsePlanKey('pro');
  if (more === null || pro === null) throw new Error('keys');
  for (const name of ['named', 'silent']) {
    await createTestCustomer(tenant, name);
    const { id } = await subscribeTo(tenant, name, 'free', { addOns: { more: 1 } });
    const addOns = name === 'named' ? [{ addOn: more, quantity: 1 }] : null;
    requests.set(name, {
      command: {
        kind: 'changePlan',
        subscriptionId: id,
        plan: pro,
        from: null,
        addOns,
        quantities: null,
        timing: 'NOW',
        at: null,
      },
      customerId: null,
      idempotencyKey: name,
      reason: null,
    });
  }
  await publish(20, 'stay');
  for (const request of requests.values())
    expect(await executeCommand(tenant.db, tenant.caller, request)).toMatchObject({ ok: true });
  expect(await stored()).toEqual([held(2), held(1)]);
});

test('a preview counts the subscriptions whose add-on would move', async () => {
  for (const name of ['ada', 'bob']) {
    await createTestCustomer(tenant, name);
    await subscribeTo(tenant, name, 'free', { addOns: name === 'ada' ? { more: 1 } : {} });
  }
  const counted = async (policy: Policy) => {
    const { changes } = await previewCatalog(tenant.db, tenant.caller.tenantId, parsed(20, policy));
    return changes.find(({ path }) => path.startsWith('/addOns'))?.subscriptionsAffected;
  };
  expect([await counted('stay'), await counted('atRenewal'), await counted('now')]).toEqual([0, 1, 1]);
});

test('subscriptions of before add-ons had versions keep what decided then, replayed ones too', async () => {
  for (const name of ['ada', 'bob']) await createTestCustomer(tenant, name);
  const bought = await subscribeTo(tenant, 'ada', 'free', { addOns: { more: 3 } });
  await subscribeTo(tenant, 'bob', 'free');
  // Two more releases, and one that gives again what the first gave.
  await publish(20, 'stay');
  await publish(10, 'stay');
  const source = new DataSource({ type: 'postgres', url: tenant.url, migrations: MIGRATIONS });
  await source.initialize();
  const isThere = async () => {
    const [row]: { there: string | null }[] = await source.query(
      `select to_regclass('add_on_version') there`,
    );
    return row?.there != null;
  };
  while (await isThere()) await source.undoLastMigration();
  await source.query(`update subscription set add_ons = '[{"addOn": "more", "quantity": 3}]' where add_ons <> '[]';
    update subscription set moves = '[{"publication": 1, "version": 1}]' where add_ons <> '[]';
    update operation set outcome = jsonb_set(outcome, '{add_ons}', '[{"addOn": "more", "quantity": 3}]') where outcome -> 'add_ons' <> '[]'`);
  await source.runMigrations();
  await source.destroy();
  expect(await stored()).toEqual([held(1, 3), []]);
  expect(await tenantRows(tenant, 'select release, version from release_add_on order by release')).toEqual([
    { release: 1, version: 1 },
    { release: 2, version: 2 },
    { release: 3, version: 1 },
  ]);
  expect(await projectsOf('ada')).toBe(33);
  const later = { ...tenant, db: await openTestDatabase(tenant.url) };
  expect(await subscribeTo(later, 'ada', 'free', { addOns: { more: 3 } })).toEqual(bought);
  const found = await findSubscriptions(later.db, tenant.caller.tenantId, [bought.id]);
  expect(found.get(bought.id)?.moves).toMatchObject([{ publication: 1, addOns: [] }]);
  await later.db.close();
});
