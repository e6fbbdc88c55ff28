import path from 'node:path';
import { Client } from 'pg';
import { accountForServer } from './account.js';
import { openCluster } from './cluster.js';
import { openDataHome } from './data-home.js';
import { EmbeddedPostgresError } from './errors.js';
import { findNativeFolder, prepareNativeFolder } from './native-folder.js';
import { giveUpOwnership, stopLeftoverServer, takeOwnership } from './ownership.js';
import { runServer, type ServerExit } from './server.js';

const DATABASE = 'licet';

export interface EmbeddedPostgresOptions {
  /** Made where it is missing. Holds the cluster, and the superuser's password with mode 0600. */
  readonly dataDir: string;
  /** On the loopback interface; left out: any free one. */
  readonly port?: number;
  /** False gives up durability for speed: for data that may be lost. Default true. */
  readonly fsync?: boolean;
  /** Called with each line that the server writes. */
  readonly onLog?: (line: string) => void;
  /** Aborting it before the server is ready stops whatever was started. */
  readonly signal?: AbortSignal;
  /** Server programs other than the installed package's, in the same layout. */
  readonly nativeFolder?: string;
}

export interface EmbeddedPostgres {
  /** The database `licet`, as its superuser. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Such as `18.4`. */
  readonly version: string;
  /** The process id of a server that a killed parent had left running and that was stopped; else null. */
  readonly stoppedLeftover: number | null;
  /** Fast shutdown: transactions in hand are rolled back. May be called again. */
  stop(): Promise<void>;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<ServerExit>;
}

/**
 * Starts a PostgreSQL server of our own on the loopback interface, in a process group of its own; the caller
 * stops it. As root it runs as another account. Throws EmbeddedPostgresError with the operator's remedy.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    return await start(options);
  } catch (error) {
    if (!options.signal?.aborted) throw error;
    throw new EmbeddedPostgresError('ABORTED', 'the start of PostgreSQL was called off', { cause: error });
  }
}

async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const nativeFolder = options.nativeFolder ?? findNativeFolder();
  const { home, account } = await openDataHome(path.resolve(options.dataDir), accountForServer);
  const native = await prepareNativeFolder(nativeFolder, account);
  await takeOwnership(home);
  try {
    const stoppedLeftover = await stopLeftoverServer(home);
    const cluster = { home, native, account, fsync: options.fsync ?? true, signal: options.signal };
    const password = await openCluster(cluster);
    const server = await runServer({ ...cluster, port: options.port, onLog: options.onLog });
    // While the server still stops, the data directory stays taken.
    const exited = server.exited.then(async (exit) => {
      await giveUpOwnership(home);
      return exit;
    });
    const stop = async (): Promise<void> => {
      await server.stop();
      await exited;
    };
    try {
      const url = await createDatabase(`postgres://postgres:${password}@127.0.0.1:${String(server.port)}`);
      return {
        url,
        port: server.port,
        pid: server.pid,
        version: native.version,
        stoppedLeftover,
        stop,
        exited,
      };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    await giveUpOwnership(home);
    throw error;
  }
}

/** Returns the database's URL. */
async function createDatabase(server: string): Promise<string> {
  const client = new Client({ connectionString: `${server}/postgres` });
  // The server may be stopped meanwhile; the query then fails, which is enough.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
    return `${server}/${DATABASE}`;
  } finally {
    await client.end();
  }
}
