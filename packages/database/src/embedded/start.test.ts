import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { findNativeFolder, prepareNativeFolder } from './native-folder.js';
import { isAlive } from './process-table.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './start.js';

const REGISTER = path.resolve(__dirname, '../../../../scripts/register-source.cjs');
const isRoot = process.getuid?.() === 0;

let folder: string;
let dataDir: string;
const running: EmbeddedPostgres[] = [];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'licet-embedded-')));
  await chmod(folder, 0o711);
  dataDir = path.join(folder, 'data');
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(
  options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {},
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, fsync: false, ...options });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a started server has the database licet, encoded as UTF-8 with the builtin locale', async () => {
  const server = await start();
  const sql = `select current_database() as name, pg_encoding_to_char(encoding) as encoding, datlocale as locale,
    current_setting('max_connections') as connections from pg_database where datname = current_database()`;
  expect(await query(server.url, sql)).toEqual([
    { name: 'licet', encoding: 'UTF8', locale: 'C.UTF-8', connections: '200' },
  ]);
});

test('a server is durable unless it is told not to be', async () => {
  const durable = await start({ fsync: true });
  expect(await query(durable.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  await durable.stop();
  const fast = await start({ fsync: false });
  expect(await query(fast.url, 'show fsync')).toEqual([{ fsync: 'off' }]);
});

test('a server listens on the loopback interface alone, and only to those who know the password', async () => {
  const server = await start();
  const settings =
    'select name, setting from pg_settings where name in ($$listen_addresses$$, $$unix_socket_directories$$)';
  expect(await query(server.url, `${settings} order by name`)).toEqual([
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'unix_socket_directories', setting: '' },
  ]);
  const wrong = server.url.replace(/:[^:@]+@/, ':wrong@');
  await expect(query(wrong, 'select 1')).rejects.toThrow('password authentication failed');
  expect(statSync(path.join(dataDir, 'postgres-password')).mode & 0o777).toBe(0o600);
});

test('a second start finds what the first one wrote', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  const second = await start();
  expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
});

test('stopping ends the server even while a client is connected, and may be asked for twice', async () => {
  const server = await start();
  const client = new Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(isAlive(server.pid)).toBe(false);
});

test('the end of a server that nobody stopped is reported', async () => {
  const server = await start();
  process.kill(server.pid, 'SIGKILL');
  expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a data directory of another major version is refused with both versions and what to do', async () => {
  await (await start()).stop();
  await writeFile(path.join(dataDir, 'postgres', 'PG_VERSION'), '16\n');
  await expect(start()).rejects.toMatchObject({
    code: 'DATA_OTHER_VERSION',
    message: expect.stringMatching(/was made by PostgreSQL 16, and this program brings 18; move it away/),
  });
});

test('a folder `postgres` that is not ours is left alone', async () => {
  await mkdir(path.join(dataDir, 'postgres'), { recursive: true });
  await writeFile(path.join(dataDir, 'postgres', 'letter'), 'dear');
  await expect(start()).rejects.toMatchObject({ code: 'DATA_UNUSABLE' });
  expect(await readFile(path.join(dataDir, 'postgres', 'letter'), 'utf8')).toBe('dear');
});

test('a second server on the same data directory is refused, and the first one runs on', async () => {
  const server = await start();
  await expect(start()).rejects.toMatchObject({ code: 'DATA_IN_USE' });
  expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a start that is called off leaves nothing running and no half-made cluster', async () => {
  const controller = new AbortController();
  const starting = start({ signal: controller.signal });
  setTimeout(() => {
    controller.abort();
  }, 100);
  await expect(starting).rejects.toMatchObject({ code: 'ABORTED' });
  expect(existsSync(path.join(dataDir, 'postgres.new'))).toBe(false);
  expect(existsSync(path.join(dataDir, 'owner'))).toBe(false);
});

test('a port in use by another program is one clear message with the server’s own words', async () => {
  const first = await start();
  const second = start({ dataDir: path.join(folder, 'other'), port: first.port });
  await expect(second).rejects.toMatchObject({
    code: 'START_FAILED',
    message: expect.stringContaining('Address already in use'),
  });
});

describe('after its parent was killed', () => {
  const source = `
    const { startEmbeddedPostgres } = require(process.argv[1]);
    startEmbeddedPostgres({ dataDir: process.argv[2], fsync: false }).then(({ pid }) => console.log(pid));
  `;

  async function startInKilledParent(): Promise<number> {
    const args = [
      '-C',
      '@licet/source',
      '-r',
      REGISTER,
      '-e',
      source,
      path.join(__dirname, 'index.ts'),
      dataDir,
    ];
    const parent: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (!parent.stdout) throw new Error('the parent has no output');
    const exited = new Promise((resolve) => parent.once('exit', resolve));
    for await (const line of createInterface({ input: parent.stdout })) {
      parent.kill('SIGKILL');
      await exited;
      return Number(line);
    }
    throw new Error('the parent ended before its server started');
  }

  test('the server that it left running is stopped and its data are served again', async () => {
    const leftover = await startInKilledParent();
    expect(isAlive(leftover)).toBe(true);
    const server = await start();
    expect(server.stoppedLeftover).toBe(leftover);
    expect(isAlive(leftover)).toBe(false);
    expect(await query(server.url, 'select current_database() as name')).toEqual([{ name: 'licet' }]);
  });

  test('a process that has the old id by now is left alone', async () => {
    const leftover = await startInKilledParent();
    process.kill(leftover, 'SIGKILL');
    while (isAlive(leftover)) await new Promise((resolve) => setTimeout(resolve, 10));
    const file = path.join(dataDir, 'postgres', 'postmaster.pid');
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, [String(bystander.pid), ...lines.slice(1)].join('\n'));
    try {
      const server = await start();
      expect(server.stoppedLeftover).toBeNull();
      expect(bystander.exitCode).toBeNull();
      expect(bystander.signalCode).toBeNull();
    } finally {
      bystander.kill('SIGKILL');
    }
  });
});

describe('the programs', () => {
  test('installed without scripts get their missing links', async () => {
    const copy = path.join(folder, 'package', 'native');
    await cp(path.dirname(findNativeFolder()), path.dirname(copy), {
      recursive: true,
      filter: (source) => !/\.so(\.\d+)?$/.test(source) || source.includes(`${path.sep}postgresql`),
    });
    expect(() => execFileSync(path.join(copy, 'bin', 'postgres'), ['--version'], { stdio: 'pipe' })).toThrow(
      'libicui18n',
    );
    const server = await start({ nativeFolder: copy });
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  const asRoot = isRoot ? test : test.skip;

  asRoot('run as another account when started by root', async () => {
    const server = await start();
    const uid = /^Uid:\t(\d+)/m.exec(await readFile(`/proc/${String(server.pid)}/status`, 'utf8'))?.[1];
    expect(Number(uid)).toBeGreaterThan(0);
    expect(statSync(path.join(dataDir, 'postgres')).uid).toBe(Number(uid));
  });

  asRoot('run as the owner of data that another user made', async () => {
    await (await start()).stop();
    execFileSync('chown', ['-R', '1234:1234', path.join(dataDir, 'postgres')]);
    const server = await start();
    expect(await readFile(`/proc/${String(server.pid)}/status`, 'utf8')).toMatch(/^Uid:\t1234\t/m);
  });

  asRoot('that the account cannot reach are run from a copy', async () => {
    const closed = path.join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    await cp(path.dirname(findNativeFolder()), path.join(closed, 'package'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    const account = { name: 'nobody', uid: 65534, gid: 65534 };
    const cache = path.join(folder, 'cache');
    const native = await prepareNativeFolder(path.join(closed, 'package', 'native'), account, cache);
    expect(native.folder.startsWith(cache)).toBe(true);
    expect(native.version).toMatch(/^18\./);
  });

  asRoot('keep their data elsewhere when the account cannot reach the data directory', async () => {
    await chmod(folder, 0o700);
    const server = await start();
    await query(server.url, 'create table kept as select 42 as answer');
    await server.stop();
    const elsewhere = await realpath(path.join(dataDir, 'elsewhere'));
    try {
      const again = await start();
      expect(await query(again.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
      await again.stop();
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  asRoot('start afresh when the link to the data leads nowhere', async () => {
    await mkdir(dataDir);
    await symlink(path.join(folder, 'gone'), path.join(dataDir, 'elsewhere'));
    const server = await start();
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});
