import {
  applyDueBatch,
  draftRelease,
  dueTenants,
  publishRelease,
  type Result,
  tellOfRelease,
  upsertCustomer,
  type Verdict,
} from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  listedEvents,
  openTestDatabase,
  type OwnTenant,
  PRESENT,
  spend,
  subscribeTo,
  tenantRows,
  TEST_CATALOG,
} from '@licet/database/testing';
import { parseCatalogDocument } from '@licet/domain';

const { free, pro } = TEST_CATALOG.plans;
const RULED = {
  ...TEST_CATALOG,
  plans: {
    free: {
      ...free,
      rules: [
        {
          name: 'express',
          feature: 'calls',
          when: 'has(context.lane) && context.lane == "express"',
          then: { limit: 40 },
        },
        { name: 'small', feature: 'projects', when: 'has(customer.attributes.small)', then: { limit: 1 } },
      ],
    },
    pro: {
      ...pro,
      rules: [
        {
          name: 'first days',
          feature: 'calls',
          when: 'has(customer.attributes.until) && now < timestamp(customer.attributes.until)',
          then: { limit: 5 },
        },
        { name: 'crowded', feature: 'projects', when: 'usage.calls.used >= 50', then: { limit: 1 } },
      ],
    },
  },
};

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant(RULED);
});
afterAll(() => tenant.close());

let keys = 0;
async function consume(
  customerId: string,
  feature: string,
  quantity: number,
  context: Record<string, unknown> | null = null,
): Promise<Verdict['decision']> {
  keys += 1;
  const request = {
    kind: 'consume',
    customerId,
    feature,
    quantity,
    context,
    idempotencyKey: `key-${String(keys)}`,
  } as const;
  const [answer] = await spend(tenant.db, tenant.caller, [request]);
  return granted(answer).decision;
}

function granted(answer: Result<Verdict> | undefined): Verdict {
  if (!answer?.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

async function setAttributes(id: string, attributes: Record<string, unknown>): Promise<void> {
  const result = await upsertCustomer(tenant.db, tenant.caller, { id, attributes });
  if (!result.ok) throw new Error(result.message);
}

async function ceilingOf(customerId: string, feature: string): Promise<number | null | undefined> {
  const rows = await tenantRows<{ lim: number | null }>(
    tenant,
    `select lim from meter where customer_id = '${customerId}' and feature = '${feature}'`,
  );
  return rows[0]?.lim;
}

test('what a request sends decides its own spend, and the counter holds the most that any may get', async () => {
  await createTestCustomer(tenant, 'lanes');
  await subscribeTo(tenant, 'lanes', 'free');
  expect(await consume('lanes', 'calls', 10)).toMatchObject({ allowed: true, limit: 10 });
  expect(await ceilingOf('lanes', 'calls')).toBe(40);
  expect(await consume('lanes', 'calls', 1)).toMatchObject({ allowed: false, code: 'LIMIT_EXCEEDED' });
  expect(await consume('lanes', 'calls', 30, { lane: 'express' })).toMatchObject({ allowed: true, used: 40 });
  expect(await consume('lanes', 'calls', 1, { lane: 'express' })).toMatchObject({ code: 'LIMIT_EXCEEDED' });
});

test('attributes that change a rule change the limit in the row of the counter', async () => {
  await createTestCustomer(tenant, 'shrinks');
  await subscribeTo(tenant, 'shrinks', 'free');
  expect(await consume('shrinks', 'projects', 1)).toMatchObject({ limit: 3 });
  await setAttributes('shrinks', { small: true });
  expect(await ceilingOf('shrinks', 'projects')).toBe(1);
  expect(await consume('shrinks', 'projects', 1)).toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 1 });
  await setAttributes('shrinks', {});
  expect(await consume('shrinks', 'projects', 2)).toMatchObject({ allowed: true, used: 3 });
});

test('a rule that reads another counter reads it as it stands, whoever has moved it', async () => {
  await createTestCustomer(tenant, 'crowded');
  await subscribeTo(tenant, 'crowded', 'pro');
  expect(await consume('crowded', 'projects', 1)).toMatchObject({ limit: 50 });
  const elsewhere = await openTestDatabase(tenant.url);
  try {
    keys += 1;
    const request = {
      kind: 'consume',
      customerId: 'crowded',
      feature: 'calls',
      quantity: 50,
      idempotencyKey: `key-${String(keys)}`,
    } as const;
    granted((await spend(elsewhere, tenant.caller, [request]))[0]);
  } finally {
    await elsewhere.close();
  }
  expect(await consume('crowded', 'projects', 1)).toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 1 });
});

/** As if nobody had looked at the customer since a day ago. */
async function missADay(customer: string): Promise<void> {
  await tenant.owner.query(
    `update customer set version = version + 1, turned_until = turned_until - interval '1 day', next_due_at = ${PRESENT} where id = $1`,
    [customer],
  );
  await tenant.owner.query('update meter set state_version = state_version + 1 where customer_id = $1', [
    customer,
  ]);
}

test('time that turns a rule is told once, dated when it turned, and writes the limit', async () => {
  await createTestCustomer(tenant, 'turns');
  await subscribeTo(tenant, 'turns', 'pro');
  const ahead = new Date(Date.now() + 3_600_000).toISOString();
  await setAttributes('turns', { until: ahead });
  expect(await consume('turns', 'calls', 1)).toMatchObject({ limit: 5, validUntil: Date.parse(ahead) });
  const [{ due } = { due: null }] = await tenantRows<{ due: Date }>(
    tenant,
    `select next_due_at as due from customer where id = 'turns'`,
  );
  expect(due?.toISOString()).toBe(ahead);
  const past = new Date(Date.now() - 3_600_000).toISOString();
  await tenant.owner.query(`update customer set attributes = $1 where id = 'turns'`, [{ until: past }]);
  await missADay('turns');
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  const told = (await listedEvents(tenant)).filter(({ type }) => type === 'rule.turned');
  expect(told).toMatchObject([
    {
      customerId: 'turns',
      subjectType: 'feature',
      subjectId: 'calls',
      at: Date.parse(past),
      actor: { kind: 'WORKER' },
      data: { rule: 'first days', before: true, after: false },
    },
  ]);
  expect(await ceilingOf('turns', 'calls')).toBe(100);
  expect(await consume('turns', 'calls', 10)).toMatchObject({ allowed: true, limit: 100 });
});

test('a spend that comes before the worker tells of the turn first', async () => {
  await createTestCustomer(tenant, 'first');
  await subscribeTo(tenant, 'first', 'pro');
  await setAttributes('first', { until: new Date(Date.now() + 3_600_000).toISOString() });
  expect(await consume('first', 'calls', 5)).toMatchObject({ allowed: true, limit: 5 });
  await tenant.owner.query(`update customer set attributes = $1 where id = 'first'`, [
    { until: new Date(Date.now() - 60_000).toISOString() },
  ]);
  await missADay('first');
  expect(await consume('first', 'calls', 5)).toMatchObject({ allowed: true, limit: 100, used: 10 });
  const told = (await listedEvents(tenant)).filter(
    ({ type, customerId }) => type === 'rule.turned' && customerId === 'first',
  );
  expect(told).toHaveLength(1);
});

test('a publication makes every customer due when time turns a rule of its own, also one without a plan', async () => {
  const at = new Date(Date.now() + 86_400_000).toISOString();
  await createTestCustomer(tenant, 'planless');
  const rules = [{ name: 'closing', feature: 'sso', when: `now >= timestamp("${at}")`, then: 'deny' }];
  const parsed = parseCatalogDocument({ ...RULED, rules });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { db, caller } = tenant;
  const drafted = await draftRelease(db, caller, { parsed, comment: null, idempotencyKey: null });
  if (!drafted.ok) throw new Error(drafted.message);
  const published = await publishRelease(db, caller, drafted.release.number);
  if (!published.ok) throw new Error(published.message);
  expect(await dueTenants(db, 10)).toEqual([caller.tenantId]);
  expect(await tellOfRelease(db, caller.tenantId, 100)).toBeGreaterThan(4);
  await applyDueBatch(db, caller.tenantId, 100);
  expect(await dueTenants(db, 10)).toEqual([]);
  const rows = await tenantRows<{ due: Date }>(
    tenant,
    `select next_due_at as due from customer where id = 'planless'`,
  );
  expect(rows[0]?.due.toISOString()).toBe(at);
});
