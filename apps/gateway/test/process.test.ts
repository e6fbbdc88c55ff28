import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { Client } from 'pg';
import { WebSocket } from 'ws';
import { ensureAdminKey, parseNatsUrl } from '@licet/database';
import {
  createTestDatabase,
  createTestTenant,
  findNatsServer,
  NatsServer,
  openTestDatabase,
  type TestDatabase,
  type TestTenant,
} from '@licet/database/testing';

const ROOT = join(__dirname, '..');
const REGISTER = join(ROOT, '../../scripts/register-source.cjs');

const KEY = 'process-tests-0123456789abcdef0123456789';

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url);
  await ensureAdminKey(tenant.db, tenant.caller.tenantId, KEY);
});
afterAll(async () => {
  await tenant.close();
  await database.drop();
});

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it has said by then. */
  readonly said: string;
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
  let output = '';
  const url = new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = /"url":"(http:[^"]+)"/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const [message]: unknown[] = await once(child, 'message');
  expect(message).toBe('ready');
  return { child, url: await url, said: output };
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

/** Until so many sessions wait for what others have locked. */
async function untilWaiting(owner: Client, sessions: number): Promise<void> {
  let waiting = 0;
  while (waiting < sessions) {
    const { rows } = await owner.query<{ waiting: string }>(
      'select count(distinct pid) as waiting from pg_locks where not granted',
    );
    waiting = Number(rows[0]?.waiting);
  }
}

test('on SIGTERM it takes nothing more, tells its subscribers to come again, and answers what is under way', async () => {
  const { child, url } = await started();
  const exited = exitCode(child);
  const ids = ['held-1', 'held-2', 'held-3'];
  // Until the document is known well enough to be executed in the fast lane.
  for (let visit = 0; visit < 4; visit += 1) for (const id of ids) await write(url, id, visit);
  const query = 'subscription { events { cursor } }';
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${KEY}` },
    retryAttempts: 0,
  });
  const lock = new Client({ connectionString: database.url });
  await lock.connect();
  try {
    const socketEnds = expect(client.iterate({ query }).next()).rejects.toMatchObject({ code: 1012 });
    await client.iterate({ query: '{ tenant { id } }' }).next();
    const stream = await post(`${url}${STREAM}`, query);
    await lock.query(
      `begin; set local app.tenant = '${tenant.caller.tenantId}'; select 1 from customer for update`,
    );
    const underWay = [
      [GRAPHQL, WRITE],
      [GRAPHQL, `${WRITE} # new`],
      [STREAM, WRITE],
    ].map(([path, text = ''], index) => post(`${url}${path}`, text, { id: ids[index], name: 'under way' }));
    await untilWaiting(lock, underWay.length);
    child.kill('SIGTERM');
    await socketEnds;
    expect(await stream.text()).toBe(':\n\n');
    await expect(fetch(`${url}/readyz`)).rejects.toThrow('fetch failed');
    await lock.query('commit');
    const answers = await Promise.all(underWay);
    const lanes = answers.map(({ headers }) => headers.get('x-licet-lane'));
    expect(lanes).toEqual(['compiled', 'general', null]);
    for (const answer of answers) expect(await answer.text()).toContain('"name":"under way"');
    expect(await exited).toBe(0);
  } finally {
    child.kill('SIGKILL');
    await lock.end();
  }
});

test('more states than V8 has room for are warned of, with what to do', async () => {
  const env = { LICET_STATES_KEPT: '200000', NODE_OPTIONS: '--max-old-space-size=1000' };
  const small = await started(env);
  expect(small.said).toMatch(/"level":40.*LICET_STATES_KEPT is 200000.*--max-old-space-size=2480/);
  const large = await started({ ...env, NODE_OPTIONS: '--max-old-space-size=2480' });
  expect(large.said).not.toContain('LICET_STATES_KEPT');
  for (const { child } of [small, large]) {
    const exited = exitCode(child);
    child.disconnect();
    expect(await exited).toBe(0);
  }
});

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

const program = findNatsServer();
/** Without the program it counts as skipped, which CI takes for a failure. */
const testWithNats = program === null ? test.skip : test;

testWithNats('with NATS_URL it tells others over NATS of what it has written', async () => {
  const server = await NatsServer.start(program ?? '');
  const other = await openTestDatabase(database.url, parseNatsUrl(server.url));
  try {
    let told = 0;
    other.nats?.follow(tenant.caller.tenantId, () => (told += 1));
    const { child, url } = await started({ NATS_URL: server.url });
    const exited = exitCode(child);
    // Nobody waits for NATS when they start: what is written first may be told of to nobody.
    for (let number = 0; told === 0; number += 1) await write(url, 'told', number);
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  } finally {
    await other.close();
    await server.kill();
  }
});

const GRAPHQL = '/graphql';
const STREAM = '/graphql/stream';
const WRITE =
  'mutation ($id: ID!, $name: String) { upsertCustomer(input: { id: $id, name: $name }) { customer { name } revision } }';

function post(url: string, query: string, variables: object = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
}

async function write(url: string, id: string, number: number): Promise<void> {
  const answer = await post(`${url}${GRAPHQL}`, WRITE, { id, name: String(number) });
  expect(await answer.text()).toContain('"revision"');
}
