import 'reflect-metadata';
import { Pool, type PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { ENTITIES } from '../entities/index.js';
import { deriveKey, type MasterKey } from '../crypto/master-key.js';
import { ReleaseCache } from '../repositories/release-cache.js';
import { Commits } from '../event-log/commits.js';
import { lookByNotify, LookSignal } from '../event-log/look-signal.js';
import { NatsLooks, type NatsServers } from '../event-log/nats-looks.js';
import { appUrl, recorderUrl, rollerUrl } from './roles.js';
import { setTypeParsers } from './types.js';

/** A pool of connections as the application role, and the keys that the repositories need. */
export interface Database {
  readonly dataSource: DataSource;
  readonly pool: Pool;
  /** Connections as the role that records decisions: it inserts for any tenant and reads nothing. */
  readonly recorder: Pool;
  /** Connections as the role that rolls decisions up. */
  readonly roller: Pool;
  readonly url: string;
  readonly keys: {
    readonly apiKey: Buffer;
    readonly operation: Buffer;
    readonly signing: Buffer;
    readonly license: Buffer;
    readonly installation: Buffer;
    readonly machine: Buffer;
    readonly decision: Buffer;
    readonly stream: Buffer;
  };
  readonly releases: ReleaseCache;
  /** Tells every process, after a commit, which tenants' logs have grown. */
  readonly signal: LookSignal;
  /** Tells this process, before a write is answered, what was committed. */
  readonly commits: Commits;
  /** How such signals travel; null: by NOTIFY. */
  readonly nats: NatsLooks | null;
  /** Answers when the database does; rejects when it is out of reach. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** The owner's URL; connections are made as the application role. */
  readonly url: string;
  readonly masterKey: MasterKey;
  readonly applicationName: string;
  readonly poolSize?: number;
  /** By which processes tell one another that there is something to be read; left out: by NOTIFY. */
  readonly nats?: NatsServers | null;
}

/** One connection carries one transaction; within it statements need not wait for each other's answers. */
const TRANSACTIONS = {
  pipeline: true,
  connectionTimeoutMillis: 15_000,
  // The server's own limit is 10 s: what takes longer has lost its way, and its connection with it.
  query_timeout: 12_000,
  keepAlive: true,
  // One that a network has dropped unheard is noticed, and those on the way see that it is used.
  keepAliveInitialDelayMillis: 10_000,
  // One that was closed for being idle costs who comes next some 20 ms: to connect, and to have its statements planned.
  idleTimeoutMillis: 0,
};

/** Connects to a migrated database. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  setTypeParsers();
  const url = appUrl(options.url, options.masterKey);
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: ENTITIES,
    applicationName: options.applicationName,
    poolSize: options.poolSize ?? 10,
    extra: TRANSACTIONS,
  });
  await dataSource.initialize();
  const pool = poolOf(dataSource);
  // An idle connection that the server ends is replaced by the pool; without a handler it would end the process.
  pool.on('error', () => undefined);
  let releases = new ReleaseCache();
  // A server that was away may come back with another history (a restore), in which the same numbers name other releases.
  // Not on `connect`: the pool's first connection is older than this listener.
  const watched = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => {
    if (watched.has(client)) return;
    watched.add(client);
    client.on('error', () => {
      releases = new ReleaseCache();
    });
  });
  const nats = options.nats ? new NatsLooks(options.nats, options.applicationName) : null;
  const signal = new LookSignal(nats === null ? lookByNotify(pool) : (tenants) => nats.look(tenants));
  const recorder = recorderPool(options);
  const roller = rollerPool(options);
  return {
    dataSource,
    pool,
    recorder,
    roller,
    url,
    keys: {
      apiKey: deriveKey(options.masterKey, 'api-key'),
      operation: deriveKey(options.masterKey, 'operation-key'),
      signing: deriveKey(options.masterKey, 'signing-key'),
      license: deriveKey(options.masterKey, 'license-key'),
      installation: deriveKey(options.masterKey, 'installation-key'),
      machine: deriveKey(options.masterKey, 'machine-part'),
      decision: deriveKey(options.masterKey, 'decision-record'),
      stream: deriveKey(options.masterKey, 'stream-ticket'),
    },
    get releases() {
      return releases;
    },
    signal,
    commits: new Commits(),
    nats,
    async ready() {
      await pool.query('select 1');
    },
    async close() {
      await signal.close();
      await nats?.close();
      for (const pool of [recorder, roller]) if (!pool.ended) await pool.end();
      await dataSource.destroy();
    },
  };
}

/** One connection writes flushes, the other what SDKs report, or takes the first one's place while it hangs. A gateway asks for the first at its start; other processes make none. */
function recorderPool({ url, masterKey, applicationName }: DatabaseOptions): Pool {
  const pool = new Pool({
    connectionString: recorderUrl(url, masterKey),
    application_name: `${applicationName}-recorder`,
    max: 2,
    connectionTimeoutMillis: 3000,
    query_timeout: 5000,
    keepAlive: true,
  });
  pool.on('error', () => undefined);
  return pool;
}

/** As the application's, for one transaction at a time. None is made before something is rolled up. */
function rollerPool({ url, masterKey, applicationName }: DatabaseOptions): Pool {
  const pool = new Pool({
    connectionString: rollerUrl(url, masterKey),
    application_name: `${applicationName}-roller`,
    max: 1,
    ...TRANSACTIONS,
  });
  pool.on('error', () => undefined);
  return pool;
}

/** TypeORM's typings leave the driver's pool open; this is the one place that names it. */
function poolOf(dataSource: DataSource): Pool {
  const { driver } = dataSource;
  if (!(driver instanceof PostgresDriver)) throw new Error('the data source is not PostgreSQL');
  const pool: unknown = driver.master;
  if (!(pool instanceof Pool)) throw new Error('the data source has no pool');
  return pool;
}
