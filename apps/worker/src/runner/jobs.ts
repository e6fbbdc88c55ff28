import type { Database } from '@licet/database';
import { Logger as JobLogger, parseCronItems, run, type Runner } from 'graphile-worker';
import { Pool } from 'pg';
import type { Logger } from 'pino';
import { DELETE_OLD_OPERATIONS, deleteOldOperationsTask } from '../tasks/delete-old-operations.js';
import { KEEP_DECISIONS, keepDecisionsTask } from '../tasks/keep-decisions.js';

/** Job plumbing that is nobody's right: nothing here has to be on time (docs/rules.md speaks of none of it). */
export interface Jobs {
  stop(): Promise<void>;
}

/** Starts the job runner on a pool of its own, as the database's owner, to whom the job tables belong. */
export async function startJobs(db: Database, ownerUrl: string, log: Logger): Promise<Jobs> {
  const pool = new Pool({ connectionString: ownerUrl, max: 3, application_name: 'licet-worker-jobs' });
  const lost = (error: Error): void => log.warn({ error }, 'a job connection was lost');
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', lost));
  const runner: Runner = await run({
    pgPool: pool,
    concurrency: 1,
    noHandleSignals: true,
    logger: jobLogger(log),
    taskList: {
      [DELETE_OLD_OPERATIONS]: deleteOldOperationsTask(db),
      [KEEP_DECISIONS]: keepDecisionsTask(db),
    },
    parsedCronItems: parseCronItems([
      { task: DELETE_OLD_OPERATIONS, match: '17 * * * *', identifier: DELETE_OLD_OPERATIONS },
      { task: KEEP_DECISIONS, match: '47 * * * *', identifier: KEEP_DECISIONS },
    ]),
  });
  return {
    async stop() {
      await runner.stop();
      await pool.end();
    },
  };
}

function jobLogger(log: Logger): JobLogger {
  return new JobLogger(() => (level, message, meta) => {
    const name: string = level;
    const write = name === 'error' || name === 'warning' ? 'warn' : 'debug';
    log[write](meta ?? {}, message);
  });
}
