import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@licet/database/embedded';

/**
 * A durable server that a test may kill, as the child of a process of its own: it ends with the test, also when that
 * is killed. The parent has it started (again), on the same data and the same port, or its data copied while it is down.
 */
async function main(): Promise<void> {
  // What ends the test's whole group reaches this process, too; the server is stopped when the test has ended.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'licet-own-'));
  // As root the server runs as another account, which has to get through.
  await chmod(dataDir, 0o711);
  const saved = `${dataDir}-saved`;
  let server: EmbeddedPostgres | null = null;
  process.on('message', (order) => {
    if (order === 'save') void copy(dataDir, saved);
    else if (order === 'restore') void copy(saved, dataDir);
    else
      void start(dataDir, server?.port).then((started) => {
        server = started;
      });
  });
  await new Promise<void>((resolve) => process.once('disconnect', resolve));
  await current(server)?.stop();
  for (const folder of [dataDir, saved]) await rm(folder, { recursive: true, force: true });
}

/** With owners and modes, which Postgres insists on. */
async function copy(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await promisify(execFile)('cp', ['-a', from, to]);
  process.send?.('copied');
}

async function start(dataDir: string, port: number | undefined): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, ...(port === undefined ? {} : { port }) });
  void server.exited.then(() => process.connected && process.send?.({ exited: server.pid }));
  process.send?.({ url: server.url, pid: server.pid });
  return server;
}

/** What a callback has assigned meanwhile. */
function current(server: EmbeddedPostgres | null): EmbeddedPostgres | null {
  return server;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
