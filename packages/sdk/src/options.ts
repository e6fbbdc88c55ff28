import { Credential, holderOf, type TokenSource } from './credential.js';
import { LicetError } from './errors.js';
import { boundedStorage, type ClientStorage, memoryStorage } from './storage.js';

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
  /** Features, by key, whose units are taken in advance by the block, so that most spends ask nobody. By default there are none. */
  readonly leases?: Readonly<Record<string, LeaseOptions>>;
  /** Whether, and how, the gateway is told what checks have decided (`reportDecisions`). By default it is. */
  readonly reports?: boolean | ReportOptions;
  /** How long one request, `token` or the `storage` may take, in milliseconds; 10 seconds by default, a day at most. */
  readonly timeout?: number;
  /** Longest time between two attempts to reach the gateway, in milliseconds; a minute by default, a day at most. */
  readonly retryMax?: number;
  /** Milliseconds since 1970; by default the clock of the machine. */
  readonly now?: () => number;
  /** In [0, 1): what keeps clients from coming all at once. */
  readonly random?: () => number;
  readonly fetch?: typeof globalThis.fetch;
}

export interface LeaseOptions {
  /** How long a lease lasts, in milliseconds; a minute by default, a year at most. Who dies meanwhile has spent all of it. */
  readonly ttl?: number;
  /** Units of the first lease; 100 by default. Those that follow go by how much was wanted lately. */
  readonly first?: number;
  /** Most units of one lease; 10,000 by default. */
  readonly most?: number;
}

export interface ReportOptions {
  /** Milliseconds between two reports; 10 seconds by default. */
  readonly every?: number;
  /** How many decisions may wait to be reported; 1,000 by default. What is made beyond is only counted (`client.reports`). */
  readonly most?: number;
}

export interface Settings {
  readonly url: string;
  readonly credential: Credential;
  readonly customerId: string;
  readonly memberId: string | null;
  readonly tenantId: string | null;
  readonly storage: ClientStorage;
  readonly live: boolean;
  readonly leases: ReadonlyMap<string, Required<LeaseOptions>>;
  /** Null: nothing is reported. */
  readonly reports: Required<ReportOptions> | null;
  readonly timeout: number;
  readonly retryMax: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly fetch: typeof globalThis.fetch;
}

/** Throws LicetError BAD_USER_INPUT, which names the option. */
export function readOptions(options: ClientOptions): Settings {
  const { token } = options;
  const source = readSource(options);
  const holder = typeof token === 'string' ? holderOf(token) : null;
  const customerId = options.customerId ?? holder?.customerId;
  if (customerId === undefined) throw wrong('customerId', 'name the customer whom checks are about');
  mustBeId('customerId', customerId);
  if (holder !== null && holder.customerId !== customerId)
    throw wrong('customerId', 'the token is of another customer; leave it out');
  const memberId = options.memberId ?? holder?.memberId ?? null;
  if (memberId !== null) mustBeId('memberId', memberId);
  if (holder !== null && holder.memberId !== null && holder.memberId !== memberId)
    throw wrong('memberId', 'the token is of another member; leave it out');
  const timeout = aDayAtMost('timeout', options.timeout ?? 10_000);
  return {
    url: readUrl(options.url),
    credential: new Credential(source, timeout),
    customerId,
    memberId,
    tenantId: options.tenantId ?? null,
    storage: boundedStorage(readStorage(options.storage ?? memoryStorage()), timeout),
    live: options.live ?? true,
    leases: readLeases(options.leases ?? {}),
    reports: readReports(options.reports ?? true),
    timeout,
    retryMax: aDayAtMost('retryMax', options.retryMax ?? 60_000),
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
    // Browsers let nobody call it as a method of something else.
    fetch: options.fetch ?? ((...call) => globalThis.fetch(...call)),
  };
}

function readSource({ apiKey, token }: ClientOptions): TokenSource {
  if ((apiKey === undefined) === (token === undefined))
    throw wrong('apiKey', 'give either an `apiKey` or a `token`');
  const [field, source] = apiKey === undefined ? ['token', token] : ['apiKey', apiKey];
  if (source === '') throw wrong(field, 'it is empty');
  if (typeof source === 'string' || (typeof source === 'function' && field === 'token')) return source;
  throw wrong(field, field === 'token' ? 'a text, or a function that gives one' : 'a text');
}

/** Programs without types hand in numbers as well, and no snapshot is of those. */
function mustBeId(field: string, id: unknown): void {
  if (typeof id !== 'string') throw wrong(field, `a text, not of the type ${typeof id}`);
  if (id === '') throw wrong(field, 'it is empty');
  if (/\p{Surrogate}/u.test(id)) throw wrong(field, 'a text of whole characters; half of one is in it');
}

function readStorage(storage: ClientStorage): ClientStorage {
  const kinds = [typeof storage.read, typeof storage.write, typeof storage.place];
  if (kinds.every((kind) => kind === 'function')) return storage;
  throw wrong('storage', 'what has the functions `read`, `write` and `place`, such as `memoryStorage()`');
}

function readLeases(leases: Readonly<Record<string, LeaseOptions>>): Settings['leases'] {
  return new Map(
    Object.entries(leases).map(([feature, { ttl = 60_000, first = 100, most = 10_000 }]) => [
      feature,
      {
        ttl: atMost(`leases.${feature}.ttl`, ttl, A_YEAR, 'a year'),
        first: atLeastOne(`leases.${feature}.first`, first),
        most: atLeastOne(`leases.${feature}.most`, most),
      },
    ]),
  );
}

function readReports(reports: boolean | ReportOptions): Settings['reports'] {
  if (reports === false) return null;
  const { every = 10_000, most = 1_000 } = reports === true ? {} : reports;
  return { every: atLeastOne('reports.every', every), most: atLeastOne('reports.most', most) };
}

function atLeastOne(field: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw wrong(field, `a whole number of 1 or more, not ${String(value)}`);
}

/** Timers of a platform take more than 24 days for none at all. */
function aDayAtMost(field: string, milliseconds: number): number {
  return atMost(field, milliseconds, A_DAY, 'a day');
}

function atMost(field: string, milliseconds: number, longest: number, named: string): number {
  if (atLeastOne(field, milliseconds) <= longest) return milliseconds;
  throw wrong(field, `${String(longest)} (${named}) at most, not ${String(milliseconds)}`);
}

const A_DAY = 86_400_000;
/** The gateway lends nothing for longer. */
const A_YEAR = 365 * A_DAY;

function readUrl(url: string): string {
  const address = parseUrl(url);
  if (address?.protocol !== 'http:' && address?.protocol !== 'https:')
    throw wrong('url', 'the address of the gateway, such as `https://licet.example.com`');
  return `${address.origin}${address.pathname.replace(/\/(graphql\/?)?$/, '')}`;
}

/** `URL.parse`, which Node has from 22 on. */
function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

export function wrong(field: string, message: string): LicetError {
  return new LicetError('BAD_USER_INPUT', `\`${field}\`: ${message}`);
}
