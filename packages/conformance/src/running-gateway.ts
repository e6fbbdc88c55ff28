import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ensureAdminKey } from '@licet/database';
import { createTestDatabase, createTestTenant } from '@licet/database/testing';
import { CATALOG } from './catalog.js';

const GATEWAY = path.resolve(__dirname, '../../../apps/gateway/dist/main.js');
export const API_KEY = 'conformance-0123456789abcdef0123456789';

export interface RunningGateway {
  readonly url: string;
  /** The data of an operation sent with `API_KEY`, or another key; an Error where it has errors. */
  graphql(query: string, variables?: Readonly<Record<string, unknown>>, key?: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** The built gateway as a process, over a database of its own with one tenant. */
export async function startGateway(
  catalog: Readonly<Record<string, unknown>> = CATALOG,
): Promise<RunningGateway> {
  const database = await createTestDatabase();
  const tenant = await createTestTenant(database.url, catalog);
  await ensureAdminKey(tenant.db, tenant.caller.tenantId, API_KEY);
  await tenant.close();
  const child = spawn(process.execPath, [GATEWAY], {
    env: { ...process.env, DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = once(child, 'close');
  const url = await urlOf(child);
  return {
    url,
    graphql: (query, variables = {}, key = API_KEY) => send({ url, query, variables, key }),
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await database.drop();
    },
  };
}

/** From what it logs; an Error where it ends before. */
async function urlOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the gateway has no output');
  for await (const line of createInterface({ input: stdout })) {
    const url = /"url":"([^"]+)"/.exec(line)?.[1];
    if (url !== undefined) {
      stdout.resume();
      return url;
    }
  }
  throw new Error('the gateway ended before it listened');
}

interface Sent {
  readonly url: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly key: string;
}

async function send({ url, query, variables, key }: Sent): Promise<unknown> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  const answer: unknown = JSON.parse(await response.text());
  if (typeof answer !== 'object' || answer === null || 'errors' in answer)
    throw new Error(JSON.stringify(answer));
  return 'data' in answer ? answer.data : undefined;
}

/** A customer on a plan of the catalog. */
export async function newCustomer(gateway: RunningGateway, id: string, plan: string): Promise<void> {
  await gateway.graphql('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', { id });
  await gateway.graphql('mutation ($input: SubscribeInput!) { subscribe(input: $input) { revision } }', {
    input: { customerId: id, plan, idempotencyKey: id },
  });
}

/** What the customer gets of a feature besides its plan. */
export async function grant(
  gateway: RunningGateway,
  input: { readonly customerId: string; readonly feature: string; readonly value: unknown },
): Promise<void> {
  await gateway.graphql('mutation ($input: GrantInput!) { grantEntitlement(input: $input) { revision } }', {
    input: { reason: 'conformance', idempotencyKey: JSON.stringify(input), ...input },
  });
}
