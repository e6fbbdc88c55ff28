import {
  type Actor,
  type ApiKey,
  type ApiKeyStore,
  type Authenticated,
  type CustomerToken,
  type CustomerTokenStore,
  isCustomerToken,
  type LicenseOfKey,
  parseLicenseKey,
  type Role,
} from '@licet/database';
import { type CustomerId, type Instant, type MemberId, parseTenantId, type TenantId } from '@licet/domain';
import { CUSTOMER_TOKEN_OPERATIONS } from './customer-token-operations.js';
import { LICENSE_KEY_OPERATIONS, OPEN_OPERATIONS } from './license-key-operations.js';
import { ApiError } from './errors/api-error.js';
import type { LicenseKeys } from './license-keys.js';

const RANK: Readonly<Record<Role, number>> = { READER: 0, SERVICE: 1, OPERATOR: 2, ADMIN: 3 };
const BEARER = /^Bearer +(\S.*)$/i;

/** What a caller has shown. */
export type Credential =
  | { readonly kind: 'API_KEY'; readonly apiKey: ApiKey }
  | { readonly kind: 'CUSTOMER_TOKEN'; readonly token: CustomerToken }
  | { readonly kind: 'LICENSE_KEY'; readonly license: LicenseOfKey }
  | { readonly kind: 'NONE' };

/**
 * What the caller's credential allows. An API key: its role, narrowed by the operations and customers that it names (none:
 * all). A customer token: to read and follow its customer. A licence key: what its licence is for (docs/access.md).
 */
export class Access {
  /** By whom events and the log say that it was done. */
  readonly actor: Actor;
  private readonly operations: ReadonlySet<string>;
  private readonly customers: ReadonlySet<string>;

  constructor(
    readonly tenantId: TenantId,
    private readonly credential: Credential,
  ) {
    this.actor = actorOf(credential);
    this.operations = new Set(operationsOf(credential));
    this.customers = new Set<string>(customersOf(credential));
  }

  /** FORBIDDEN unless the credential is for the operation; an API key is where its role reaches `role`. */
  requireOperation(operation: string, role: Role): void {
    const { credential } = this;
    if (credential.kind === 'API_KEY' && RANK[credential.apiKey.role] < RANK[role]) {
      throw new ApiError(
        'FORBIDDEN',
        `\`${operation}\` needs a key with the role ${role}; this one is ${credential.apiKey.role}`,
      );
    }
    if (this.operations.size > 0 && !this.operations.has(operation)) {
      throw new ApiError('FORBIDDEN', `${this.name} is not for \`${operation}\``);
    }
  }

  /** For what routers alone ask: FORBIDDEN unless the credential names the operation. Of a key its role says nothing. */
  requireRouter(operation: string): void {
    if (this.operations.has(operation)) return;
    throw new ApiError(
      'FORBIDDEN',
      `\`${operation}\` is for routers: ${this.name} does not name it; send a key with \`operations: ["_service", "_entities", …]\``,
    );
  }

  /** FORBIDDEN where the credential is for other customers. Returns the id. */
  requireCustomer<T extends string>(id: T): T {
    if (!this.sees(id)) throw new ApiError('FORBIDDEN', `${this.name} is not for the customer \`${id}\``);
    return id;
  }

  /**
   * For what has an id of its own. FORBIDDEN alike where it is of a customer that the credential is not for and where there is no
   * such thing (`customerId` null), so that nobody learns what others have. `what`: "the licence `lic_1`".
   */
  requireOwner(what: string, customerId: string | null): void {
    if (!this.sees(customerId)) throw new ApiError('FORBIDDEN', `${this.name} is not for ${what}`);
  }

  /** FORBIDDEN where the credential is for some customers alone; `why` not: "releases are for all of them". */
  requireEveryCustomer(why: string): void {
    if (this.isNarrowed) throw new ApiError('FORBIDDEN', `${this.name} is for some customers alone; ${why}`);
  }

  /** The API key that it is; FORBIDDEN for any other credential; `why`: "plans are of the catalog". */
  requireApiKey(why: string): ApiKey {
    if (this.credential.kind === 'API_KEY') return this.credential.apiKey;
    throw new ApiError('FORBIDDEN', `${this.name} is for one customer; ${why}`);
  }

  /**
   * The person that a check is about: the one that is asked for, or the one that the token names. FORBIDDEN where that is
   * another. `field`: the argument, for errors.
   */
  requireMember(field: string, asked: MemberId | null): MemberId | null {
    const own = this.credential.kind === 'CUSTOMER_TOKEN' ? this.credential.token.memberId : null;
    if (own === null || asked === null || asked === own) return asked ?? own;
    throw new ApiError('FORBIDDEN', `this token is for the member \`${own}\` and asks for no other`, field);
  }

  /** FORBIDDEN where the credential is for another licence. `id`: what was sent for one. `field`: the argument, for errors. */
  requireLicense(field: string, id: string): void {
    const { credential } = this;
    if (credential.kind !== 'LICENSE_KEY' || credential.license.licenseId === id) return;
    throw new ApiError('FORBIDDEN', `this licence key is not for the licence \`${id}\``, field);
  }

  /** FORBIDDEN where nothing shows to which tenant the caller belongs. */
  requireTenant(): void {
    if (this.ownTenant === null)
      throw new ApiError(
        'FORBIDDEN',
        `${this.name} sees no more than the licence itself; send its key as bearer`,
      );
  }

  /** FORBIDDEN for a credential that is for one licence alone: what else its customer has is not its matter. */
  requireCustomerData(): void {
    if (this.seesCustomerData) return;
    throw new ApiError('FORBIDDEN', `${this.name} sees its licence alone; ask with an API key`);
  }

  /** Whether the credential is for all that a customer has, not for one licence alone. */
  get seesCustomerData(): boolean {
    const { kind } = this.credential;
    return kind === 'API_KEY' || kind === 'CUSTOMER_TOKEN';
  }

  /** The licence that the credential is for alone; null: it is for more. */
  get ownLicense(): LicenseOfKey | null {
    return this.credential.kind === 'LICENSE_KEY' ? this.credential.license : null;
  }

  /** The tenant that the caller belongs to; null: it has shown nothing that says so. */
  get ownTenant(): TenantId | null {
    return this.credential.kind === 'NONE' ? null : this.tenantId;
  }

  /** Whether the credential may see what belongs to this customer; null: to no customer. */
  sees(id: string | null): boolean {
    return !this.isNarrowed || (id !== null && this.customers.has(id));
  }

  /** Whether the credential is for some customers alone. */
  get isNarrowed(): boolean {
    return this.customers.size > 0;
  }

  /** For lists: the customers that the credential is for, or null for all. */
  get only(): readonly CustomerId[] | null {
    return this.isNarrowed ? customersOf(this.credential) : null;
  }

  /** The customer whose own credential it is; null: the vendor's. */
  get ownCustomer(): CustomerId | null {
    const [own = null] = this.credential.kind === 'API_KEY' ? [] : customersOf(this.credential);
    return own;
  }

  /** The id of the API key that it is; null: it is none. */
  get keyId(): string | null {
    return this.credential.kind === 'API_KEY' ? this.credential.apiKey.id : null;
  }

  /** Whether it may end before its time; a customer token is not stored, and does not. */
  get isRevocable(): boolean {
    return this.credential.kind === 'API_KEY';
  }

  /** When it ends by itself; null: never. */
  get expiresAt(): Instant | null {
    const { credential } = this;
    switch (credential.kind) {
      case 'API_KEY':
        return credential.apiKey.expiresAt;
      case 'CUSTOMER_TOKEN':
        return credential.token.expiresAt;
      case 'LICENSE_KEY':
      case 'NONE':
        return null;
    }
  }

  private get name(): string {
    return NAMES[this.credential.kind];
  }
}

const NAMES = {
  API_KEY: 'this key',
  CUSTOMER_TOKEN: 'this customer token',
  LICENSE_KEY: 'this licence key',
  NONE: 'a request without a credential',
} as const satisfies Record<Credential['kind'], string>;

function actorOf(credential: Credential): Actor {
  switch (credential.kind) {
    case 'API_KEY':
      return { kind: 'API_KEY', id: credential.apiKey.id, name: credential.apiKey.name };
    case 'CUSTOMER_TOKEN':
      return { kind: 'CUSTOMER', id: credential.token.customerId, name: credential.token.memberId };
    case 'LICENSE_KEY':
      return { kind: 'LICENSE', id: credential.license.licenseId, name: null };
    case 'NONE':
      return { kind: 'LICENSE', id: 'unknown', name: null };
  }
}

function operationsOf(credential: Credential): readonly string[] {
  switch (credential.kind) {
    case 'API_KEY':
      return credential.apiKey.operations;
    case 'CUSTOMER_TOKEN':
      return CUSTOMER_TOKEN_OPERATIONS;
    case 'LICENSE_KEY':
      return LICENSE_KEY_OPERATIONS;
    case 'NONE':
      return OPEN_OPERATIONS;
  }
}

function customersOf(credential: Credential): readonly CustomerId[] {
  switch (credential.kind) {
    case 'API_KEY':
      return credential.apiKey.customerIds;
    case 'CUSTOMER_TOKEN':
      return [credential.token.customerId];
    case 'LICENSE_KEY':
      return [credential.license.customerId];
    case 'NONE':
      return [];
  }
}

/** Where credentials are looked up. */
export interface CredentialStores {
  readonly keys: ApiKeyStore;
  readonly tokens: CustomerTokenStore;
}

const ACCESSES = new WeakMap<Authenticated | CustomerToken, Access>();

function accessOfKey(authenticated: Authenticated): Access {
  const { tenantId, apiKey } = authenticated;
  return remembered(authenticated, () => new Access(tenantId, { kind: 'API_KEY', apiKey }));
}

function accessOfToken(token: CustomerToken): Access {
  return remembered(token, () => new Access(token.tenantId, { kind: 'CUSTOMER_TOKEN', token }));
}

function accessOfLicense(license: LicenseOfKey): Access {
  return new Access(license.tenantId, { kind: 'LICENSE_KEY', license });
}

/** Of no tenant: there is nothing that it could read. */
export const NO_ACCESS = new Access(nobodysTenant(), { kind: 'NONE' });

function nobodysTenant(): TenantId {
  const id = parseTenantId('00000000-0000-0000-0000-000000000000');
  if (id === null) throw new Error('a tenant id');
  return id;
}

function remembered(shown: Authenticated | CustomerToken, make: () => Access): Access {
  const known = ACCESSES.get(shown);
  if (known) return known;
  const access = make();
  ACCESSES.set(shown, access);
  return access;
}

/** The access of a credential that is known in memory; null where it must be looked up. */
export function knownAccess({ keys, tokens }: CredentialStores, header: unknown): Access | null {
  const secret = secretIn(header);
  if (secret === null) return null;
  const key = keys.peek(secret);
  if (key !== null) return accessOfKey(key);
  const token = tokens.peek(secret);
  return token && accessOfToken(token);
}

/** The access that an `Authorization` header gives; null where it names no valid credential, whatever the reason. */
export async function authenticate(
  { keys, tokens }: CredentialStores,
  header: unknown,
): Promise<Access | null> {
  const secret = secretIn(header);
  if (secret === null) return null;
  if (isCustomerToken(secret)) {
    const token = await tokens.authenticate(secret);
    return token && accessOfToken(token);
  }
  const authenticated = await keys.authenticate(secret);
  return authenticated && accessOfKey(authenticated);
}

/** As `authenticate`, for requests: these may come with a licence key, from an address that may not be wrong too often. */
export async function authenticateRequest(
  services: CredentialStores & { readonly licenseKeys: LicenseKeys },
  header: unknown,
  address: string,
): Promise<Access | null> {
  const typed = shownIn(header);
  if (typed === null || parseLicenseKey(typed) === null) return authenticate(services, header);
  const license = await services.licenseKeys.open(typed, {
    address,
    tenantId: null,
    isService: false,
  });
  return license && accessOfLicense(license);
}

/** A key or a token: none has a space. */
function secretIn(header: unknown): string | null {
  const shown = shownIn(header);
  return shown === null || /\s/.test(shown) ? null : shown;
}

/** All that follows `Bearer`: people type licence keys with spaces. */
function shownIn(header: unknown): string | null {
  return (typeof header === 'string' ? BEARER.exec(header)?.[1] : undefined) ?? null;
}
