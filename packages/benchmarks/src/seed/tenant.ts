import {
  type Caller,
  createTenant,
  type Database,
  ensureAdminKey,
  executeCommand,
  executeLicenseCommand,
  newLicenseId,
  newLicenseKey,
  newSubscriptionId,
  openDatabase,
  parseMasterKey,
  SpendQueue,
  upsertCustomer,
} from '@licet/database';
import { type CustomerId, parseCustomerId, parsePlanKey, parseTimeZone } from '@licet/domain';
import { Client } from 'pg';
import { CATALOG, PLAN, SPENT } from './catalog.js';

/** The development key: what is in these databases may be known to everyone. */
export const MASTER_KEY = parseMasterKey(undefined).key;
export const API_KEY = 'benchmark-0123456789abcdef0123456789';

export interface BenchTenant {
  readonly db: Database;
  readonly caller: Caller;
  /** The database's owner, who sees every row. */
  readonly owner: Client;
}

/** Runs `work` with a tenant that has the benchmark's catalog and a key of its own. */
export async function withTenant<T>(url: string, work: (tenant: BenchTenant) => Promise<T>): Promise<T> {
  const db = await openDatabase({ url, masterKey: MASTER_KEY, applicationName: 'licet-bench' });
  const owner = new Client({ connectionString: url });
  // When a run is broken off the server goes first; whoever waits for an answer is told.
  owner.on('error', () => undefined);
  try {
    await owner.connect();
    const timeZone = known(parseTimeZone('UTC'));
    const tenantId = await createTenant(db, { name: 'Benchmark', timeZone, document: CATALOG });
    await ensureAdminKey(db, tenantId, API_KEY);
    const actor = { kind: 'SYSTEM', id: 'benchmark', name: null } as const;
    return await work({ db, owner, caller: { tenantId, actor, requestId: null } });
  } finally {
    await owner.end();
    await db.close();
  }
}

/** The name of the n-th customer, from 1. */
export function customerName(n: number): string {
  return `customer-${String(n).padStart(7, '0')}`;
}

/** The name of that customer's subscription. */
export function subscriptionName(n: number): string {
  return `sub_${String(n).padStart(7, '0')}`;
}

/**
 * Makes customers in seconds: one of them by the commands that make every customer, the others as copies of its
 * rows. Counters are copied as they stand after SPENT has been spent.
 */
export async function addCustomers(tenant: BenchTenant, count: number): Promise<void> {
  const model = await addModel(tenant, PLAN, false);
  const queue = new SpendQueue(tenant.db);
  for (const [feature, quantity] of Object.entries(SPENT)) {
    const idempotencyKey = `model ${feature}`;
    const request = { kind: 'consume', customerId: model, feature, quantity, idempotencyKey } as const;
    const spent = await queue.submit(tenant.caller, request);
    if (!spent.ok || !spent.decision.allowed) throw new Error(`the model spends no ${feature}`);
  }
  await queue.close();
  await copyModel(tenant.owner, count);
  await tenant.owner.query('vacuum analyze');
}

/** Usage records as spends leave them, so many for each customer; the key's index is made when they are in. */
export async function addUsageRecords(
  { owner }: BenchTenant,
  customers: number,
  each: number,
): Promise<void> {
  await owner.query('alter table operation drop constraint operation_pkey');
  await owner.query(
    `insert into operation (tenant_id, key, kind, request_hash, customer_id, feature, quantity, used_after, outcome, at)
     select tenant_id, decode(md5(n || ' ' || k), 'hex'), 'consume', decode(md5(n::text) || md5(k::text), 'hex'),
       'customer-' || lpad(n::text, 7, '0'), 'calls-01', 1, k, '{"consumed": 1}', created_at
     from customer, generate_series(1, $1::int) n, generate_series(1, $2::int) k where id = 'model'`,
    [customers, each],
  );
  await owner.query('alter table operation add primary key (tenant_id, key)');
  await owner.query('vacuum analyze operation');
}

/** Customers whose trials have ended a minute ago, with nobody having written it down yet. */
export async function addDueTrials(tenant: BenchTenant, count: number): Promise<void> {
  await addModel(tenant, 'tryout', true);
  await copyModel(tenant.owner, count);
  await tenant.owner.query(`
    update subscription set started_at = started_at - age, period_anchor = period_anchor - age,
      period_start = period_start - age, period_end = period_end - age, trial_ends_at = trial_ends_at - age
    from (select interval '14 days 1 minute' as age) a where customer_id <> 'model'`);
  await tenant.owner.query(`
    update customer c set next_due_at = s.trial_ends_at from subscription s
    where s.tenant_id = c.tenant_id and s.customer_id = c.id and c.id <> 'model'`);
  await tenant.owner.query('vacuum full customer, subscription');
  await tenant.owner.query('vacuum analyze');
}

async function addModel(tenant: BenchTenant, plan: string, trial: boolean): Promise<CustomerId> {
  const customerId = known(parseCustomerId('model'));
  const made = await upsertCustomer(tenant.db, tenant.caller, { id: customerId });
  if (!made.ok) throw new Error(made.message);
  await subscribeTo(tenant, customerId, plan, trial);
  return customerId;
}

async function subscribeTo(
  { db, caller }: BenchTenant,
  customerId: CustomerId,
  plan: string,
  trial: boolean,
): Promise<void> {
  const subscribed = await executeCommand(db, caller, {
    command: {
      kind: 'subscribe',
      subscriptionId: newSubscriptionId(),
      plan: known(parsePlanKey(plan)),
      addOns: [],
      quantities: new Map(),
      trial,
      startsAt: null,
    },
    customerId,
    idempotencyKey: `${customerId} ${plan}`,
    reason: null,
  });
  if (!subscribed.ok) throw new Error(subscribed.message);
}

/** Subscribes a customer to one more plan. */
export async function subscribe(tenant: BenchTenant, customer: string, plan: string): Promise<void> {
  await subscribeTo(tenant, known(parseCustomerId(customer)), plan, false);
}

/** Issues a licence; answers with its key. */
export async function issueLicense(
  { db, caller }: BenchTenant,
  customer: string,
  plan: string,
): Promise<string> {
  const { key, known: kept } = newLicenseKey(db);
  const issued = await executeLicenseCommand(db, caller, {
    command: {
      ...{ kind: 'issueLicense', licenseId: newLicenseId(), plan: known(parsePlanKey(plan)), ...kept },
      ...{ startsAt: null, expiresAt: null, maintenanceUntil: null, machineLimit: null },
      quantities: new Map(),
    },
    customerId: known(parseCustomerId(customer)),
    ...{ key, idempotencyKey: `${customer} ${plan}`, reason: null },
  });
  if (!issued.ok) throw new Error(issued.message);
  return key;
}

/** The n-th copy is `customerName(n)`, its subscription `subscriptionName(n)`. */
async function copyModel(owner: Client, count: number): Promise<void> {
  // Foreign keys are not checked row by row: the copies name what the model names.
  await owner.query('set session_replication_role = replica');
  await owner.query(
    `insert into customer (tenant_id, id, version, trial_families, window_anchors, next_due_at, created_at)
     select tenant_id, 'customer-' || lpad(n::text, 7, '0'), version, trial_families, window_anchors, next_due_at, created_at
     from customer, generate_series(1, $1::int) n where id = 'model'`,
    [count],
  );
  await owner.query(
    `insert into subscription (tenant_id, id, customer_id, plan, plan_version, status, started_at, period_anchor,
       period_start, period_end, trial_ends_at)
     select tenant_id, 'sub_' || lpad(n::text, 7, '0'), 'customer-' || lpad(n::text, 7, '0'), plan, plan_version, status,
       started_at, period_anchor, period_start, period_end, trial_ends_at
     from subscription, generate_series(1, $1::int) n where customer_id = 'model'`,
    [count],
  );
  await owner.query(
    `insert into meter (tenant_id, customer_id, feature, used, lim, version, state_version, rules_version,
       window_start, window_end, valid_until)
     select tenant_id, 'customer-' || lpad(n::text, 7, '0'), feature, used, lim, version, state_version, rules_version,
       window_start, window_end, valid_until
     from meter, generate_series(1, $1::int) n where customer_id = 'model'`,
    [count],
  );
  await owner.query('reset session_replication_role');
}

export function known<T>(value: T | null): T {
  if (value === null) throw new Error('a benchmark names what exists');
  return value;
}
