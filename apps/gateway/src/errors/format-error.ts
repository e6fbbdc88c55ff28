import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { DatabaseUnavailableError, LostHistoryError, SlowFollowerError } from '@licet/database';
import { ApiError, ERROR_CODES, type ErrorCode } from './api-error.js';
import { argumentPath } from './argument-path.js';

/** In which request an error happened. */
export interface ErrorScope {
  readonly requestId: string;
  readonly logger: Pick<Logger, 'error' | 'warn'>;
}

/** Codes of the server for a request that is no GraphQL, or none for this schema: BAD_USER_INPUT to clients. */
const REQUEST_CODES: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
]);
/** What clients that send hashes of their documents wait for, beside the contract's codes: they then send the text. */
const PERSISTED_QUERY_CODES: ReadonlySet<unknown> = new Set([
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);
const PUBLIC_EXTENSIONS = ['field', 'retryAfter', 'problems'] as const;

/**
 * The one place that turns errors into answers: known codes pass with their field; a value that the schema refuses is
 * BAD_USER_INPUT with the path of its argument; an outage is UNAVAILABLE; a stream that cannot go on is CURSOR_EXPIRED;
 * everything else is logged and masked.
 */
export function formatError(error: unknown, scope: ErrorScope): GraphQLFormattedError {
  const shown = publicError(error, scope);
  const graphqlError = error instanceof GraphQLError ? error : null;
  return {
    message: shown.message,
    ...(graphqlError?.locations === undefined ? {} : { locations: graphqlError.locations }),
    ...(graphqlError?.path === undefined ? {} : { path: graphqlError.path }),
    extensions: { ...shown.extensions, requestId: scope.requestId },
  };
}

interface PublicError {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

function publicError(error: unknown, scope: ErrorScope): PublicError {
  const layers = layersOf(error);
  const outage = layers.find((layer) => layer instanceof DatabaseUnavailableError);
  if (outage !== undefined) {
    scope.logger.warn({ err: outage, requestId: scope.requestId }, 'the database is out of reach');
    return new ApiError(
      'UNAVAILABLE',
      'the database is out of reach; try again with the same idempotency key',
    );
  }
  const ended = layers.find(endsFollowing);
  if (ended !== undefined) return new ApiError('CURSOR_EXPIRED', ended.message);
  for (const layer of layers) {
    const known = layer instanceof GraphQLError ? knownError(layer) : null;
    if (known !== null) return known;
  }
  scope.logger.error({ err: layers.at(-1), requestId: scope.requestId }, 'unexpected error');
  return {
    message: 'internal error; its details are in the log under the request id',
    extensions: { code: 'INTERNAL' },
  };
}

/** The stream of a subscriber ends, who may begin another one; its message says from where. */
function endsFollowing(layer: unknown): layer is LostHistoryError | SlowFollowerError {
  return layer instanceof LostHistoryError || layer instanceof SlowFollowerError;
}

/** What was thrown, under the wrappers that execution and server put around it; outermost first. */
function layersOf(error: unknown): unknown[] {
  const layers: unknown[] = [error];
  for (let layer = error; layer instanceof GraphQLError && layer.originalError; layer = layer.originalError) {
    layers.push(layer.originalError);
  }
  return layers;
}

function knownError(error: GraphQLError): PublicError | null {
  const { message } = error;
  const code = error.extensions['code'];
  const path = error instanceof ApiError ? null : argumentPath(error);
  if (path !== null) return { message, extensions: { code: 'BAD_USER_INPUT', field: path } };
  if (isErrorCode(code)) return { message, extensions: { code, ...publicExtensions(error) } };
  if (PERSISTED_QUERY_CODES.has(code)) return { message, extensions: { code } };
  const isRefused = REQUEST_CODES.has(code) || isRefusedDocument(error);
  return isRefused ? { message, extensions: { code: 'BAD_USER_INPUT' } } : null;
}

/** Said by graphql-js about a document, before anything was executed. */
function isRefusedDocument(error: GraphQLError): boolean {
  const isOfDocument = error.nodes !== undefined || error.positions !== undefined;
  return isOfDocument && error.path === undefined && !error.originalError;
}

function isErrorCode(code: unknown): code is ErrorCode {
  return ERROR_CODES.some((known) => known === code);
}

function publicExtensions(error: GraphQLError): Record<string, unknown> {
  return Object.fromEntries(
    PUBLIC_EXTENSIONS.flatMap((key) => (key in error.extensions ? [[key, error.extensions[key]]] : [])),
  );
}
