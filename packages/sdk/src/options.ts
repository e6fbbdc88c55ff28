import { Credential, holderOf, type TokenSource } from './credential.js';
import { LicetError } from './errors.js';
import { type ClientStorage, memoryStorage } from './storage.js';

export interface ClientOptions {
  /** Of the gateway: `https://licet.example.com`. */
  readonly url: string;
  /** Of a service of the vendor's. Never in a page or in what is shipped. */
  readonly apiKey?: string;
  /** A customer token, for pages; a function is called for the next one when this one has ended. */
  readonly token?: TokenSource;
  /** Whose snapshot it is. May be left out beside a token that is a text, which says it. */
  readonly customerId?: string;
  /** The person whom checks are about that name nobody. Beside a token of a member that is a text, it is that member. */
  readonly memberId?: string;
  /** Pins whose keys may sign; else the first snapshot does. */
  readonly tenantId?: string;
  /** Where to keep what it needs to start without a network; by default nothing outlives the process. */
  readonly storage?: ClientStorage;
  /** Whether to hear of changes when they happen; else they are found when the snapshot is refreshed. By default it does. */
  readonly live?: boolean;
  /** How long one request may take, in milliseconds; 10 seconds by default. */
  readonly timeout?: number;
  /** Longest time between two attempts to reach the gateway, in milliseconds; a minute by default. */
  readonly retryMax?: number;
  /** Milliseconds since 1970; by default the clock of the machine. */
  readonly now?: () => number;
  /** In [0, 1): what keeps clients from coming all at once. */
  readonly random?: () => number;
  readonly fetch?: typeof globalThis.fetch;
}

export interface Settings {
  readonly url: string;
  readonly credential: Credential;
  readonly customerId: string;
  readonly memberId: string | null;
  readonly tenantId: string | null;
  readonly storage: ClientStorage;
  readonly live: boolean;
  readonly timeout: number;
  readonly retryMax: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly fetch: typeof globalThis.fetch;
}

/** Throws LicetError BAD_USER_INPUT, which names the option. */
export function readOptions(options: ClientOptions): Settings {
  const { apiKey, token } = options;
  if ((apiKey === undefined) === (token === undefined))
    throw wrong('apiKey', 'give either an `apiKey` or a `token`');
  const source = apiKey ?? token ?? '';
  if (source === '') throw wrong(apiKey === '' ? 'apiKey' : 'token', 'it is empty');
  const holder = typeof token === 'string' ? holderOf(token) : null;
  const customerId = options.customerId ?? holder?.customerId;
  if (customerId === undefined) throw wrong('customerId', 'name the customer whom checks are about');
  if (holder !== null && holder.customerId !== customerId)
    throw wrong('customerId', 'the token is of another customer; leave it out');
  const memberId = options.memberId ?? holder?.memberId ?? null;
  if (holder !== null && holder.memberId !== null && holder.memberId !== memberId)
    throw wrong('memberId', 'the token is of another member; leave it out');
  return {
    url: readUrl(options.url),
    credential: new Credential(source),
    customerId,
    memberId,
    tenantId: options.tenantId ?? null,
    storage: options.storage ?? memoryStorage(),
    live: options.live ?? true,
    timeout: options.timeout ?? 10_000,
    retryMax: options.retryMax ?? 60_000,
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
    // Browsers let nobody call it as a method of something else.
    fetch: options.fetch ?? ((...call) => globalThis.fetch(...call)),
  };
}

function readUrl(url: string): string {
  const { protocol, origin, pathname } = URL.canParse(url) ? new URL(url) : { protocol: '' };
  if ((protocol !== 'http:' && protocol !== 'https:') || origin === undefined || pathname === undefined)
    throw wrong('url', 'the address of the gateway, such as `https://licet.example.com`');
  return `${origin}${pathname.replace(/\/(graphql\/?)?$/, '')}`;
}

export function wrong(field: string, message: string): LicetError {
  return new LicetError('BAD_USER_INPUT', `\`${field}\`: ${message}`);
}
