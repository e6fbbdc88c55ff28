import {
  type DecisionLogMode,
  type MasterKey,
  type NatsServers,
  parseMasterKey,
  parseNatsUrl,
  parsePersonalFields,
  type PersonalFields,
} from '@licet/database';
import { addressBehind } from './address.js';
import { parseOrigin } from './cross-origin.js';
import { readTrustedDocuments } from './fast-lane/trusted-documents.js';

export interface Environment {
  readonly port: number;
  readonly host: string;
  readonly databaseUrl: string;
  readonly masterKey: MasterKey;
  /** True where no master key is given and the development one stands in. */
  readonly developmentKey: boolean;
  readonly logLevel: LogLevel;
  /** How many customers' states are kept in memory. */
  readonly statesKept: number;
  /** Documents by the hexadecimal SHA-256 of their text. */
  readonly trustedDocuments: ReadonlyMap<string, string>;
  /** Addresses and networks (CIDR) of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Origins whose pages may read answers in a browser. */
  readonly allowedOrigins: readonly string[];
  /** Whether answers wait until their decisions are on record. */
  readonly decisionLog: DecisionLogMode;
  /** The directory for decisions while the database is away; null: they are kept in memory. */
  readonly spoolDirectory: string | null;
  /** Fields that the log of decisions holds encrypted. */
  readonly personalFields: PersonalFields;
  /** Origin under which clients reach the gateway, such as `https://licet.example.com`; null: it is not told. */
  readonly publicUrl: string | null;
  /** Whether routers that ask for it are told how long fields took. */
  readonly federatedTraces: boolean;
  /** Where NATS is, over which processes tell one another of changes; null: the database's NOTIFY. */
  readonly nats: NatsServers | null;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names every variable that is missing or wrong, each with its remedy. */
export class EnvironmentError extends Error {
  readonly code = 'BAD_ENVIRONMENT';
  constructor(readonly problems: readonly string[]) {
    super(`the environment is not right:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'EnvironmentError';
  }
}

/** Reads all that the gateway takes from the environment; EnvironmentError with all problems at once. */
export function parseEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const problems: string[] = [];
  function read<T>(parse: () => T): T | null {
    try {
      return parse();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return null;
    }
  }
  const port = read(() => parsePort(env['PORT']));
  const databaseUrl = read(() => parseDatabaseUrl(env['DATABASE_URL']));
  const masterKey = read(() => parseMasterKey(env['LICET_MASTER_KEY']));
  const logLevel = read(() => parseLogLevel(env['LOG_LEVEL']));
  const statesKept = read(() => parseStatesKept(env['LICET_STATES_KEPT']));
  const trustedDocuments = read(() => readTrustedDocuments(env['LICET_TRUSTED_DOCUMENTS']));
  const trustedProxies = read(() => parseTrustedProxies(env['LICET_TRUSTED_PROXIES']));
  const allowedOrigins = read(() => parseAllowedOrigins(env['LICET_ALLOWED_ORIGINS']));
  const decisionLog = read(() => parseDecisionLog(env['LICET_DECISION_LOG']));
  const personalFields = read(() => parsePersonalFields(env['LICET_PERSONAL_FIELDS']));
  const publicUrl = read(() => parsePublicUrl(env['LICET_PUBLIC_URL']));
  const federatedTraces = read(() => parseFederatedTraces(env['LICET_FEDERATED_TRACES']));
  const nats = read(() => ({ servers: parseNatsUrl(env['NATS_URL']) }));
  if (
    port === null ||
    databaseUrl === null ||
    masterKey === null ||
    logLevel === null ||
    statesKept === null ||
    trustedDocuments === null ||
    trustedProxies === null ||
    allowedOrigins === null ||
    decisionLog === null ||
    personalFields === null ||
    publicUrl === null ||
    federatedTraces === null ||
    nats === null
  ) {
    throw new EnvironmentError(problems);
  }
  const host = env['HOST'] ?? '127.0.0.1';
  return {
    port,
    host,
    databaseUrl,
    masterKey: masterKey.key,
    developmentKey: masterKey.development,
    logLevel,
    statesKept,
    trustedDocuments,
    trustedProxies,
    allowedOrigins,
    decisionLog,
    personalFields,
    spoolDirectory: env['LICET_SPOOL_DIR'] === '' ? null : (env['LICET_SPOOL_DIR'] ?? null),
    publicUrl: publicUrl.origin,
    federatedTraces,
    nats: nats.servers,
  };
}

function parsePort(text: string | undefined): number {
  const port = text === undefined || text === '' ? 4000 : Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new RangeError(`PORT is \`${String(text)}\`; set it to a number from 0 (any free port) to 65535`);
}

function parseStatesKept(text: string | undefined): number {
  const kept = text === undefined || text === '' ? 50_000 : Number(text);
  if (Number.isInteger(kept) && kept >= 1 && kept <= 10_000_000) return kept;
  throw new RangeError(`LICET_STATES_KEPT is \`${String(text)}\`; set it to a number from 1 to 10000000`);
}

function parseDecisionLog(text: string | undefined): DecisionLogMode {
  if (text === undefined || text === '' || text === 'async') return 'async';
  if (text === 'strict') return 'strict';
  throw new RangeError(
    `LICET_DECISION_LOG is \`${text}\`; set it to \`async\` (answers do not wait for the log) or \`strict\` (they do)`,
  );
}

function parseFederatedTraces(text: string | undefined): boolean {
  if (text === undefined || text === '' || text === 'off') return false;
  if (text === 'on') return true;
  throw new RangeError(
    `LICET_FEDERATED_TRACES is \`${text}\`; set it to \`on\` (routers that ask for it are told how long fields took) or \`off\``,
  );
}

function listIn(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function parseAllowedOrigins(text: string | undefined): string[] {
  return listIn(text).map((one) => {
    const origin = parseOrigin(one);
    if (origin !== null) return origin;
    throw new RangeError(
      `LICET_ALLOWED_ORIGINS names \`${one}\`; set it to origins as browsers send them, separated by commas, such as \`https://app.example.com, http://localhost:3000\``,
    );
  });
}

function parseTrustedProxies(text: string | undefined): string[] {
  const proxies = listIn(text);
  try {
    addressBehind(proxies);
    return proxies;
  } catch (cause) {
    throw new RangeError(
      `LICET_TRUSTED_PROXIES is \`${String(text)}\`; set it to addresses and networks, separated by commas, such as \`10.0.0.0/8, 192.168.1.7\``,
      { cause },
    );
  }
}

function parsePublicUrl(text: string | undefined): { readonly origin: string | null } {
  if (text === undefined || text === '') return { origin: null };
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOrigin = url !== null && [url.origin, `${url.origin}/`].includes(text);
  if (isOrigin && (url.protocol === 'https:' || url.protocol === 'http:')) return { origin: url.origin };
  throw new RangeError(
    `LICET_PUBLIC_URL is \`${text}\`; set it to scheme and host, such as \`https://licet.example.com\``,
  );
}

function parseDatabaseUrl(text: string | undefined): string {
  if (text === undefined || text === '') {
    throw new RangeError(
      'DATABASE_URL is missing; set it to a Postgres URL, such as `postgres://user:password@host:5432/licet`',
    );
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return text;
  // The value may hold a password, so it is not repeated.
  throw new RangeError('DATABASE_URL is no Postgres URL; it begins with `postgres://`');
}

function parseLogLevel(text: string | undefined): LogLevel {
  const level = LOG_LEVELS.find((known) => known === (text ?? 'info'));
  if (level) return level;
  throw new RangeError(`LOG_LEVEL is \`${String(text)}\`; set it to one of ${LOG_LEVELS.join(', ')}`);
}
