import { authenticateApiKey, touchApiKey, type ApiKey, type Database, type Role } from '@licet/database';
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

/** The access that an `Authorization` header gives; null where it names no valid key, whatever the reason. */
export async function authenticate(db: Database, header: unknown): Promise<Access | null> {
  const secret = typeof header === 'string' ? BEARER.exec(header)?.[1] : undefined;
  if (secret === undefined) return null;
  const authenticated = await authenticateApiKey(db, secret);
  if (authenticated === null) return null;
  await touchApiKey(db, authenticated);
  return new Access(authenticated.tenantId, authenticated.apiKey);
}
