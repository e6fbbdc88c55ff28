import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { parseMasterKey } from '../src/crypto/master-key.js';
import { startEmbeddedPostgres } from '../src/embedded/index.js';
import { migrate } from '../src/migrate.js';
import { TEMPLATE_DATABASE } from './names.js';

/**
 * The server of one test run, as a process of its own: it ends with the run, also when that is killed. Its parent
 * is told the URL, or why there is none.
 */
async function main(): Promise<void> {
  // What ends the whole group (Ctrl-C, a time limit) reaches this process, too; the server is needed until the tests
  // have ended, and is stopped then.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  const gone = new Promise<void>((resolve) => process.once('disconnect', resolve));
  const dataDir = await mkdtemp(path.join(tmpdir(), 'licet-test-'));
  // As root the server runs as another account, which has to get through.
  await chmod(dataDir, 0o711);
  const server = await startEmbeddedPostgres({ dataDir, fsync: false });
  try {
    await makeTemplate(server.url);
    process.send?.({ url: server.url });
    await Promise.race([gone, server.exited]);
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function makeTemplate(serverUrl: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`create database ${TEMPLATE_DATABASE}`);
    const url = new URL(serverUrl);
    url.pathname = `/${TEMPLATE_DATABASE}`;
    await migrate({ url: url.toString(), masterKey: parseMasterKey(undefined).key });
    // No connection may stand while it is cloned.
    await client.query(`alter database ${TEMPLATE_DATABASE} with allow_connections false`);
  } finally {
    await client.end();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
