import { setTimeout as delay } from 'node:timers/promises';
import { ensureAdminKey } from '@licet/database';
import {
  createTestDatabase,
  createTestTenant,
  type TestDatabase,
  type TestTenant,
} from '@licet/database/testing';
import { Pool } from 'pg';
import { GraphqlClient } from './graphql-client.js';
import { type ProgramOptions, type RunningProgram, startProgram } from './program.js';

export const API_KEY = 'system-tests-0123456789abcdef0123456789';

export interface RunningGateway extends RunningProgram {
  readonly client: GraphqlClient;
}

export interface RunningSystem {
  readonly tenant: TestTenant;
  /** The database's owner, who sees every row. */
  readonly owner: Pool;
  readonly databaseUrl: string;
  readonly gateways: readonly RunningGateway[];
  startGateway(options?: Partial<ProgramOptions>): Promise<RunningGateway>;
  startWorker(options?: Partial<ProgramOptions>): Promise<RunningProgram>;
  close(): Promise<void>;
}

/** A tenant in a database of its own, and as many gateways as asked for, each with its own options. */
export async function startSystem(
  gateways: readonly Partial<ProgramOptions>[],
  own?: TestDatabase,
  catalog?: Readonly<Record<string, unknown>>,
): Promise<RunningSystem> {
  const database = own ?? (await createTestDatabase());
  const tenant = await createTestTenant(database.url, catalog);
  await ensureAdminKey(tenant.db, tenant.caller.tenantId, API_KEY);
  const owner = new Pool({ connectionString: database.url, max: 2 });
  // A connection that the server ends is replaced; without a handler it would end the tests.
  owner.on('error', () => undefined);
  const programs: RunningProgram[] = [];
  const start = async (
    app: 'gateway' | 'worker',
    options: Partial<ProgramOptions>,
  ): Promise<RunningProgram> => {
    const program = await startProgram(app, { databaseUrl: database.url, ...options });
    programs.push(program);
    return program;
  };
  const startGateway = async (options: Partial<ProgramOptions> = {}): Promise<RunningGateway> => {
    const program = await start('gateway', options);
    return { ...program, client: new GraphqlClient(await urlOf(program), API_KEY) };
  };
  const running = await Promise.all(gateways.map(startGateway));
  return {
    tenant,
    owner,
    databaseUrl: database.url,
    gateways: running,
    startGateway,
    startWorker: (options = {}) => start('worker', options),
    async close() {
      await Promise.all(programs.map((program) => program.stop('SIGKILL')));
      await owner.end();
      await tenant.close();
      await database.drop();
    },
  };
}

/** A gateway logs where it listens. */
async function urlOf(program: RunningProgram): Promise<string> {
  for (;;) {
    const url = program.logged.find((line) => typeof line['url'] === 'string')?.['url'];
    if (typeof url === 'string') return `${url}/graphql`;
    await delay(10);
  }
}

/** Waits until a condition holds; an error that shows the condition where that takes more than `seconds`. */
export async function until(condition: () => Promise<boolean> | boolean, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end)
      throw new Error(`it did not come true in ${String(seconds)} s: ${condition.toString()}`);
    await delay(5);
  }
}
