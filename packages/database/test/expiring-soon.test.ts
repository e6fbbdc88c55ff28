import { applyDueBatch, type Database, dueTenants, tellOfRelease } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  listedEvents,
  openTestDatabase,
  type OwnTenant,
  publish,
  subscribeTo,
  tenantRows,
  TEST_CATALOG,
} from '@licet/database/testing';

const DAY = 86_400_000;

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant();
});
afterEach(() => tenant.close());

async function work(db: Database = tenant.db): Promise<void> {
  while ((await dueTenants(db, 1)).length > 0) {
    await tellOfRelease(db, tenant.caller.tenantId, 1);
    await applyDueBatch(db, tenant.caller.tenantId, 5);
  }
}

/** As if everything had happened so many days earlier. */
async function age(days: number): Promise<void> {
  const columns = {
    subscription: ['started_at', 'period_anchor', 'period_start', 'period_end', 'trial_ends_at'],
    customer: ['next_due_at', 'turned_until'],
    publication: ['at'],
  };
  for (const [table, names] of Object.entries(columns)) {
    const shifts = names.map((name) => `${name} = ${name} - $1 * interval '1 day'`).join(', ');
    await tenant.owner.query(`update ${table} set ${shifts}`, [days]);
  }
  await tenant.owner.query('update customer set version = version + 1');
}

async function nextDue(): Promise<Date | undefined> {
  const [row] = await tenantRows<{ next_due_at: Date }>(tenant, 'select next_due_at from customer');
  return row?.next_due_at;
}

test('the worker tells of an end that a release wants told, once, dated when it was that near', async () => {
  await createTestCustomer(tenant, 'ada');
  const { id, startedAt } = await subscribeTo(tenant, 'ada', 'pro', { trial: true });
  await publish(tenant, { ...TEST_CATALOG, expiringSoon: ['P10D'] });
  await work();
  expect((await nextDue())?.getTime()).toBe(startedAt + 4 * DAY);
  await age(5);
  // A worker that has just begun: what one keeps in memory of publications is not that old.
  const later = await openTestDatabase(tenant.url);
  await work(later);
  await work(later);
  await later.close();
  const told = (await listedEvents(tenant)).filter(({ type }) => type.endsWith('_soon'));
  expect(told).toMatchObject([
    {
      type: 'subscription.trial_expiring_soon',
      subjectType: 'subscription',
      subjectId: id,
      customerId: 'ada',
      actor: { kind: 'WORKER' },
      at: startedAt - DAY,
      data: {
        before: { status: 'TRIALING' },
        after: { status: 'TRIALING' },
        endsAt: new Date(startedAt + 9 * DAY).toISOString(),
        within: 'P10D',
      },
    },
  ]);
});
