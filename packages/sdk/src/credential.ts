import { decodeJwt } from 'jose';
import { LicetError } from './errors.js';

/** A customer token, or what fetches the next one when this one has ended. */
export type TokenSource = string | (() => string | Promise<string>);

/** What is shown to the gateway. */
export class Credential {
  #current: string | null;

  constructor(private readonly source: TokenSource) {
    this.#current = typeof source === 'string' ? source : null;
  }

  /** The value of the header `authorization`. */
  async header(): Promise<string> {
    if (this.#current === null) {
      const { source } = this;
      this.#current = typeof source === 'string' ? source : await source();
    }
    return `Bearer ${this.#current}`;
  }

  /** The gateway does not take it any more; whether there is another one to be had. */
  renew(): boolean {
    if (typeof this.source === 'string') return false;
    this.#current = null;
    return true;
  }
}

/** Whom a token is for. The gateway verifies it; here it only says whose snapshot is meant. */
export function holderOf(token: string): { readonly customerId: string; readonly memberId: string | null } {
  const { sub, member } = claimsOf(token);
  if (sub === undefined)
    throw new LicetError('BAD_USER_INPUT', '`token` names no customer; make one by createCustomerToken');
  return { customerId: sub, memberId: typeof member === 'string' ? member : null };
}

function claimsOf(token: string) {
  try {
    return decodeJwt(token);
  } catch {
    throw new LicetError(
      'BAD_USER_INPUT',
      '`token` is no customer token; make one by createCustomerToken, or give an `apiKey` and a `customerId`',
    );
  }
}
