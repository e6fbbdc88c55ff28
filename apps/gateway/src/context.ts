import type { Logger } from 'pino';
import type { Caller, Database, EventFeed } from '@licet/database';
import type { Access } from './access.js';
import { createLoaders, type Loaders } from './loaders.js';

/** What the gateway's requests share. */
export interface Services {
  readonly db: Database;
  readonly feed: EventFeed;
  readonly logger: Logger;
}

/** One request, or one subscription over a socket. */
export interface GatewayContext extends Services {
  readonly access: Access;
  readonly caller: Caller;
  readonly requestId: string;
  /** Replaced before each event of a subscription and each field of a mutation: none sees what was read for the one before. */
  loaders: Loaders;
}

export function createContext(services: Services, access: Access, requestId: string): GatewayContext {
  const { apiKey, tenantId } = access;
  return {
    ...services,
    access,
    caller: { tenantId, actor: { kind: 'API_KEY', id: apiKey.id, name: apiKey.name }, requestId },
    requestId,
    loaders: createLoaders(services.db, tenantId),
  };
}

export function renewLoaders(context: GatewayContext): void {
  context.loaders = createLoaders(context.db, context.access.tenantId);
}
