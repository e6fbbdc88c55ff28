import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  allTenants,
  type Caller,
  createTenant,
  type Database,
  ensureAdminKey,
  executeCommand,
  findCustomers,
  type MasterKey,
  migrate,
  newApiKey,
  newSubscriptionId,
  openDatabase,
  upsertCustomer,
} from '@licet/database';
import { parseCatalogYaml, parseCustomerId, parsePlanKey, parseTimeZone, type TenantId } from '@licet/domain';
import { describeError } from './supervise.js';

export interface PrepareOptions {
  readonly databaseUrl: string;
  readonly masterKey: MasterKey;
  readonly bootstrapKey: string | null;
  readonly dataDir: string;
}

/** What a newcomer needs for the first request. */
export interface DemoAccess {
  readonly adminKey: string;
  readonly customerId: string;
  /** A feature of the demo catalog to ask about. */
  readonly feature: string;
}

/** Brings the database to this version's schema; an Error with the remedy where a database of one's own refuses. */
export async function migrateDatabase(options: PrepareOptions, own: boolean): Promise<void> {
  try {
    await migrate({ url: options.databaseUrl, masterKey: options.masterKey });
  } catch (error) {
    if (!own) throw error;
    throw new Error(
      `the database that DATABASE_URL names could not be migrated: ${describeError(error)}; ` +
        'it must run, and the role must own its schema `public` and may create roles',
      { cause: error },
    );
  }
}

/** Makes the demo tenant and its customers where they are missing; a later start changes nothing. */
export async function seedDemo(options: PrepareOptions): Promise<DemoAccess> {
  const adminKey = options.bootstrapKey ?? (await keptAdminKey(options.dataDir));
  const db = await openDatabase({
    url: options.databaseUrl,
    masterKey: options.masterKey,
    applicationName: 'licet-start',
    poolSize: 2,
  });
  try {
    const tenantId = await demoTenant(db);
    await ensureAdminKey(db, tenantId, adminKey);
    for (const customer of DEMO_CUSTOMERS) await demoCustomer(db, tenantId, customer);
  } finally {
    await db.close();
  }
  return { adminKey, customerId: DEMO_CUSTOMERS[0].id, feature: 'api-calls' };
}

const DEMO_CUSTOMERS = [
  { id: 'acme', name: 'Acme', timeZone: 'Europe/Berlin', plan: 'pro' },
  { id: 'globex', name: 'Globex', timeZone: 'America/New_York', plan: 'free' },
] as const;

/** The first tenant of this installation; made of the demo catalog where there is none. */
async function demoTenant(db: Database): Promise<TenantId> {
  const [first] = await allTenants(db);
  if (first !== undefined) return first;
  return createTenant(db, {
    name: 'Meridian CAD',
    timeZone: known(parseTimeZone('UTC')),
    document: await demoDocument(),
  });
}

/** apps/demo/catalog.yaml; an Error that names every problem's line and column. */
async function demoDocument(): Promise<Readonly<Record<string, unknown>>> {
  const file = path.join(__dirname, '../../catalog.yaml');
  const parse = parseCatalogYaml(await readFile(file, 'utf8'));
  if (parse.ok) return parse.document;
  const problems = parse.problems.map(
    ({ line, column, path: at, message }) => `  ${String(line)}:${String(column)} ${at} ${message}`,
  );
  throw new Error(`apps/demo/catalog.yaml is no catalog; mend it and start again:\n${problems.join('\n')}`);
}

async function demoCustomer(
  db: Database,
  tenantId: TenantId,
  customer: (typeof DEMO_CUSTOMERS)[number],
): Promise<void> {
  const caller: Caller = { tenantId, actor: { kind: 'SYSTEM', id: 'demo', name: null }, requestId: null };
  const customerId = known(parseCustomerId(customer.id));
  if ((await findCustomers(db, tenantId, [customerId])).size > 0) return;
  const { id, name, timeZone, plan } = customer;
  const made = await upsertCustomer(db, caller, { id, name, timeZone, attributes: {} });
  if (!made.ok) throw new Error(made.message);
  const subscribed = await executeCommand(db, caller, {
    command: {
      kind: 'subscribe',
      subscriptionId: newSubscriptionId(),
      plan: known(parsePlanKey(plan)),
      addOns: [],
      quantities: new Map(),
      trial: false,
      startsAt: null,
    },
    customerId,
    idempotencyKey: `demo ${id}`,
    reason: null,
  });
  if (!subscribed.ok)
    throw new Error(`the demo catalog has lost its plan \`${plan}\`: ${subscribed.message}`);
}

function known<T>(value: T | null): T {
  if (value === null) throw new Error('the demo names what exists');
  return value;
}

/** The key made up at the first start: later starts show the same one. */
async function keptAdminKey(dataDir: string): Promise<string> {
  const file = path.join(dataDir, 'admin-key');
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null) return kept.trim();
  const key = newApiKey('ADMIN');
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}
