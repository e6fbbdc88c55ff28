import 'reflect-metadata';
import { makeDecisionDays, openDatabase } from '@licet/database';
import { readEnvironment } from './environment.js';
import { createLog } from './log.js';
import { startJobs } from './runner/jobs.js';
import { applyTransitions } from './tasks/apply-transitions.js';
import { carryOutMigrations } from './tasks/carry-out-migrations.js';
import { rollUpAll } from './tasks/roll-up-decisions.js';

/** Runs until SIGTERM, SIGINT or the end of the process that started it; finishes the batch in hand. */
async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const log = createLog(environment.logLevel);
  if (environment.developmentKey)
    log.warn('LICET_MASTER_KEY is not set: keys are derived from a development key');
  const db = await openDatabase({
    url: environment.databaseUrl,
    masterKey: environment.masterKey,
    applicationName: 'licet-worker',
    nats: environment.nats,
  });
  await makeDecisionDays(db);
  const jobs = await startJobs(db, environment.databaseUrl, log);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const)
    process.on(signal, () => stopping.abort());
  process.send?.('ready');
  log.info('worker is ready');
  await Promise.all([
    applyTransitions(db, log, stopping.signal),
    carryOutMigrations(db, log, stopping.signal),
    rollUpAll(db, log, stopping.signal),
  ]);
  log.info('worker is stopping');
  await jobs.stop();
  await db.close();
  if (process.connected) process.disconnect();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
