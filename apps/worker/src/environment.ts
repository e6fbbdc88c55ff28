import {
  type MasterKey,
  MasterKeyError,
  type NatsServers,
  parseMasterKey,
  parseNatsUrl,
} from '@licet/database';

export interface Environment {
  readonly databaseUrl: string;
  readonly masterKey: MasterKey;
  readonly developmentKey: boolean;
  readonly logLevel: string;
  /** Where NATS is, over which gateways are told of changes; null: the database's NOTIFY. */
  readonly nats: NatsServers | null;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Reads the environment; throws one Error that names every problem in it. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const problems: string[] = [];
  const databaseUrl = variables['DATABASE_URL'] ?? '';
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) {
    problems.push('DATABASE_URL must be a postgres:// URL of the database owner; `npm start` brings its own');
  }
  const logLevel = variables['LOG_LEVEL'] ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) problems.push(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`);
  const nats = readNats(variables['NATS_URL'], problems);
  const master = readMasterKey(variables['LICET_MASTER_KEY'], problems);
  if (problems.length > 0 || master === null) {
    throw new Error(
      `the environment does not fit:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  }
  return { databaseUrl, masterKey: master.key, developmentKey: master.development, logLevel, nats };
}

function readMasterKey(
  text: string | undefined,
  problems: string[],
): { key: MasterKey; development: boolean } | null {
  try {
    return parseMasterKey(text);
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error;
    problems.push(error.message);
    return null;
  }
}

function readNats(text: string | undefined, problems: string[]): NatsServers | null {
  try {
    return parseNatsUrl(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    problems.push(error.message);
    return null;
  }
}
