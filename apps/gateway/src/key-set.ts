import type { FastifyInstance, FastifyRequest } from 'fastify';
import { INSTALLATION_ISSUER } from '@licet/database';
import { parseTenantId, type TenantId } from '@licet/domain';
import type { Services } from './context.js';
import { badInput, notFound } from './errors/api-error.js';
import { type KeySet, keySetOf, type KeySets } from './key-sets.js';

export const KEY_SET_PATH = '/.well-known/jwks.json';

/** How long others may keep it, in seconds; how long while we do not answer. */
const KEPT = 300;
const KEPT_WITHOUT_US = 86_400;

/**
 * Answers with what verifies the tokens of one tenant, as a JWK Set (RFC 7517): the one that `?tenant=` names; without
 * it that of an installation with one tenant (docs/decisions/0012). `?tenant=licet`: what the installation itself signs with. Needs no key, and web pages of any origin may read it. An
 * ETag, and 304 where it is known.
 */
export function addKeySet(server: FastifyInstance, services: Services): void {
  server.get(KEY_SET_PATH, async (request, reply) => {
    void reply.header('access-control-allow-origin', '*');
    const { body, etag } = await keySetFor(services, request);
    void reply.headers({
      etag,
      'cache-control': `public, max-age=${String(KEPT)}, stale-if-error=${String(KEPT_WITHOUT_US)}`,
    });
    if (namesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
    // As bytes: to text the framework adds a charset, which this type does not have.
    return reply.header('content-type', 'application/jwk-set+json').send(Buffer.from(body));
  });
}

async function keySetFor({ keySets, installationKey }: Services, request: FastifyRequest): Promise<KeySet> {
  if (wantedIn(request) === INSTALLATION_ISSUER) return keySetOf([installationKey.publicKey]);
  const found = await keySets.of(await tenantOf(keySets, request));
  if (found === null)
    throw notFound('tenant', 'there is no such tenant; its id is what tokens name as issuer (`iss`)');
  return found;
}

function wantedIn({ query }: FastifyRequest): unknown {
  return isRecord(query) ? query['tenant'] : undefined;
}

async function tenantOf(keySets: KeySets, request: FastifyRequest): Promise<TenantId> {
  const wanted = wantedIn(request);
  const tenantId = wanted === undefined ? await keySets.soleTenant() : parsed(wanted);
  if (tenantId !== null) return tenantId;
  throw badInput(
    'tenant',
    wanted === undefined
      ? 'which tenant? name it as `?tenant=<id>`; its id is what tokens name as issuer (`iss`)'
      : 'a tenant id is a UUID in lower case, given once; it is what tokens name as issuer (`iss`)',
  );
}

function parsed(wanted: unknown): TenantId | null {
  return typeof wanted === 'string' ? parseTenantId(wanted) : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Whether an `If-None-Match` header names this ETag (RFC 9110, 13.1.2). */
export function namesEtag(header: string | undefined, etag: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes('*') || tags.includes(etag);
}
