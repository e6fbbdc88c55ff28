import path from 'node:path';
import { type MasterKey, parseMasterKey } from '@licet/database';

export type Variables = Readonly<Record<string, string | undefined>>;

/** What `npm start` takes from the environment. */
export interface Environment {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The owner's URL of a database of one's own; null: the embedded server. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly masterKey: MasterKey;
  /** The first tenant's admin key; null: one is made up and kept. */
  readonly bootstrapKey: string | null;
  readonly logLevel: string;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Names every variable that is wrong, each with its remedy. */
export class EnvironmentError extends Error {
  readonly code = 'BAD_ENVIRONMENT';
  constructor(readonly problems: readonly string[]) {
    super(`the environment is not right:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'EnvironmentError';
  }
}

/** An empty variable counts as unset. EnvironmentError with all problems at once. */
export function parseEnvironment(variables: Variables, repository: string): Environment {
  const problems: string[] = [];
  function read<T>(parse: () => T): T | null {
    try {
      return parse();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return null;
    }
  }
  const port = read(() => parsePort(variables['PORT'] || '4000'));
  const databaseUrl = read(() => parseDatabaseUrl(variables['DATABASE_URL'] || null));
  const masterKey = read(() => parseMasterKey(variables['LICET_MASTER_KEY']).key);
  const bootstrapKey = read(() => parseBootstrapKey(variables['LICET_BOOTSTRAP_KEY'] || null));
  const logLevel = read(() => parseLogLevel(variables['LOG_LEVEL'] || 'info'));
  if (problems.length > 0 || port === null || masterKey === null || logLevel === null) {
    throw new EnvironmentError(problems);
  }
  const host = variables['HOST'] || '127.0.0.1';
  const dataDir = path.resolve(repository, variables['LICET_DATA_DIR'] || '.licet');
  return { host, port, databaseUrl, dataDir, masterKey, bootstrapKey, logLevel };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new RangeError(`PORT is \`${text}\`; set it to a number from 0 (any free port) to 65535`);
}

function parseDatabaseUrl(text: string | null): string | null {
  if (text === null || (/^postgres(ql)?:/.test(text) && URL.canParse(text))) return text;
  // The value may hold a password, so it is not repeated.
  throw new RangeError(
    'DATABASE_URL is no Postgres URL; it looks like `postgres://user:password@host:5432/licet`',
  );
}

function parseBootstrapKey(text: string | null): string | null {
  if (text === null || /^[\x21-\x7e]{32,}$/.test(text)) return text;
  throw new RangeError('LICET_BOOTSTRAP_KEY must be 32 or more printable characters without blanks');
}

function parseLogLevel(text: string): string {
  if (LOG_LEVELS.includes(text)) return text;
  throw new RangeError(`LOG_LEVEL is \`${text}\`; set it to one of ${LOG_LEVELS.join(', ')}`);
}
