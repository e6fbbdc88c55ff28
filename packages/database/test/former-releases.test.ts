import {
  applyDueBatch,
  draftRelease,
  dueTenants,
  EventFeed,
  executeCommand,
  findSubscriptions,
  loadStates,
  publishRelease,
  rollbackRelease,
  StateStore,
  tellOfRelease,
  upsertCustomer,
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
import {
  type CustomerId,
  decide,
  parseCatalogDocument,
  parseCustomerId,
  parsePlanKey,
  type Subscription,
} from '@licet/domain';

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant();
});
afterEach(() => tenant.close());

type Policy = 'stay' | 'atRenewal' | 'now';

/** Another number of projects in `free`; null: it is sold no more, and trials go on. */
async function publish(projects: number | null, existingSubscriptions: Policy = 'stay'): Promise<void> {
  const { free, pro } = TEST_CATALOG.plans;
  const { onExpiry: _onExpiry, trial, ...rest } = pro;
  const plans =
    projects === null
      ? { pro: { ...rest, trial: { for: trial.for, then: 'continue' } } }
      : { pro, free: { ...free, entitlements: { ...free.entitlements, projects } } };
  const parsed = parseCatalogDocument({ ...TEST_CATALOG, plans, existingSubscriptions });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { db, caller } = tenant;
  const drafted = await draftRelease(db, caller, { parsed, comment: null, idempotencyKey: null });
  if (!drafted.ok) throw new Error(drafted.message);
  const published = await publishRelease(db, caller, drafted.release.number);
  if (!published.ok) throw new Error(published.message);
}

/** A trial that is over while no worker runs. */
async function withEndedTrial(name: string): Promise<Subscription> {
  await createTestCustomer(tenant, name);
  const subscription = await subscribeTo(tenant, name, 'pro', { trial: true });
  const columns = ['started_at', 'period_anchor', 'period_start', 'period_end', 'trial_ends_at'];
  const shifts = columns.map((column) => `${column} = ${column} - interval '14 days'`).join(', ');
  await tenant.owner.query(`update subscription set ${shifts} where customer_id = $1`, [name]);
  await tenant.owner.query(
    `update customer set version = version + 1, next_due_at = next_due_at - interval '14 days' where id = $1`,
    [name],
  );
  return subscription;
}

async function work(): Promise<void> {
  while ((await dueTenants(tenant.db, 1)).length > 0) {
    await tellOfRelease(tenant.db, tenant.caller.tenantId, 1);
    await applyDueBatch(tenant.db, tenant.caller.tenantId, 5);
  }
}
function customer(text: string): CustomerId {
  const id = parseCustomerId(text);
  if (id === null) throw new Error(text);
  return id;
}
async function projectsOf(name: string): Promise<number | null> {
  const { states, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [customer(name)]);
  const state = states.get(customer(name));
  if (!state) throw new Error(name);
  return decide(state, { feature: 'projects', quantity: 1 }, asOf).limit;
}
async function stored(): Promise<string[]> {
  const rows = await tenantRows<{ text: string }>(
    tenant,
    `select concat_ws(' ', customer_id, status, plan, plan_version) as text from subscription order by customer_id`,
  );
  return rows.map(({ text }) => text);
}
async function told(): Promise<{ type: string; at: number; by: string }[]> {
  const events = await listedEvents(tenant);
  return events
    .filter(({ type }) => /trial_ended|plan_changed|expired/.test(type))
    .map(({ type, at, actor }) => ({ type, at, by: actor.kind }));
}

test('what was due before a publication is done by the release of that time, for decisions and for a late worker', async () => {
  const { id } = await withEndedTrial('ada');
  await publish(5);
  await publish(null, 'now');
  const due = await tenantRows<{ at: Date }>(tenant, 'select trial_ends_at as at from subscription');
  expect(await projectsOf('ada')).toBe(3);
  const shown = await findSubscriptions(tenant.db, tenant.caller.tenantId, [id]);
  expect(shown.get(id)).toMatchObject({
    status: 'ACTIVE',
    planVersion: { plan: { key: 'free' }, version: 1 },
  });
  expect(await told()).toEqual([]);
  await work();
  expect(await stored()).toEqual(['ada ACTIVE free 1']);
  const at = due[0]?.at.getTime();
  expect(await told()).toEqual([
    { type: 'subscription.trial_ended', at, by: 'WORKER' },
    { type: 'subscription.plan_changed', at, by: 'WORKER' },
  ]);
  expect(await projectsOf('ada')).toBe(3);
});

test.each<[string, (subscription: Subscription) => Promise<unknown>]>([
  [
    'a spend',
    () =>
      spend(tenant.db, tenant.caller, [
        { kind: 'consume', customerId: 'ada', feature: 'projects', quantity: 3, idempotencyKey: 'all' },
      ]),
  ],
  ['a change of the customer', () => upsertCustomer(tenant.db, tenant.caller, { id: 'ada', name: 'Ada' })],
  [
    'a command',
    ({ id }) =>
      executeCommand(tenant.db, tenant.caller, {
        command: { kind: 'uncancel', subscriptionId: id },
        customerId: null,
        idempotencyKey: null,
        reason: null,
      }),
  ],
])('%s first writes what was due, as the release of that time has it', async (_name, act) => {
  const subscription = await withEndedTrial('ada');
  await publish(null);
  await act(subscription);
  expect(await stored()).toEqual(['ada ACTIVE free 1']);
  expect((await told()).map(({ type, by }) => `${type} ${by}`)).toEqual([
    'subscription.trial_ended WORKER',
    'subscription.plan_changed WORKER',
  ]);
  const used = await tenantRows(tenant, 'select used, lim from meter');
  expect(used).toEqual(_name === 'a spend' ? [{ used: 3, lim: 3 }] : []);
});

test('a state in memory passes through every release, and asks the database nothing', async () => {
  await withEndedTrial('ada');
  const feed = new EventFeed(tenant.db);
  await feed.start();
  const reading = await openTestDatabase(tenant.url);
  const states = new StateStore(reading, feed, { customers: 10 });
  try {
    await throughReleases(states);
  } finally {
    states.close();
    await feed.stop();
    await reading.close();
  }
});

async function throughReleases(states: StateStore): Promise<void> {
  const { tenantId } = tenant.caller;
  const limit = (found: { state: Parameters<typeof decide>[0]; now: Parameters<typeof decide>[2] }) =>
    decide(found.state, { feature: 'projects', quantity: 1 }, found.now).limit;
  expect(limit(await states.load(tenantId, customer('ada')))).toBe(3);
  for (const [projects, policy] of [
    [5, 'now'],
    [6, 'stay'],
    [null, 'stay'],
  ] as const) {
    await publish(projects, policy);
    const { publication } = (await loadStates(tenant.db, tenantId, [])).release;
    while ((await states.release(tenantId)).publication.version < publication.version)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const found = states.peek(tenantId, customer('ada'));
  expect(found?.state.release.number).toBe(4);
  // It came to `free` as release 1 sold it, and release 2 has moved it.
  expect(found && limit(found)).toBe(5);
  expect(await projectsOf('ada')).toBe(5);
}

test('a publication moves everybody, though another one is live before anybody was told', async () => {
  for (const name of ['ada', 'bob', 'eve']) {
    await createTestCustomer(tenant, name);
    await subscribeTo(tenant, name, 'free');
  }
  await createTestCustomer(tenant, 'zoe');
  const { id } = await subscribeTo(tenant, 'zoe', 'pro');
  await publish(5, 'now');
  await publish(6, 'stay');
  expect(await projectsOf('ada')).toBe(5);
  // What is written or bought meanwhile is neither moved again nor moved back.
  await upsertCustomer(tenant.db, tenant.caller, { id: 'bob', name: 'Bob' });
  await createTestCustomer(tenant, 'new');
  await subscribeTo(tenant, 'new', 'free');
  await changeToFree(id);
  const others = ['eve ACTIVE free 1', 'new ACTIVE free 3', 'zoe ACTIVE free 3'];
  expect(await stored()).toEqual(['ada ACTIVE free 1', 'bob ACTIVE free 2', ...others]);
  expect(await projectsOf('zoe')).toBe(6);
  await work();
  const moved = ['eve ACTIVE free 2', 'new ACTIVE free 3', 'zoe ACTIVE free 3'];
  expect(await stored()).toEqual(['ada ACTIVE free 2', 'bob ACTIVE free 2', ...moved]);
  const [published] = (await listedEvents(tenant)).filter(
    ({ subjectId, type }) => type === 'release.published' && subjectId === '2',
  );
  const steps = (await listedEvents(tenant)).filter(({ type }) => type === 'subscription.plan_changed');
  const dates = steps.filter(({ customerId }) => customerId !== 'zoe').map(({ at }) => at);
  expect(dates).toEqual([published?.at, published?.at, published?.at]);
  expect(await dueTenants(tenant.db, 10)).toEqual([]);
});

async function changeToFree(subscriptionId: Subscription['id']): Promise<void> {
  const free = parsePlanKey('free');
  if (free === null) throw new Error('free is a plan');
  const asked = { from: null, addOns: null, quantities: null, timing: 'NOW', at: null } as const;
  const done = await executeCommand(tenant.db, tenant.caller, {
    command: { kind: 'changePlan', subscriptionId, plan: free, ...asked },
    customerId: null,
    idempotencyKey: 'to free',
    reason: null,
  });
  if (!done.ok) throw new Error(done.message);
}

test('moves that nobody wrote before the rollback are written with it, and nobody stays moved', async () => {
  await createTestCustomer(tenant, 'ada');
  await subscribeTo(tenant, 'ada', 'free');
  await publish(5, 'now');
  const done = await rollbackRelease(tenant.db, tenant.caller, { to: null, reason: 'a test' });
  expect(done).toMatchObject({ ok: true });
  expect(await projectsOf('ada')).toBe(3);
  await work();
  expect(await stored()).toEqual(['ada ACTIVE free 1']);
  expect(await projectsOf('ada')).toBe(3);
  expect((await told()).map(({ type }) => type)).toEqual([
    'subscription.plan_changed',
    'subscription.plan_changed',
  ]);
});
