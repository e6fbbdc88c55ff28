export interface AskedOfLender {
  readonly query: string;
  readonly variables: {
    readonly input?: { readonly quantity: number; readonly ttl: string; readonly idempotencyKey: string };
    readonly id?: string;
    readonly spent?: number;
  };
}

/** Lends the units of one counter, as a gateway does: to each key once, as much as there is. */
export class Lender {
  left = Infinity;
  /** Of each lease, by its key: what it was of. */
  readonly lent = new Map<string, number>();
  /** Spent of each that was returned. */
  readonly returned = new Map<string, number>();
  requests = 0;
  /** Longest life, in milliseconds: as where a window ends. */
  most = Infinity;
  /** How many answers get lost. */
  lost = 0;

  /** Null: it is asked for something else. */
  answer({ query, variables }: AskedOfLender, now: number): object | null {
    const { input, id, spent = 0 } = variables;
    if (query.includes('returnQuota') && id !== undefined) {
      this.requests += 1;
      this.returned.set(id, spent);
      return { data: { returnQuota: { consumed: spent } } };
    }
    if (!query.includes('leaseQuota') || input === undefined) return null;
    this.requests += 1;
    const { quantity: wanted, ttl, idempotencyKey } = input;
    const quantity = this.lent.get(idempotencyKey) ?? Math.min(this.left, wanted);
    if (quantity === 0) return { data: { leaseQuota: { revision: 'r', lease: null, decision: DENIED } } };
    if (!this.lent.has(idempotencyKey)) this.left -= quantity;
    this.lent.set(idempotencyKey, quantity);
    const milliseconds = Math.min(this.most, 1000 * Number(/^PT(.*)S$/.exec(ttl)?.[1]));
    const expiresAt = new Date(now + milliseconds).toISOString();
    const lease = { id: idempotencyKey, quantity, expiresAt };
    return { data: { leaseQuota: { revision: 'r', lease, decision: ALLOWED } } };
  }
}

const UNITS = { limit: 1000, unlimited: false, used: 0, reserved: 10, remaining: 990, resetsAt: null };
const ALLOWED = { allowed: true, code: 'ENTITLED', message: '', ...UNITS };
const DENIED = { ...ALLOWED, allowed: false, code: 'LIMIT_EXCEEDED' };
