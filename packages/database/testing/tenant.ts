import {
  createTenant,
  type Caller,
  type Database,
  type NatsServers,
  executeCommand,
  newSubscriptionId,
  openDatabase,
  parseMasterKey,
  upsertCustomer,
} from '@licet/database';
import {
  type CustomerId,
  type IsoDuration,
  parseAddOnKey,
  parseCustomerId,
  parseDuration,
  parsePlanKey,
  parseTimeZone,
  type Subscription,
} from '@licet/domain';
import { Client } from 'pg';
import { createTestDatabase } from './test-database.js';

/** A small catalog for tests of the data path: hard limits that are quickly reached, a trial, grace, fallbacks. */
export const TEST_CATALOG = {
  catalog: 1,
  name: 'Test',
  features: {
    sso: { type: 'boolean', name: 'Single sign-on' },
    projects: { type: 'limit', unit: 'project' },
    calls: { type: 'metered', unit: 'call', window: 'P1M', anchor: 'subscription' },
    support: { type: 'config', values: ['community', 'business'] },
  },
  plans: {
    free: {
      name: 'Free',
      family: 'cloud',
      model: 'subscription',
      entitlements: { projects: 3, calls: 10, support: 'community' },
    },
    pro: {
      name: 'Pro',
      family: 'cloud',
      model: 'subscription',
      period: 'P1M',
      trial: { for: 'P14D', then: 'free' },
      grace: 'P7D',
      onExpiry: 'free',
      onPause: { clock: 'stops' },
      entitlements: { sso: true, projects: 50, calls: 100, support: 'business' },
    },
  },
};

export interface TestTenant {
  readonly db: Database;
  readonly caller: Caller;
  close(): Promise<void>;
}

/** A tenant with the test catalog, or another one, in a database of one's own. */
export async function createTestTenant(
  url: string,
  document: Readonly<Record<string, unknown>> = TEST_CATALOG,
): Promise<TestTenant> {
  const db = await openTestDatabase(url);
  const timeZone = parseTimeZone('UTC');
  if (timeZone === null) throw new Error('UTC is a time zone');
  const tenantId = await createTenant(db, { name: 'Test', timeZone, document });
  const caller: Caller = {
    tenantId,
    actor: { kind: 'API_KEY', id: 'key_test', name: 'test' },
    requestId: 'req-test',
  };
  return { db, caller, close: () => db.close() };
}

/** A test tenant that has its database for itself; closing it deletes that. */
export interface OwnTenant extends TestTenant {
  /** Of the database. */
  readonly url: string;
  /** The database's owner, who sees the rows of all tenants. */
  readonly owner: Client;
}

/** A tenant in a new database. */
export async function createOwnTenant(document?: Readonly<Record<string, unknown>>): Promise<OwnTenant> {
  const database = await createTestDatabase();
  const tenant = await createTestTenant(database.url, document);
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  const close = async (): Promise<void> => {
    await owner.end();
    await tenant.close();
    await database.drop();
  };
  return { ...tenant, url: database.url, owner, close };
}

/** Another process's view of the same database. */
export async function openTestDatabase(url: string, nats: NatsServers | null = null): Promise<Database> {
  return openDatabase({
    url,
    nats,
    masterKey: parseMasterKey(undefined).key,
    applicationName: 'licet-test',
    poolSize: 20,
  });
}

export async function createTestCustomer(
  { db, caller }: Pick<TestTenant, 'db' | 'caller'>,
  id: string,
): Promise<CustomerId> {
  const result = await upsertCustomer(db, caller, { id });
  if (!result.ok) throw new Error(result.message);
  return result.customer.id;
}

/** A customer on a plan; without its trial unless asked for. */
export async function subscribeTo(
  { db, caller }: TestTenant,
  customer: string,
  plan: string,
  options: { readonly trial?: boolean; readonly addOns?: Readonly<Record<string, number>> } = {},
): Promise<Subscription> {
  const key = parsePlanKey(plan);
  const customerId = parseCustomerId(customer);
  if (key === null || customerId === null) throw new Error('a test names a plan and a customer');
  const result = await executeCommand(db, caller, {
    command: {
      kind: 'subscribe',
      subscriptionId: newSubscriptionId(),
      plan: key,
      addOns: Object.entries(options.addOns ?? {}).flatMap(([text, quantity]) => {
        const addOn = parseAddOnKey(text);
        return addOn === null ? [] : [{ addOn, quantity }];
      }),
      quantities: new Map(),
      trial: options.trial ?? false,
      startsAt: null,
    },
    customerId,
    idempotencyKey: `subscribe ${customer} ${plan}`,
    reason: null,
  });
  if (!result.ok) throw new Error(result.message);
  return result.subscription;
}

export function durationOf(text: string): IsoDuration {
  const duration = parseDuration(text);
  if (duration === null) throw new Error(`a test names a duration that is none: ${text}`);
  return duration;
}
