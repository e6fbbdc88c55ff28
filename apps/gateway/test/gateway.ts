import { randomUUID } from 'node:crypto';
import { createClient, type Client as SocketClient } from 'graphql-ws';
import { Client } from 'pg';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { createTenant, ensureAdminKey, openDatabase, parseMasterKey } from '@licet/database';
import { createTestDatabase } from '@licet/database/testing';
import { parseTimeZone, type TenantId } from '@licet/domain';
import type { Services } from '../src/context.js';
import { startServer, type ListenOptions } from '../src/server.js';
import { openServices, type ServiceOptions } from '../src/services.js';
import { CATALOG } from './catalog.js';

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly field?: string;
    readonly requestId: string;
    readonly retryAfter?: number;
    readonly problems?: unknown;
  };
}

/** What came back; `data` is looked at by path, as a client without generated types would. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly errors: readonly GraphqlError[];
  get(path: string): unknown;
  /** The value at a path that must be text. */
  text(path: string): string;
}

export interface TestGateway {
  readonly url: string;
  readonly adminKey: string;
  readonly tenantId: TenantId;
  /** What its requests share. */
  readonly services: Services;
  /** The database's owner, who sees every row. */
  readonly owner: Client;
  /** Sends an operation with the admin key, or with another, or (null) with none. */
  send(query: string, variables?: Record<string, unknown>, key?: string | null): Promise<Answer>;
  /** A key of this role, narrowed where asked. */
  newKey(input: {
    role: string;
    operations?: string[];
    customerIds?: string[];
    expiresAt?: string;
  }): Promise<{ id: string; secret: string }>;
  /** A key of a router, for what it asks. */
  routerKey(): Promise<string>;
  socket(key?: string | null): SocketClient;
  /** Events that the database holds, of every tenant. */
  countEvents(): Promise<number>;
  /** Called again it answers when the first call is done. */
  close(): Promise<void>;
}

export interface TestOptions
  extends
    Pick<ListenOptions, 'trustedDocuments' | 'publicUrl' | 'federatedTraces'>,
    Pick<
      ServiceOptions,
      'guesses' | 'trustedProxies' | 'allowedOrigins' | 'decisionLog' | 'personalFields' | 'streamLimits'
    > {
  /** Where the gateway finds the database, if not at its own URL. */
  readonly through?: (databaseUrl: string) => Promise<string>;
}

/** What a router of the whole subgraph runs. */
const ROUTER_OPERATIONS = [
  ...['_service', '_entities', 'check', 'checkMany', 'entitlements'],
  ...['planChanged', 'entitlementsChanged'],
] as const;

/** A gateway on a free port, over a database of its own with one tenant. */
export async function startTestGateway(options: TestOptions = {}): Promise<TestGateway> {
  const database = await createTestDatabase();
  const masterKey = parseMasterKey(undefined).key;
  const url = (await options.through?.(database.url)) ?? database.url;
  const db = await openDatabase({ url, masterKey, applicationName: 'gateway-test' });
  const timeZone = parseTimeZone('UTC');
  if (timeZone === null) throw new Error('UTC is a time zone');
  const tenantId = await createTenant(db, { name: 'Meridian', timeZone, document: CATALOG });
  const adminKey = `bootstrap-${randomUUID()}`;
  await ensureAdminKey(db, tenantId, adminKey);
  const {
    trustedDocuments,
    publicUrl = null,
    federatedTraces = false,
    through: _through,
    ...ofServices
  } = options;
  const services = await openServices(db, pino({ level: 'silent' }), { customers: 1000, ...ofServices });
  const server = await startServer(services, {
    ...{ host: '127.0.0.1', port: 0, publicUrl, federatedTraces },
    ...(trustedDocuments === undefined ? {} : { trustedDocuments }),
  });
  const owner = new Client({ connectionString: database.url });
  await owner.connect();

  async function send(
    query: string,
    variables: Record<string, unknown> = {},
    key: string | null = adminKey,
  ): Promise<Answer> {
    return sendTo(server.url, { query, variables, key });
  }
  let closed: Promise<void> | null = null;
  async function close(): Promise<void> {
    await server.close();
    await services.close();
    await owner.end();
    await db.close();
    await database.drop();
  }
  async function newKey(
    input: Parameters<TestGateway['newKey']>[0],
  ): Promise<{ id: string; secret: string }> {
    const made = await send(
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }',
      { input: { name: 'a key', idempotencyKey: randomUUID(), ...input } },
    );
    return { id: made.text('createApiKey.apiKey.id'), secret: made.text('createApiKey.secret') };
  }
  return {
    url: server.url,
    adminKey,
    tenantId,
    services,
    owner,
    send,
    newKey,
    routerKey: async () => (await newKey({ role: 'READER', operations: [...ROUTER_OPERATIONS] })).secret,
    socket: (key = adminKey) =>
      createClient({
        url: `${server.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        ...(key === null ? {} : { connectionParams: { authorization: `Bearer ${key}` } }),
      }),
    async countEvents() {
      const { rows } = await owner.query<{ count: string | number }>('select count(*) as count from event');
      return Number(rows[0]?.count);
    },
    close: () => (closed ??= close()),
  };
}

interface Sent {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly key: string | null;
}

async function sendTo(url: string, { query, variables, key }: Sent): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const body: { data?: unknown; errors?: GraphqlError[] } = JSON.parse(await response.text());
  return answerOf(response, body);
}

function answerOf(
  { status, headers }: Response,
  { data, errors = [] }: { data?: unknown; errors?: GraphqlError[] },
): Answer {
  function get(path: string): unknown {
    return at(data, path);
  }
  return {
    status,
    headers,
    errors,
    get,
    text(path) {
      const value = get(path);
      if (typeof value === 'string') return value;
      throw new Error(`no text at ${path}: ${JSON.stringify({ data, errors })}`);
    },
  };
}

/** The value under `a.0.b`; undefined where there is none. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return Object.entries(inner).find(([name]) => name === key)?.[1];
  }, value);
}

/** A key that no other call uses. */
export function newIdempotencyKey(): string {
  return randomUUID();
}
