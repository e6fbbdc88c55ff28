import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayContext, type Services } from '../context.js';
import { badInput } from '../errors/api-error.js';
import { addCrossOrigin } from '../cross-origin.js';
import { accessOf, requireAccess } from '../http.js';
import { readCustomerId } from '../modules/arguments.js';
import { makeSnapshot } from '../modules/snapshot/make-snapshot.js';
import { queryOf } from './door.js';

export const SNAPSHOT_PATH = '/v1/snapshot';

/**
 * `GET /v1/snapshot?customerId=…`: what `Query.snapshot` answers, as the token alone; docs/snapshots.md. A credential of one
 * customer need not name it. An ETag, and 304 while the snapshot that it names says the same and is young.
 */
export function addSnapshot(server: FastifyInstance, services: Services): void {
  addCrossOrigin(server, services.crossOrigin, SNAPSHOT_PATH);
  server.get(SNAPSHOT_PATH, { onRequest: requireAccess(services) }, async (request, reply) => {
    services.metrics.operation('snapshot');
    const access = accessOf(request);
    access.requireOperation('snapshot', 'READER');
    const context = new GatewayContext(services, access, request.id, request.raw);
    const customerId = access.requireCustomer(customerOf(request, context));
    const made = await makeSnapshot(context, customerId, request.headers['if-none-match'] ?? null);
    // Whoever keeps it asks each time, and is mostly told to go on.
    void reply.headers({ 'cache-control': 'private, no-cache', vary: 'authorization, origin' });
    if (made === null) return reply.code(304).send();
    void reply.headers({ etag: made.etag, 'content-type': 'application/jose' });
    return reply.send(Buffer.from(made.token));
  });
}

function customerOf(request: FastifyRequest, { access }: GatewayContext) {
  const { customerId: named } = queryOf(request);
  if (typeof named === 'string') return readCustomerId('customerId', named);
  if (named === undefined && access.ownCustomer !== null) return access.ownCustomer;
  throw badInput('customerId', 'which customer? name one as `?customerId=<id>`');
}
