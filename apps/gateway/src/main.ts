import 'reflect-metadata';
import { pino, type Logger } from 'pino';
import { openDatabase, Spool } from '@licet/database';
import { EnvironmentError, parseEnvironment, type Environment } from './environment.js';
import { lackOfHeap } from './heap-limit.js';
import { openServices } from './services.js';
import { startServer } from './server.js';

const CLOSE_TIMEOUT_MILLISECONDS = 10_000;

async function main(): Promise<void> {
  const environment = parseEnvironment();
  const logger = pino({ name: 'gateway', level: environment.logLevel });
  if (environment.developmentKey) {
    logger.warn('LICET_MASTER_KEY is not set: a development key stands in, which everyone knows');
  }
  const lack = lackOfHeap(environment.statesKept);
  if (lack !== null) logger.warn(lack);
  const close = await start(environment, logger);
  closeOnce(close, logger);
}

/** Returns what stops everything that was started. */
async function start(environment: Environment, logger: Logger): Promise<() => Promise<void>> {
  const { databaseUrl, masterKey, host, port, statesKept, trustedDocuments } = environment;
  const { trustedProxies, allowedOrigins, publicUrl, decisionLog, spoolDirectory, personalFields, nats } =
    environment;
  const { federatedTraces } = environment;
  const spool = spoolDirectory === null ? null : await openSpool(spoolDirectory);
  const db = await openDatabase({ url: databaseUrl, masterKey, applicationName: 'licet-gateway', nats });
  const services = await openServices(db, logger, {
    customers: statesKept,
    trustedProxies,
    allowedOrigins,
    decisionLog,
    spool,
    personalFields,
  });
  const server = await startServer(services, { host, port, trustedDocuments, publicUrl, federatedTraces });
  logger.info({ port: server.port, url: server.url }, `listening on ${server.url}`);
  process.send?.('ready');
  return async () => {
    await server.close();
    await services.close();
    await db.close();
  };
}

async function openSpool(directory: string): Promise<Spool> {
  try {
    return await Spool.open(directory);
  } catch (cause) {
    throw new EnvironmentError([
      `LICET_SPOOL_DIR is \`${directory}\`, where nothing can be written (${cause instanceof Error ? cause.message : String(cause)}); name a directory that the gateway may write to`,
    ]);
  }
}

/** A signal may come twice, from the terminal and from the parent; the first one counts. */
function closeOnce(close: () => Promise<void>, logger: Logger): void {
  let closing = false;
  function stop(cause: string): void {
    if (closing) return;
    closing = true;
    logger.info({ cause }, 'closing');
    setTimeout(() => fail(logger, new Error('closing took too long')), CLOSE_TIMEOUT_MILLISECONDS).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => fail(logger, error),
    );
  }
  process.on('SIGTERM', () => {
    stop('SIGTERM');
  });
  process.on('SIGINT', () => {
    stop('SIGINT');
  });
  process.on('disconnect', () => {
    stop('the parent is gone');
  });
}

function fail(logger: Logger, error: unknown): void {
  logger.fatal({ err: error }, 'the gateway ends');
  process.exit(1);
}

main().catch((error: unknown) => {
  process.stderr.write(`gateway: ${describe(error)}\n`);
  process.exit(1);
});

function describe(error: unknown): string {
  if (error instanceof EnvironmentError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
