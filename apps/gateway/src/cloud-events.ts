import { MIMEType } from 'node:util';
import { CloudEvent, HTTP, ValidationError } from 'cloudevents';
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { Instant } from '@licet/domain';
import { GatewayContext, type Services } from './context.js';
import { ApiError, badInput } from './errors/api-error.js';
import { accessOf, requireAccess } from './http.js';
import { boundList } from './modules/arguments.js';
import { recordUsage, type UsageEvent } from './modules/usage/record-usage.js';
import type { RecordUsageResultType } from './modules/usage/usage-types.js';
import { DateTime } from './scalars/index.js';

export const EVENTS_PATH = '/events';
const ONE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
/** Charsets whose bytes are UTF-8: its names, and what is part of it. */
const READ_CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii']);

/** Names of a usage event's fields in a CloudEvent. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  customerId: 'subject',
  feature: 'type',
  at: 'time',
  quantity: 'data.quantity',
};

/**
 * Takes usage as CloudEvents at EVENTS_PATH, one or a batch of up to 1,000: `subject` is the customer, `type` the
 * feature, `time` when it was used, `data.quantity` how much (1 where it is left out). Answers as `recordUsage` does,
 * with 200; 415 for another type, or another charset than UTF-8; 503 where none could be recorded because the database is
 * out of reach.
 */
export function addCloudEvents(server: FastifyInstance, services: Services): void {
  void server.register((scope, _options, done) => {
    const parseJson = scope.getDefaultJsonParser('error', 'error');
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser([ONE, BATCH], { parseAs: 'string' }, (request, text, parsed) => {
      void parseJson(request, text.toString(), parsed);
    });
    scope.route({
      method: 'POST',
      url: EVENTS_PATH,
      onRequest: [requireAccess(services), requireCloudEvents],
      handler: (request) => answer(request, services),
    });
    done();
  });
}

async function answer(request: FastifyRequest, services: Services): Promise<RecordUsageResultType> {
  const access = accessOf(request);
  access.requireOperation('recordUsage', 'SERVICE');
  const events = eventsIn(request).map(readCloudEvent);
  const result = await recordUsage(new GatewayContext(services, access, request.id), events);
  const [first] = result.rejected;
  if (first !== undefined && result.rejected.length === events.length && first.code === 'UNAVAILABLE')
    throw new ApiError('UNAVAILABLE', first.message);
  const rejected = result.rejected.map((item) => ({
    ...item,
    field: item.field && (ATTRIBUTES[item.field] ?? item.field),
  }));
  return { ...result, rejected };
}

/** Also where the headers hold an event, as in the format's binary mode, and the body may be none. */
function requireCloudEvents(
  request: FastifyRequest,
  _reply: FastifyReply,
  done: HookHandlerDoneFunction,
): void {
  const problem = problemOf(mediaType(request));
  done(problem === null ? undefined : Object.assign(new Error(problem), { statusCode: 415 }));
}

/** Why a body of this type is not read; null: it is. */
function problemOf(type: MIMEType | null): string | null {
  if (type?.essence !== ONE && type?.essence !== BATCH)
    return `usage is sent as \`${ONE}\`, one event, or \`${BATCH}\`, a list of them; name one of them as \`content-type\``;
  const charset = type.params.get('charset') ?? 'utf-8';
  return READ_CHARSETS.has(charset.toLowerCase())
    ? null
    : `a body of the charset \`${charset}\` is not read; send it in UTF-8, and name that or none in \`content-type\``;
}

/** Null where none is named, or not as HTTP has it. */
function mediaType({ headers }: FastifyRequest): MIMEType | null {
  try {
    return new MIMEType(headers['content-type'] ?? '');
  } catch {
    return null;
  }
}

function eventsIn(request: FastifyRequest): readonly unknown[] {
  const { body } = request;
  const isList = Array.isArray(body);
  if (mediaType(request)?.essence === ONE) {
    if (isList) throw badInput('', `this is one event, not a list; send a list as \`${BATCH}\``);
    return [body];
  }
  if (!isList) throw badInput('', `a batch is a list of events; send a single one as \`${ONE}\``);
  return boundList('', body);
}

/** What the format makes up where it is left out, id and time, would count a repeated event twice: neither is taken. */
function readCloudEvent(sent: unknown): UsageEvent | ApiError {
  if (typeof sent !== 'object' || sent === null) return badInput('', 'an event is an object');
  if (!('id' in sent) || typeof sent.id !== 'string' || sent.id === '')
    return badInput('id', 'an event has an `id`, a text; without one it cannot be told from a repeated one');
  // The format's schema is that of this version; of another nothing would be validated.
  if (!('specversion' in sent) || sent.specversion !== '1.0')
    return badInput('specversion', 'an event has the `specversion` `1.0`, a text');
  try {
    const event = HTTP.toEvent({ headers: { 'content-type': ONE }, body: sent });
    if (!(event instanceof CloudEvent)) return badInput('', 'one event is expected, not a list');
    event.validate();
    const { id, source, subject = '', type } = event;
    return {
      id,
      source,
      customerId: subject,
      feature: type,
      quantity: quantityOf(event.data),
      at: timeOf(sent),
    };
  } catch (error) {
    return error instanceof ApiError ? error : noCloudEvent(error);
  }
}

/** As it was sent: the format takes a time that is none for the present. */
function timeOf(sent: object): Instant | null {
  if (!('time' in sent) || sent.time === undefined) return null;
  try {
    return DateTime.parseValue(sent.time);
  } catch (error) {
    throw badInput('at', messageOf(error));
  }
}

/** What the format's schema finds missing or wrong, and in which attribute. */
function noCloudEvent(error: unknown): ApiError {
  const found = error instanceof ValidationError ? error.errors?.[0] : undefined;
  if (found === undefined || typeof found === 'string')
    return badInput('', `this is no CloudEvent: ${found ?? messageOf(error)}`);
  const { missingProperty: missing }: { missingProperty?: unknown } = found.params;
  const [attribute, wrong] =
    typeof missing === 'string'
      ? [missing, 'is missing']
      : [found.instancePath.slice(1), found.message ?? 'is wrong'];
  return badInput(attribute, `this is no CloudEvent: \`${attribute}\` ${wrong}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function quantityOf(data: unknown): number {
  if (data === undefined || data === null) return 1;
  const isObject = typeof data === 'object' && !Array.isArray(data) && !ArrayBuffer.isView(data);
  const quantity: unknown = isObject ? ('quantity' in data ? data.quantity : 1) : null;
  if (typeof quantity === 'number' && Number.isSafeInteger(quantity)) return quantity;
  throw badInput('quantity', 'a whole number of units is expected, from 1 to 2^53-1');
}
