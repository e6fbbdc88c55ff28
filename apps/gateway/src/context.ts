import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type {
  Caller,
  Database,
  DecisionRecorder,
  DecisionReports,
  EventFeed,
  SpendQueue,
  StateStore,
} from '@licet/database';
import type { Access, CredentialStores } from './access.js';
import type { InstallationKey, TokenSigners } from '@licet/database';
import type { AddressOf } from './address.js';
import type { CrossOrigin } from './cross-origin.js';
import type { KeySets } from './key-sets.js';
import type { StreamLimits } from './doors/ofrep/stream-places.js';
import type { LicenseKeys } from './license-keys.js';
import type { Metrics } from './metrics.js';
import { Loaders } from './loaders.js';
import { RequestStates } from './request-states.js';

/** What the gateway's requests share. */
export interface Services extends CredentialStores {
  readonly db: Database;
  readonly feed: EventFeed;
  readonly states: StateStore;
  readonly keySets: KeySets;
  readonly licenseKeys: LicenseKeys;
  readonly signers: TokenSigners;
  readonly installationKey: InstallationKey;
  readonly addressOf: AddressOf;
  readonly crossOrigin: CrossOrigin;
  readonly spends: SpendQueue;
  readonly decisions: DecisionRecorder;
  readonly reports: DecisionReports;
  readonly streamLimits: StreamLimits;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** One request, or one subscription over a socket. */
export class GatewayContext {
  readonly db: Database;
  readonly feed: EventFeed;
  readonly spends: SpendQueue;
  readonly logger: Logger;
  readonly caller: Caller;
  readonly store: StateStore;
  readonly metrics: Metrics;
  /** What the fast lane's answer says about when to come again, in seconds. */
  retryAfter: number | null = null;
  private currentLoaders: Loaders | null = null;
  private currentStates: RequestStates | null = null;

  constructor(
    readonly services: Services,
    readonly access: Access,
    readonly requestId: string,
    /** Null: it came over a socket. */
    private readonly request: IncomingMessage | null = null,
  ) {
    const { actor, tenantId } = access;
    this.db = services.db;
    this.feed = services.feed;
    this.spends = services.spends;
    this.logger = services.logger;
    this.store = services.states;
    this.metrics = services.metrics;
    this.caller = { tenantId, actor, requestId };
  }

  /** From where the request comes. Over sockets all come from one place. */
  get address(): string {
    return this.request === null ? 'socket' : this.services.addressOf(this.request);
  }

  /** After the tenant's signing keys have changed here: what is kept of them is read anew. */
  forgetSigningKeys(): void {
    const { keySets, tokens, signers } = this.services;
    keySets.forget(this.access.tenantId);
    signers.forget(this.access.tenantId);
    tokens.forgetKeys(this.access.tenantId);
  }

  get loaders(): Loaders {
    return (this.currentLoaders ??= new Loaders(this.db, this.access.tenantId));
  }

  get states(): RequestStates {
    return (this.currentStates ??= new RequestStates(this.store, this.access.tenantId));
  }

  /**
   * Before each event of a subscription and each field of a mutation: none sees what was read for the one before, and a
   * subscription that waits holds nothing of it.
   */
  renewReads(): void {
    this.currentLoaders = null;
    this.currentStates = null;
  }
}
