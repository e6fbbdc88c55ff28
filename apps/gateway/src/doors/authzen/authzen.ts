import type { FastifyError, FastifyInstance } from 'fastify';
import type { Services } from '../../context.js';
import type { ApiError } from '../../errors/api-error.js';
import { readJsonBodies, requireAccess } from '../../http.js';
import { doorContext, doorFailure, failureHeaders } from '../door.js';
import { readObject } from '../read-value.js';
import {
  CONFIGURATION_PATH,
  configurationOf,
  EVALUATION_PATH,
  EVALUATIONS_PATH,
  KEPT,
} from './configuration.js';
import { evaluate } from './evaluation.js';
import { ONE_EVALUATION } from './evaluation-entrance.js';
import { evaluateMany } from './evaluations.js';
import { repeatedName } from './unique-names.js';

export interface AuthzenOptions {
  /** Origin under which the gateway is reached, such as `https://licet.example.com`; null: none is configured. */
  readonly publicUrl: string | null;
}

/**
 * AuthZEN Authorization API 1.0, as a policy decision point: may this customer, or this member, use this feature? Decided as
 * by `check` and `checkMany`, for the same credentials.
 */
export function addAuthzen(server: FastifyInstance, services: Services, { publicUrl }: AuthzenOptions): void {
  void server.register((scope, _options, done) => {
    const onRequest = requireAccess(services);
    scope.removeContentTypeParser(['application/json', 'text/plain']);
    readJsonBodies(scope, ambiguity);
    echoRequestId(scope);
    answerFailures(scope, services);
    scope.post(EVALUATION_PATH, { onRequest }, (request) => {
      const context = doorContext(services, request, ONE_EVALUATION);
      return evaluate(context, readObject('', request.body));
    });
    scope.post(EVALUATIONS_PATH, { onRequest }, (request) => {
      const context = doorContext(services, request, { door: 'authzen', operation: 'checkMany' });
      return evaluateMany(context, readObject('', request.body));
    });
    scope.get(CONFIGURATION_PATH, (request, reply) => {
      if (publicUrl !== null) void reply.header('cache-control', `public, max-age=${String(KEPT)}`);
      return configurationOf(publicUrl, request);
    });
    done();
  });
}

/** A name that stands twice might be read in two ways. */
function ambiguity(text: string): string | null {
  const name = repeatedName(text);
  return name === null ? null : `the name \`${name}\` stands twice in one object; send each once`;
}

/** As it came, whatever it is; logs and events name the request as everywhere else. */
function echoRequestId(scope: FastifyInstance): void {
  scope.addHook('onRequest', (request, reply, done) => {
    const id = request.headers['x-request-id'];
    if (id !== undefined) void reply.header('x-request-id', id);
    done();
  });
  // A body that is text is sent in one piece with the headers, and turns them into UTF-8.
  scope.addHook('onSend', (_request, _reply, payload, done) => {
    done(null, typeof payload === 'string' ? Buffer.from(payload) : payload);
  });
}

/** A body of another type than JSON is a bad request, too. */
const UNSUPPORTED_TYPE = 415;

function answerFailures(scope: FastifyInstance, { logger }: Services): void {
  scope.setErrorHandler((error: FastifyError | ApiError, request, reply) => {
    const failure = doorFailure(error, { id: request.id, logger });
    const { status, code, message } = failure;
    void reply
      .code(status === UNSUPPORTED_TYPE ? 400 : status)
      .headers(failureHeaders(failure))
      .send({ error: message, code });
  });
}
