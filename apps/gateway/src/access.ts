import type { ApiKey, ApiKeyStore, Authenticated, Role } from '@licet/database';
import type { CustomerId, TenantId } from '@licet/domain';
import { ApiError } from './errors/api-error.js';

const RANK: Readonly<Record<Role, number>> = { READER: 0, SERVICE: 1, OPERATOR: 2, ADMIN: 3 };
const BEARER = /^Bearer +(\S+)$/i;

/** What the caller's key allows: its role, narrowed by the operations and customers that it names (none: all). */
export class Access {
  private readonly operations: ReadonlySet<string>;
  private readonly customers: ReadonlySet<string>;

  constructor(
    readonly tenantId: TenantId,
    readonly apiKey: ApiKey,
  ) {
    this.operations = new Set(apiKey.operations);
    this.customers = new Set<string>(apiKey.customerIds);
  }

  /** FORBIDDEN unless the key's role reaches `role` and the key names the operation, or names none. */
  requireOperation(operation: string, role: Role): void {
    if (RANK[this.apiKey.role] < RANK[role]) {
      throw new ApiError(
        'FORBIDDEN',
        `\`${operation}\` needs a key with the role ${role}; this one is ${this.apiKey.role}`,
      );
    }
    if (this.operations.size > 0 && !this.operations.has(operation)) {
      throw new ApiError('FORBIDDEN', `this key is not for \`${operation}\``);
    }
  }

  /** FORBIDDEN where the key is for other customers. Returns the id. */
  requireCustomer<T extends string>(id: T): T {
    if (!this.sees(id)) throw new ApiError('FORBIDDEN', `this key is not for the customer \`${id}\``);
    return id;
  }

  /** FORBIDDEN where the key is for some customers alone: `what` are for all of them. */
  requireEveryCustomer(what: string): void {
    if (!this.isNarrowed) return;
    throw new ApiError('FORBIDDEN', `this key is for some customers alone; ${what} are for all of them`);
  }

  /** Whether the key may see what belongs to this customer; null: to no customer. */
  sees(id: string | null): boolean {
    return !this.isNarrowed || (id !== null && this.customers.has(id));
  }

  /** Whether the key is for some customers alone. */
  get isNarrowed(): boolean {
    return this.customers.size > 0;
  }

  /** For lists: the customers that the key is for, or null for all. */
  get only(): readonly CustomerId[] | null {
    return this.isNarrowed ? this.apiKey.customerIds : null;
  }
}

const ACCESSES = new WeakMap<Authenticated, Access>();

function accessOf(authenticated: Authenticated): Access {
  const known = ACCESSES.get(authenticated);
  if (known) return known;
  const access = new Access(authenticated.tenantId, authenticated.apiKey);
  ACCESSES.set(authenticated, access);
  return access;
}

/** The access of a key that is known in memory; null where it must be looked up. */
export function knownAccess(keys: ApiKeyStore, header: unknown): Access | null {
  const secret = secretIn(header);
  const known = secret === null ? null : keys.peek(secret);
  return known && accessOf(known);
}

/** The access that an `Authorization` header gives; null where it names no valid key, whatever the reason. */
export async function authenticate(keys: ApiKeyStore, header: unknown): Promise<Access | null> {
  const secret = secretIn(header);
  const authenticated = secret === null ? null : await keys.authenticate(secret);
  return authenticated && accessOf(authenticated);
}

function secretIn(header: unknown): string | null {
  return (typeof header === 'string' ? BEARER.exec(header)?.[1] : undefined) ?? null;
}
