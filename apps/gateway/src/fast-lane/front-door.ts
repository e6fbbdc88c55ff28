import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { knownAccess, type Access } from '../access.js';
import { GatewayContext, type Services } from '../context.js';
import { httpFailure, type HttpAnswer } from '../errors/http-failure.js';
import { RETRY_AFTER } from '../errors/retry-after.js';
import { BODY_BYTES_MAX, isPlainJson } from '../plugins/document-limits.js';
import { requestIdOf } from '../request-scope.js';
import { Outbox } from './outbox.js';

const JSON_TYPES: ReadonlySet<string | undefined> = new Set([
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-8',
]);

/** A request that has been let in, and read. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly access: Access;
  /** The body's text, and what it is as JSON. */
  readonly text: string;
  readonly body: unknown;
}

/** Answers a request once it has a context. Where it fails, the answer is that of an error of GraphQL. */
export type Answering = (context: GatewayContext) => HttpAnswer | Promise<HttpAnswer>;

/** What can be answered before the framework, at some addresses. */
export interface Entrance {
  /** Whether a POST to this address is looked at. */
  isAt(url: string): boolean;
  /** Null, or an error: the request is not for here and goes on. Nothing has happened then. */
  prepare(asked: Asked): Answering | null;
  /** Names and values of headers that all its answers carry. */
  headersFor(request: IncomingMessage): readonly string[];
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly access: Access;
  readonly entrance: Entrance;
}

/**
 * Stands before the HTTP framework, and answers at once what an entrance knows: a POST of plain JSON, with a key that is
 * in memory. On a check the framework costs more than everything else. Whatever is unusual in any way goes on to the
 * framework as if nobody had looked, its body put back.
 */
export class FrontDoor {
  private readonly outbox = new Outbox();
  private closing = false;

  constructor(
    private readonly services: Services,
    private readonly entrances: readonly Entrance[],
  ) {}

  /** From here on all that comes goes on to the framework, which refuses it; what came before is answered. */
  close(): void {
    this.closing = true;
  }

  /** The server's listener; `goOn` is the framework's. */
  listener(goOn: RequestListener): RequestListener {
    return (request, response) => {
      const entrance = this.entranceFor(request);
      const access = entrance && knownAccess(this.services, request.headers.authorization);
      if (!entrance || !access) {
        goOn(request, response);
        return;
      }
      readBody(request, Number(request.headers['content-length']), (body) => {
        if (this.answer({ request, response, access, entrance }, body)) return;
        request.pause();
        request.unshift(body);
        goOn(request, response);
      });
    };
  }

  /** Null where another look is needed. */
  private entranceFor({ method, url, headers }: IncomingMessage): Entrance | null {
    if (this.closing || method !== 'POST' || url === undefined) return null;
    if (!JSON_TYPES.has(headers['content-type'])) return null;
    const length = Number(headers['content-length']);
    if (!(length > 0 && length <= BODY_BYTES_MAX)) return null;
    for (const entrance of this.entrances) if (entrance.isAt(url)) return entrance;
    return null;
  }

  /** False where it is not for here; nothing has happened then. */
  private answer(exchange: Exchange, bytes: Buffer): boolean {
    const { request, access, entrance } = exchange;
    const text = bytes.toString();
    const body = readJson(text);
    const answering = body === undefined ? null : prepared(entrance, { request, access, text, body });
    if (answering === null) return false;
    this.execute(exchange, answering);
    return true;
  }

  private execute(exchange: Exchange, answering: Answering): void {
    const { request, access } = exchange;
    const requestId = requestIdOf(request.headers['x-request-id']);
    const send = (answer: HttpAnswer): void => {
      this.outbox.put(() => this.send(exchange, requestId, answer));
    };
    const fail = (error: unknown): void => {
      send(httpFailure(error, 500, { requestId, logger: this.services.logger }));
    };
    try {
      const answer = answering(new GatewayContext(this.services, access, requestId, request));
      if ('then' in answer) answer.then(send, fail);
      else send(answer);
    } catch (error) {
      fail(error);
    }
  }

  /** Header and body in one piece. */
  private send({ request, response, entrance }: Exchange, requestId: string, answer: HttpAnswer): void {
    const { status, contentType, body, retryAfter } = answer;
    const headers = [
      'x-request-id',
      requestId,
      'cache-control',
      'no-store',
      'content-type',
      contentType,
      'content-length',
      String(Buffer.byteLength(body)),
      ...entrance.headersFor(request),
    ];
    if (retryAfter !== null) headers.push(RETRY_AFTER, String(retryAfter));
    if (this.closing) headers.push('connection', 'close');
    response.writeHead(status, headers).end(body);
    this.services.metrics.response(status);
  }
}

/** Null as well where it fails: the framework finds the same, and says what is wrong. */
function prepared(entrance: Entrance, asked: Asked): Answering | null {
  try {
    return entrance.prepare(asked);
  } catch {
    return null;
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
