import type { Logger } from 'pino';
import type { ApiKeyStore, Caller, Database, EventFeed, SpendQueue, StateStore } from '@licet/database';
import type { Access } from './access.js';
import type { Metrics } from './metrics.js';
import { Loaders } from './loaders.js';
import { RequestStates } from './request-states.js';

/** What the gateway's requests share. */
export interface Services {
  readonly db: Database;
  readonly feed: EventFeed;
  readonly states: StateStore;
  readonly keys: ApiKeyStore;
  readonly spends: SpendQueue;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** One request, or one subscription over a socket. */
export interface GatewayContext {
  readonly db: Database;
  readonly feed: EventFeed;
  readonly spends: SpendQueue;
  readonly logger: Logger;
  readonly access: Access;
  readonly caller: Caller;
  readonly requestId: string;
  /** Replaced before each event of a subscription and each field of a mutation: none sees what was read for the one before. */
  loaders: Loaders;
  states: RequestStates;
  readonly store: StateStore;
  readonly metrics: Metrics;
}

export function createContext(services: Services, access: Access, requestId: string): GatewayContext {
  const { apiKey, tenantId } = access;
  const { db, feed, logger, states, spends, metrics } = services;
  return {
    db,
    feed,
    spends,
    logger,
    access,
    caller: { tenantId, actor: { kind: 'API_KEY', id: apiKey.id, name: apiKey.name }, requestId },
    requestId,
    loaders: new Loaders(db, tenantId),
    states: new RequestStates(states, tenantId),
    store: states,
    metrics,
  };
}

export function renewReads(context: GatewayContext): void {
  const { tenantId } = context.access;
  context.loaders = new Loaders(context.db, tenantId);
  context.states = new RequestStates(context.store, tenantId);
}
