import { decodeJwt } from 'jose';
import { within } from './deadline.js';
import { LicetError } from './errors.js';

/** A customer token, or what fetches the next one when this one has ended. */
export type TokenSource = string | (() => string | Promise<string>);

/** What is shown to the gateway. */
export class Credential {
  #current: Promise<string> | null = null;
  #shown: string | null = null;

  readonly #closing = new AbortController();

  /** `timeout`: how long the next token may take to come, in milliseconds. */
  constructor(
    private readonly source: TokenSource,
    private readonly timeout: number,
  ) {}

  /** Aborts with the end of the client. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Nobody waits for a token any more, nor for what one was fetched for. */
  close(): void {
    this.#closing.abort();
  }

  /** The value of the header `authorization`. Whoever asks while the next token is fetched gets that one, too. */
  header(): Promise<string> {
    return (this.#current ??= this.#next());
  }

  /** The gateway does not take this header any more; whether there is another one to be had. */
  renew(refused: string): boolean {
    if (typeof this.source === 'string') return false;
    // Somebody else may have been refused before, and have another one.
    if (refused === this.#shown) this.#current = this.#shown = null;
    return true;
  }

  #next(): Promise<string> {
    const { source } = this;
    const asked = Promise.resolve().then(() => (typeof source === 'string' ? source : source()));
    const next = within(asked, this.timeout, 'what gives the token', this.closed).then(
      (token) => (this.#shown = `Bearer ${readToken(token)}`),
    );
    next.catch(() => (this.#current = null));
    return next;
  }
}

/** Programs without types give nothing, too, where nobody is signed in: the gateway would take it for a guess. */
function readToken(token: unknown): string {
  if (typeof token === 'string' && token !== '') return token;
  throw new Error(
    `\`token\`: its function gave ${token === '' ? 'an empty text' : `no text, but the type ${typeof token}`}`,
  );
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
