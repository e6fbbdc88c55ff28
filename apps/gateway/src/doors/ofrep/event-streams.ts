import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseRevision } from '@licet/database';
import type { CustomerId } from '@licet/domain';
import type { GatewayContext, Services } from '../../context.js';
import { ApiError, granted, unauthenticated } from '../../errors/api-error.js';
import { KeepAlive } from '../../live/keep-alive.js';
import { type Held, HeldKeys } from '../../live/socket-keys.js';
import { Loaders } from '../../loaders.js';
import { queryOf } from '../door.js';
import { RefetchStream } from './refetch-stream.js';
import { StreamPlaces } from './stream-places.js';
import { readTicket, type StreamTicket, ticketFor, writeTicket } from './stream-ticket.js';

const EVENTS_PATH = '/ofrep/v1/events';
/** How long before its ticket ends a stream says that another one is to be had, in milliseconds. */
const EARLY = 30_000;

/** Where a client hears that it is to fetch again, as the protocol says it. */
export interface EventStream {
  readonly type: 'sse';
  readonly endpoint: { readonly requestUri: string };
}

/** The streams for a customer whose flags were evaluated; none where the caller may not follow it. */
export function eventStreamsFor(
  { access, db, feed }: GatewayContext,
  customerId: CustomerId,
): readonly EventStream[] {
  if (!mayFollow(access)) return [];
  const ticket = ticketFor(access, customerId, feed.clock.now());
  const requestUri = `${EVENTS_PATH}?ticket=${writeTicket(db.keys.stream, ticket)}`;
  return [{ type: 'sse', endpoint: { requestUri } }];
}

function mayFollow(access: GatewayContext['access']): boolean {
  try {
    access.requireOperation('entitlementsChanged', 'READER');
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

/** Answers the streams: `refetchEvaluation` at once, and then after each event that touches the customer. */
export function addEventStreams(scope: FastifyInstance, services: Services): void {
  const open = new Set<RefetchStream>();
  const shared: Shared = {
    services,
    places: new StreamPlaces(services.streamLimits),
    keys: new HeldKeys(services),
  };
  const keepAlive = new KeepAlive();
  scope.addHook('preClose', (done) => {
    keepAlive.close();
    for (const stream of open) stream.end();
    done();
  });
  // By HEAD nobody would listen, and nobody would leave.
  scope.get(EVENTS_PATH, { exposeHeadRoute: false }, async (request, reply) => {
    const ticket = ticketIn(services, request);
    if (ticket === null) throw unauthenticated();
    services.metrics.operation('ofrep');
    const stream = await enter(shared, ticket, request.headers['last-event-id']);
    keepAlive.add(stream);
    const stopTimers = endInTime(stream, ticket, services);
    open.add(stream);
    stream.output.once('close', () => {
      keepAlive.leave(stream);
      stopTimers();
      open.delete(stream);
    });
    stream.run().catch((error: unknown) => {
      // Clients come again by themselves, and begin anew where they cannot go on.
      services.logger.warn({ err: error, requestId: request.id }, 'an event stream could not go on');
    });
    return reply
      .headers({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
      .send(stream.output);
  });
}

interface Shared {
  readonly services: Services;
  readonly places: StreamPlaces;
  readonly keys: HeldKeys<Held>;
}

/** A stream that has its place, and ends with the API key that its ticket was asked for with. */
async function enter(
  { services, places, keys }: Shared,
  ticket: StreamTicket,
  lastEventId: unknown,
): Promise<RefetchStream> {
  const leavePlace = places.take(ticket.tenantId);
  let stream: RefetchStream | null = null;
  try {
    stream = await follow(services, ticket, lastEventId);
    stream.output.once('close', leavePlace);
    if (await isInForce(services, keys, ticket, stream)) return stream;
    throw unauthenticated();
  } catch (error) {
    stream?.output.destroy();
    leavePlace();
    throw error;
  }
}

/** Whether the key of the ticket is in force still. The stream ends when it is no more. */
async function isInForce(
  { keys: apiKeys }: Services,
  keys: HeldKeys<Held>,
  { tenantId, keyId }: StreamTicket,
  stream: RefetchStream,
): Promise<boolean> {
  if (keyId === null) return true;
  const look = async (): Promise<Held | null> => {
    const found = await apiKeys.find(tenantId, keyId);
    return found && { tenantId, expiresAt: found.expiresAt, isRevocable: true };
  };
  const holder = {
    keyEnded: (): void => {
      stream.end();
    },
  };
  const key = keys.hold(`${tenantId} ${keyId}`, look, holder);
  stream.output.once('close', () => {
    key.leave(holder);
  });
  return (await key.open()) !== null;
}

function ticketIn({ db, feed }: Services, request: FastifyRequest): StreamTicket | null {
  const { ticket } = queryOf(request);
  return typeof ticket === 'string' ? readTicket(db.keys.stream, ticket, feed.clock.now()) : null;
}

/** From where the client had come to, if the log still has that; else from now, to begin with what is. */
async function follow(
  { db, feed }: Services,
  { tenantId, customerId: id }: StreamTicket,
  lastEventId: unknown,
): Promise<RefetchStream> {
  const customer = await new Loaders(db, tenantId).customers.load(id);
  // Who is there no more has nothing to be told of.
  if (customer === null) throw unauthenticated();
  const { subject } = customer;
  const after = typeof lastEventId === 'string' ? parseRevision(lastEventId) : null;
  const resumed = after === null ? null : await feed.follow(tenantId, after, { subject });
  if (resumed?.ok === true) return new RefetchStream({ id, subject }, resumed);
  const stream = new RefetchStream(
    { id, subject },
    granted(await feed.follow(tenantId, null, { subject }), ''),
  );
  stream.tellAgain();
  return stream;
}

/** Shortly before its ticket ends the client is told to fetch again, and so gets another one. Returns what stops that. */
function endInTime(stream: RefetchStream, { expiresAt }: StreamTicket, { feed }: Services): () => void {
  const left = expiresAt - feed.clock.now();
  const early = setTimeout(
    () => {
      stream.tellAgain();
    },
    Math.max(0, left - EARLY),
  ).unref();
  const end = setTimeout(() => {
    stream.end();
  }, left).unref();
  return () => {
    clearTimeout(early);
    clearTimeout(end);
  };
}
