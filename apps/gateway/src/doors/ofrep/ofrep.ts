import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Services } from '../../context.js';
import type { ApiError } from '../../errors/api-error.js';
import { requireAccess } from '../../http.js';
import { namesEtag } from '../../key-set.js';
import { doorContext, doorFailure, failureHeaders, queryOf } from '../door.js';
import { addEventStreams, eventStreamsFor } from './event-streams.js';
import { etagOf, evaluateAll, evaluateOne, readFlagCheck } from './evaluate.js';
import { FLAGS_PATH, ONE_FLAG } from './flag-entrance.js';
import { evaluationFailure, flagNotFound } from './ofrep-error.js';

/**
 * OpenFeature Remote Evaluation Protocol 0.3: features as flags, one by its key, or all of the catalog. Each is decided
 * as by `check` and `checkMany`, for the same credentials.
 */
export function addOfrep(server: FastifyInstance, services: Services): void {
  void server.register((scope, _options, done) => {
    const onRequest = requireAccess(services);
    scope.removeContentTypeParser('text/plain');
    answerFailures(scope, services);
    scope.post<{ Params: { key: string } }>(`${FLAGS_PATH}/:key`, { onRequest }, (request, reply) =>
      answerOne(services, request, reply),
    );
    addEventStreams(scope, services);
    scope.post(FLAGS_PATH, { onRequest }, (request, reply) => answerAll(services, request, reply));
    done();
  });
}

async function answerOne(
  services: Services,
  request: FastifyRequest<{ Params: { key: string } }>,
  reply: FastifyReply,
): Promise<object> {
  const context = doorContext(services, request, ONE_FLAG);
  const { key } = request.params;
  const flag = await evaluateOne(context, readFlagCheck(context.access, key, request.body));
  return flag ?? reply.code(404).send(flagNotFound(key));
}

async function answerAll(services: Services, request: FastifyRequest, reply: FastifyReply): Promise<object> {
  const context = doorContext(services, request, { door: 'ofrep', operation: 'checkMany' });
  const evaluated = await evaluateAll(context, {
    body: request.body,
    flagConfigEtag: queryOf(request)['flagConfigEtag'],
  });
  const { flags, metadata, customerId, isKnown } = evaluated;
  const eventStreams = isKnown ? eventStreamsFor(context, customerId) : [];
  const etag = etagOf(context.access.tenantId, evaluated, eventStreams);
  void reply.header('etag', etag);
  if (namesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return { flags, metadata, ...(eventStreams.length === 0 ? {} : { eventStreams }) };
}

/** As the protocol says them; 401, 403, 429 and 503, for which it has no body, likewise. */
function answerFailures(scope: FastifyInstance, { logger }: Services): void {
  scope.setErrorHandler((error: FastifyError | ApiError, request, reply) => {
    const failure = doorFailure(error, { id: request.id, logger });
    void reply
      .code(failure.status)
      .headers(failureHeaders(failure))
      .send(evaluationFailure(error, failure, keyIn(request)));
  });
}

function keyIn({ params }: FastifyRequest): string | null {
  if (typeof params !== 'object' || params === null || !('key' in params)) return null;
  return typeof params.key === 'string' ? params.key : null;
}
