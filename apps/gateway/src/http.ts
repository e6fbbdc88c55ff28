import { createServer, type RequestListener, type Server } from 'node:http';
import { parse as parseQueryString } from 'node:querystring';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from 'pino';
import { type Access, authenticateRequest, NO_ACCESS } from './access.js';
import type { Services } from './context.js';
import { ApiError, badInput, unauthenticated } from './errors/api-error.js';
import { httpFailure } from './errors/http-failure.js';
import { RETRY_AFTER } from './errors/retry-after.js';
import type { FrontDoor } from './fast-lane/front-door.js';
import { BODY_BYTES_MAX, documentProblem, operationProblem } from './plugins/document-limits.js';
import { isOpenDocument } from './open-document.js';
import { requestIdOf } from './request-scope.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before a handler of the GraphQL path runs. */
    access: Access | null;
  }
}

const REQUEST_TIMEOUT_MILLISECONDS = 30_000;
const KEEP_ALIVE_MILLISECONDS = 72_000;
/** Characters of a part of an address that names something. */
const PARAMETER_MAX = 1024;

/**
 * An HTTP server with request ids, health checks and errors as GraphQL says them; of operations it answers those that
 * the front door knows.
 */
export function createHttpServer(services: Services, frontDoor: FrontDoor): FastifyInstance {
  const server: FastifyInstance = fastify({
    serverFactory: (listener) => listenBehind(frontDoor, listener),
    bodyLimit: BODY_BYTES_MAX,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    routerOptions: { querystringParser: (text) => parseQueryString(text), maxParamLength: PARAMETER_MAX },
    forceCloseConnections: 'idle',
  });
  server.decorateRequest('access', null);
  server.addHook('onRequest', (request, reply, done) => {
    // A reply settles when it has been sent: it is never awaited here.
    void reply.header('x-request-id', request.id);
    done();
  });
  closeConnections(server, frontDoor);
  readJsonBodies(server);
  answerErrors(server, services.logger);
  addHealth(server, services);
  addMetrics(server, services);
  return server;
}

/** No answer is kept by anyone on its way, unless it says so itself. */
export function storeNothing(server: FastifyInstance): void {
  server.addHook('onRequest', (_request, reply, done) => {
    void reply.header('cache-control', 'no-store');
    done();
  });
}

function listenBehind(frontDoor: FrontDoor, listener: RequestListener): Server {
  return createServer(
    { requestTimeout: REQUEST_TIMEOUT_MILLISECONDS, keepAliveTimeout: KEEP_ALIVE_MILLISECONDS },
    frontDoor.listener(listener),
  );
}

/** A connection whose request is answered while the server closes would stay open, and hold it up. */
function closeConnections(server: FastifyInstance, frontDoor: FrontDoor): void {
  let closing = false;
  server.addHook('preClose', (done) => {
    closing = true;
    frontDoor.close();
    done();
  });
  server.addHook('onSend', (_request, reply, _payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done();
  });
}

/**
 * What would break the parser or the database is refused before anything else reads it. `problemOf`: what else is wrong with a
 * JSON text; null: nothing.
 */
export function readJsonBodies(
  server: FastifyInstance,
  problemOf: (text: string) => string | null = () => null,
): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    void parseJson(request, text.toString(), (error, body: unknown) => {
      const problem = error === null && isRecord(body) ? operationProblem(body) : null;
      const ofText = error === null ? problemOf(text.toString()) : null;
      if (problem !== null) done(badInput(problem.path, problem.message));
      else if (ofText !== null) done(badInput('', ofText));
      else done(error && sayingWhere(error, text.toString()), body);
    });
  });
}

/** The parser's error, with what is wrong with the text and where, which the framework leaves out. */
function sayingWhere(error: Error, text: string): Error {
  try {
    JSON.parse(text);
  } catch (found) {
    if (found instanceof Error) error.message = `the body is no JSON: ${found.message}`;
  }
  return error;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function answerErrors(server: FastifyInstance, logger: Logger): void {
  server.setErrorHandler((error: FastifyError | ApiError, request, reply) => {
    sendError(request, reply, { ...refusalOf(error), logger });
  });
  server.setNotFoundHandler((request, reply) => {
    const error = new ApiError('NOT_FOUND', 'there is nothing at this address; the API is at `/graphql`');
    sendError(request, reply, { status: 404, error, logger });
  });
}

/** Of errors that answer a request as a whole. */
const STATUS: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

const TOO_LARGE = 413;
const BODY_TOO_LARGE = `a body has at most ${String(BODY_BYTES_MAX / 1024 ** 2)} MiB (${String(BODY_BYTES_MAX)} bytes); send less, or a list in several requests`;

/** Of the framework, ours, or nobody's. */
export type Failing = Error & { readonly statusCode?: number | undefined };

/** With which status a request that failed as a whole is answered, and the error that says why. */
export function refusalOf(error: Failing): Omit<Failure, 'logger'> {
  const status = statusOf(error);
  const isOfFramework = status < 500 && !(error instanceof ApiError);
  const message = status === TOO_LARGE ? BODY_TOO_LARGE : error.message;
  return { status, error: isOfFramework ? new ApiError('BAD_USER_INPUT', message) : error };
}

function statusOf(error: Failing): number {
  if (!(error instanceof ApiError)) return error.statusCode ?? 500;
  return STATUS[String(error.extensions['code'])] ?? 400;
}

interface Failure {
  readonly status: number;
  readonly error: unknown;
  readonly logger: Logger;
}

function sendError(request: FastifyRequest, reply: FastifyReply, { status, error, logger }: Failure): void {
  const failure = httpFailure(error, status, { requestId: request.id, logger });
  if (failure.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (failure.retryAfter !== null) void reply.header(RETRY_AFTER, failure.retryAfter);
  void reply.code(failure.status).header('content-type', failure.contentType).send(failure.body);
}

function addHealth(server: FastifyInstance, { db, logger }: Services): void {
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    try {
      await db.ready();
      return { status: 'ready' };
    } catch (error) {
      logger.warn({ err: error }, 'not ready: the database is out of reach');
      return reply.code(503).send({ status: 'unavailable', reason: 'the database is out of reach' });
    }
  });
}

/** For Prometheus; it names no tenant and no customer. */
function addMetrics(server: FastifyInstance, { metrics }: Services): void {
  server.addHook('onResponse', (_request, reply, done) => {
    metrics.response(reply.statusCode);
    done();
  });
  server.get('/metrics', async (_request, reply) => {
    void reply.header('content-type', metrics.contentType);
    return metrics.text();
  });
}

/** Before anything of the request is read: UNAUTHENTICATED without a valid credential. */
export function requireAccess(services: Services): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    request.access = await accessFor(services, request);
    if (request.access === null) throw unauthenticated();
  };
}

/** The same, but that a request without any credential goes on: see `requireOpenDocument`. */
export function admit(services: Services): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const isBare = request.headers.authorization === undefined && request.method === 'POST';
    request.access = isBare ? NO_ACCESS : await accessFor(services, request);
    if (request.access === null) throw unauthenticated();
  };
}

function accessFor(services: Services, { raw, headers }: FastifyRequest): Promise<Access | null> {
  return authenticateRequest(services, headers.authorization, services.addressOf(raw));
}

/** UNAUTHENTICATED for a request without a credential, unless all that it runs needs none. `textOf`: its document. */
export function requireOpenDocument(textOf: (body: unknown) => string | undefined) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    if (request.access !== NO_ACCESS || isOpenDocument(textOf(request.body) ?? '')) done();
    else done(unauthenticated());
  };
}

/** The access of a request that `requireAccess` has let in. */
export function accessOf({ access }: Pick<FastifyRequest, 'access'>): Access {
  if (access === null) throw new Error('a request was let in without a credential');
  return access;
}

/** A document in the query string is bound like one in the body. */
export function checkQueryString(
  { query }: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  const texts = typeof query === 'object' && query !== null ? Object.values(query) : [];
  const problem = texts.map((text) => documentProblem(String(text))).find((found) => found !== null);
  done(problem ? badInput('query', problem) : undefined);
}
