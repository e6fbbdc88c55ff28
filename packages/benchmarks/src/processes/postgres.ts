import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { migrate } from '@licet/database';
import { startEmbeddedPostgres } from '@licet/database/embedded';
import { Client } from 'pg';
import { MASTER_KEY } from '../seed/tenant.js';

/** A figure measured without these is no durable one. */
const DURABLE = ['fsync', 'full_page_writes', 'synchronous_commit'];
const SHOWN = [...DURABLE, 'wal_sync_method', 'shared_buffers', 'max_wal_size', 'max_connections'];

export interface BenchPostgres {
  readonly version: string;
  /** Read back from the running server. */
  readonly settings: Readonly<Record<string, string>>;
  /** Runs `work` with the owner's URL of a new database, and deletes it afterwards. */
  withDatabase<T>(kind: 'migrated' | 'empty', work: (url: string) => Promise<T>): Promise<T>;
  /** The same with a copy of a database that nobody is connected to. */
  withCopy<T>(url: string, work: (copy: string) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** The server of one run, with the settings of production. */
export async function startPostgres(): Promise<BenchPostgres> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'licet-bench-'));
  // As root the server runs as another account, which has to get through.
  await chmod(dataDir, 0o711);
  const server = await startEmbeddedPostgres({ dataDir });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const settings = await readSettings(server.url);
    let databases = 0;
    const withNew = async <T>(options: string, work: (url: string) => Promise<T>): Promise<T> => {
      const name = `bench_${String((databases += 1))}`;
      await execute(server.url, `create database ${name} ${options}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      try {
        return await work(url.href);
      } finally {
        await execute(server.url, `drop database ${name} with (force)`);
      }
    };
    return {
      version: server.version,
      settings,
      stop,
      withDatabase: (kind, work) =>
        withNew('', async (url) => {
          if (kind === 'migrated') await migrate({ url, masterKey: MASTER_KEY });
          return work(url);
        }),
      withCopy: (url, work) => withNew(`template ${new URL(url).pathname.slice(1)} strategy file_copy`, work),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readSettings(url: string): Promise<Record<string, string>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const settings: Record<string, string> = {};
    for (const name of SHOWN) {
      const { rows } = await client.query<Record<string, string>>(`show ${name}`);
      settings[name] = rows[0]?.[name] ?? '';
    }
    const off = DURABLE.filter((name) => settings[name] !== 'on');
    if (off.length > 0) throw new Error(`the server runs without ${off.join(', ')}; nothing is measured so`);
    return settings;
  } finally {
    await client.end();
  }
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
