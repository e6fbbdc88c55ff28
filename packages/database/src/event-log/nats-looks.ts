import { setTimeout as delay } from 'node:timers/promises';
import {
  connect,
  type ConnectionOptions,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import type { TenantId } from '@licet/domain';

const SUBJECT = 'licet.look';
const AGAIN_MS = 250;
const CONNECT_MS = 2000;

/** Where NATS is, as `NATS_URL` says it. */
export type NatsServers = Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'tls'>;

/**
 * Reads `NATS_URL`: one server, or several of one cluster separated by commas. Null where it is not set; RangeError, with its
 * remedy, where it is none.
 */
export function parseNatsUrl(text: string | undefined): NatsServers | null {
  if (text === undefined || text === '') return null;
  const urls = text.split(',').map((one) => (URL.canParse(one.trim()) ? new URL(one.trim()) : null));
  const servers = urls.flatMap((url) =>
    url !== null && ['nats:', 'tls:'].includes(url.protocol) && url.hostname !== '' ? [url] : [],
  );
  const [first] = servers;
  // The value may hold a password, so it is not repeated.
  if (first === undefined || servers.length < urls.length)
    throw new RangeError(
      'NATS_URL is no NATS URL; set it to such as `nats://user:password@host:4222`, several separated by commas',
    );
  return {
    servers: servers.map(({ hostname, port }) => `${hostname}:${port === '' ? '4222' : port}`),
    ...credentialsIn(first),
    ...(servers.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
  };
}

function credentialsIn({ username, password }: URL): Pick<NatsServers, 'user' | 'pass' | 'token'> {
  if (username === '') return {};
  const name = decodeURIComponent(username);
  return password === '' ? { token: name } : { user: name, pass: decodeURIComponent(password) };
}

/**
 * "Look" signals over NATS: one subject for each tenant, so that a signal goes to those processes alone that follow its log. They say
 * nothing but that there is something to be read. While NATS is away none is sent and none is kept: readers poll besides.
 */
export class NatsLooks {
  readonly #options: ConnectionOptions;
  readonly #closing = new AbortController();
  readonly #opened: Promise<void>;
  readonly #followed = new Map<TenantId, { readonly look: () => void; subscription: Subscription | null }>();
  #connection: NatsConnection | null = null;
  #connected = false;

  constructor(servers: NatsServers, name: string) {
    this.#options = {
      ...servers,
      name,
      timeout: CONNECT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: AGAIN_MS,
    };
    this.#opened = this.#open();
  }

  /** Whether signals come and go. */
  get connected(): boolean {
    return this.#connected;
  }

  look(tenants: readonly TenantId[]): Promise<void> {
    if (this.#connected) for (const tenant of tenants) this.#connection?.publish(subjectOf(tenant));
    return Promise.resolve();
  }

  /** Calls `look` when a tenant's log has grown, until what is returned is called. */
  follow(tenant: TenantId, look: () => void): () => void {
    const followed = { look, subscription: this.#subscribe(tenant, look) };
    this.#followed.set(tenant, followed);
    return () => {
      followed.subscription?.unsubscribe();
      if (this.#followed.get(tenant) === followed) this.#followed.delete(tenant);
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connected = false;
    await this.#opened;
    await this.#connection?.close();
  }

  /** Until the first connection is made; from then on the client makes others by itself. */
  async #open(): Promise<void> {
    while (!this.#isClosing()) {
      try {
        const connection = await connect(this.#options);
        this.#connection = connection;
        if (this.#isClosing()) return;
        for (const [tenant, followed] of this.#followed)
          followed.subscription = this.#subscribe(tenant, followed.look);
        this.#connected = true;
        void this.#watch(connection);
        return;
      } catch {
        await delay(AGAIN_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #subscribe(tenant: TenantId, look: () => void): Subscription | null {
    if (this.#connection === null || this.#connection.isClosed()) return null;
    const callback = (error: Error | null): void => {
      if (error === null) look();
    };
    return this.#connection.subscribe(subjectOf(tenant), { callback });
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.#connected = false;
      if (type === 'reconnect') this.#connected = !this.#isClosing();
    }
  }
}

function subjectOf(tenant: TenantId): string {
  return `${SUBJECT}.${tenant}`;
}
