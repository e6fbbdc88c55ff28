import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { knownAccess, type Access } from '../access.js';
import { GatewayContext, type Services } from '../context.js';
import { httpFailure, type HttpAnswer } from '../errors/http-failure.js';
import { RETRY_AFTER } from '../errors/retry-after.js';
import { BODY_BYTES_MAX, isPlainJson } from '../plugins/document-limits.js';
import { requestIdOf } from '../request-scope.js';
import type { PreparedOperation } from './compiled-operation.js';
import { LANE_HEADER, type FastLane } from './fast-lane.js';
import type { AskedOperation } from './read-operation.js';

const JSON_TYPES: ReadonlySet<string | undefined> = new Set([
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-8',
]);

export interface FrontDoorOptions {
  readonly lane: FastLane;
  readonly services: Services;
  /** Where operations are sent to. */
  readonly path: string;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly access: Access;
}

/**
 * Stands before the HTTP framework, and answers at once what the fast lane knows: a POST of plain JSON, with a key that is
 * in memory, of a document that is compiled. On a check the framework costs more than everything else. Whatever is
 * unusual in any way goes on to the framework as if nobody had looked, its body put back.
 */
export class FrontDoor {
  private closing = false;

  constructor(private readonly options: FrontDoorOptions) {}

  /** From here on all that comes goes on to the framework, which refuses it; what came before is answered. */
  close(): void {
    this.closing = true;
  }

  /** The server's listener; `goOn` is the framework's. */
  listener(goOn: RequestListener): RequestListener {
    return (request, response) => {
      const length = this.bodyLength(request);
      const { services } = this.options;
      const access = length === null ? null : knownAccess(services, request.headers.authorization);
      if (length === null || access === null) {
        goOn(request, response);
        return;
      }
      readBody(request, length, (body) => {
        if (this.answer({ request, response, access }, body)) return;
        request.pause();
        request.unshift(body);
        goOn(request, response);
      });
    };
  }

  /** How many bytes to read; null where another look is needed. */
  private bodyLength({ method, url, headers }: IncomingMessage): number | null {
    if (this.closing || method !== 'POST' || url !== this.options.path) return null;
    if (!JSON_TYPES.has(headers['content-type'])) return null;
    const length = Number(headers['content-length']);
    return length > 0 && length <= BODY_BYTES_MAX ? length : null;
  }

  /** False where it is not for here; nothing has happened then. */
  private answer(exchange: Exchange, body: Buffer): boolean {
    const asked = this.options.lane.read(readJson(body.toString()), exchange.request.headers);
    const prepared = asked && this.options.lane.prepareKnown(asked);
    if (!prepared) return false;
    this.execute(exchange, asked, prepared);
    return true;
  }

  private execute(exchange: Exchange, { contentType }: AskedOperation, prepared: PreparedOperation): void {
    const { request, access } = exchange;
    const requestId = requestIdOf(request.headers['x-request-id']);
    const fail = (error: unknown): void => {
      const scope = { requestId, logger: this.options.services.logger };
      this.send(exchange, requestId, httpFailure(error, 500, scope));
    };
    try {
      const { services, lane } = this.options;
      const context = new GatewayContext(services, access, requestId, request);
      const send = (body: string): void => {
        this.send(exchange, requestId, { status: 200, contentType, body, retryAfter: context.retryAfter });
      };
      const text = lane.execute(prepared, context);
      if (typeof text === 'string') send(text);
      else text.then(send, fail);
    } catch (error) {
      fail(error);
    }
  }

  /** Header and body in one piece. */
  private send({ request, response }: Exchange, requestId: string, answer: HttpAnswer): void {
    const { services } = this.options;
    const { status, contentType, body, retryAfter } = answer;
    const headers = [
      'x-request-id',
      requestId,
      'cache-control',
      'no-store',
      'content-type',
      contentType,
      LANE_HEADER,
      'compiled',
      'content-length',
      String(Buffer.byteLength(body)),
      ...Object.entries(services.crossOrigin.headersFor(request.headers.origin)).flat(),
    ];
    if (retryAfter !== null) headers.push(RETRY_AFTER, String(retryAfter));
    if (this.closing) headers.push('connection', 'close');
    response.writeHead(status, headers).end(body);
    services.metrics.response(status);
  }
}

/** Hands over the body once all of it is here. One that breaks off is the server's matter. */
function readBody(request: IncomingMessage, length: number, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  let received = 0;
  function take(chunk: Buffer): void {
    chunks.push(chunk);
    received += chunk.length;
    if (received < length) return;
    request.off('data', take);
    done(chunks.length === 1 ? chunk : Buffer.concat(chunks));
  }
  request.on('data', take);
}

/** Undefined for what is no JSON, and for what has to be looked at more closely. */
function readJson(text: string): unknown {
  if (!isPlainJson(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
