import { startEmbeddedPostgres, type EmbeddedPostgres } from '@licet/database/embedded';
import { remember, type Part } from './part.js';
import type { Supervisor } from './supervise.js';

export interface StoreOptions {
  readonly dataDir: string;
  /** Writes the server's own lines, too. */
  readonly verbose: boolean;
  readonly write: (line: string) => void;
}

/** Starts the embedded server as a part that is stopped last. */
export async function startStore(supervisor: Supervisor, options: StoreOptions): Promise<EmbeddedPostgres> {
  const lastLines: string[] = [];
  const server = await startEmbeddedPostgres({
    dataDir: options.dataDir,
    signal: supervisor.shutdown,
    onLog(line) {
      remember(lastLines, line);
      if (options.verbose) options.write(`postgres | ${line}`);
    },
  });
  const part: Part = {
    name: 'PostgreSQL server',
    lastLines,
    exited: server.exited,
    stop: () => server.stop(),
  };
  try {
    supervisor.start('store', () => part);
  } catch (error) {
    await part.stop();
    throw error;
  }
  if (server.stoppedLeftover !== null)
    options.write('a PostgreSQL server left over from a killed start was stopped');
  return server;
}
