import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ensureAdminKey, parseNatsUrl } from '@licet/database';
import {
  createTestDatabase,
  createTestTenant,
  findNatsServer,
  NatsServer,
  openTestDatabase,
  type TestDatabase,
} from '@licet/database/testing';

const ROOT = join(__dirname, '..');
const REGISTER = join(ROOT, '../../scripts/register-source.cjs');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
}

function start(env: Record<string, string>): ChildProcess {
  return fork(join(ROOT, 'src/main.ts'), {
    cwd: ROOT,
    execArgv: ['-C', '@licet/source', '-r', REGISTER],
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

async function started(env: Record<string, string> = {}): Promise<Started> {
  const child = start({ PORT: '0', DATABASE_URL: database.url, ...env });
  const url = new Promise<string>((resolve) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = /"url":"(http:[^"]+)"/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const [message]: unknown[] = await once(child, 'message');
  expect(message).toBe('ready');
  return { child, url: await url };
}

async function exitCode(child: ChildProcess): Promise<unknown> {
  const [code]: unknown[] = await once(child, 'exit');
  return code;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s, even twice, ends it with 0 once it is ready',
  async (signal) => {
    const { child, url } = await started();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const exited = exitCode(child);
    child.kill(signal);
    child.kill(signal);
    expect(await exited).toBe(0);
  },
);

test('it ends when its parent lets go of it', async () => {
  const { child } = await started();
  const exited = exitCode(child);
  child.disconnect();
  expect(await exited).toBe(0);
});

test('a wrong environment ends it with one message and a code that is not 0', async () => {
  const child = start({ PORT: 'x' });
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  expect(await exitCode(child)).toBe(1);
  expect(output).toMatch(/PORT[^]*DATABASE_URL/);
});

test('a spool that cannot be written to ends it with one message that names the variable', async () => {
  const child = start({ PORT: '0', DATABASE_URL: database.url, LICET_SPOOL_DIR: join(__filename, 'spool') });
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  expect(await exitCode(child)).toBe(1);
  expect(output).toMatch(/LICET_SPOOL_DIR.*nothing can be written/);
});

const KEY = 'process-tests-0123456789abcdef0123456789';
const program = findNatsServer();
/** Without the program it counts as skipped, which CI takes for a failure. */
const testWithNats = program === null ? test.skip : test;

testWithNats('with NATS_URL it tells others over NATS of what it has written', async () => {
  const server = await NatsServer.start(program ?? '');
  const tenant = await createTestTenant(database.url);
  const other = await openTestDatabase(database.url, parseNatsUrl(server.url));
  try {
    await ensureAdminKey(tenant.db, tenant.caller.tenantId, KEY);
    let told = 0;
    other.nats?.follow(tenant.caller.tenantId, () => (told += 1));
    const { child, url } = await started({ NATS_URL: server.url });
    const exited = exitCode(child);
    // Nobody waits for NATS when they start: what is written first may be told of to nobody.
    for (let number = 0; told === 0; number += 1) await write(url, `c-${String(number)}`);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  } finally {
    await other.close();
    await tenant.close();
    await server.kill();
  }
});

async function write(url: string, id: string): Promise<void> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: `mutation { upsertCustomer(input: { id: "${id}" }) { revision } }` }),
  });
  expect(await response.text()).toContain('"revision"');
}
