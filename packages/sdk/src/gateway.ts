import type { JWK } from 'jose';
import type { Credential } from './credential.js';
import { LicetError, messageOf } from './errors.js';
import { isRecord, parseJson } from './json.js';
import { isKey } from './kept.js';

export interface GatewayOptions {
  /** Of the gateway, without a path. */
  readonly url: string;
  readonly credential: Credential;
  readonly fetch: typeof globalThis.fetch;
  /** How long one request may take, in milliseconds. */
  readonly timeout: number;
}

export type FetchedSnapshot =
  { readonly kind: 'SAME' } | { readonly kind: 'NEW'; readonly token: string; readonly etag: string | null };

interface Sent {
  readonly method?: 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The requests of a client. Each throws LicetError where it has no result. */
export class Gateway {
  constructor(private readonly options: GatewayOptions) {}

  /** What is on its way fails, and what comes later too. */
  close(): void {
    this.options.credential.close();
  }

  async snapshot(customerId: string, etag: string | null): Promise<FetchedSnapshot> {
    const path = `/v1/snapshot?customerId=${encodeURIComponent(customerId)}`;
    const headers: Record<string, string> = etag === null ? {} : { 'if-none-match': etag };
    const response = await this.#authorized(path, { headers });
    if (response.status === 304 && etag !== null) return { kind: 'SAME' };
    const token = await textOf(response);
    if (!response.ok) throw errorOf(response, token);
    return { kind: 'NEW', token, etag: response.headers.get('etag') };
  }

  async keys(tenantId: string): Promise<readonly JWK[]> {
    const response = await this.#send(`/.well-known/jwks.json?tenant=${encodeURIComponent(tenantId)}`, {});
    const text = await textOf(response);
    if (!response.ok) throw errorOf(response, text);
    const set = parseJson(text);
    const keys = isRecord(set) && Array.isArray(set['keys']) ? set['keys'] : [];
    return keys.filter(isKey);
  }

  /** The data of a GraphQL document with one field. */
  async ask(query: string, variables: object): Promise<unknown> {
    const response = await this.#authorized('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const text = await textOf(response);
    const answer = parseJson(text);
    if (!isRecord(answer)) throw errorOf(response, text);
    const error = firstError(answer);
    if (error === undefined && isRecord(answer['data'])) return answer['data'];
    throw readError(error) ?? errorOf(response, text);
  }

  async #authorized(path: string, init: Sent): Promise<Response> {
    const { credential } = this.options;
    const authorization = await reached(() => credential.header());
    const response = await this.#sendAs(authorization, path, init);
    if (response.status !== 401 || !credential.renew(authorization)) return response;
    return this.#sendAs(await reached(() => credential.header()), path, init);
  }

  #sendAs(authorization: string, path: string, init: Sent): Promise<Response> {
    return this.#send(path, { ...init, headers: { ...init.headers, authorization } });
  }

  #send(path: string, init: Sent): Promise<Response> {
    const { fetch, url, timeout, credential } = this.options;
    const signal = AbortSignal.any([credential.closed, AbortSignal.timeout(timeout)]);
    return reached(() => fetch(`${url}${path}`, { ...init, signal }));
  }
}

/** Whatever fails on the way is one thing: no answer. */
async function reached<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new LicetError('UNREACHABLE', `the gateway does not answer: ${messageOf(error)}`);
  }
}

function textOf(response: Response): Promise<string> {
  return reached(() => response.text());
}

function firstError({ errors }: Readonly<Record<string, unknown>>): unknown {
  const list: readonly unknown[] = Array.isArray(errors) ? errors : [];
  return list[0];
}

function readError(error: unknown): LicetError | null {
  if (!isRecord(error) || !isRecord(error['extensions'])) return null;
  const { code } = error['extensions'];
  return typeof code === 'string' ? new LicetError(code, String(error['message'])) : null;
}

function errorOf({ status }: Response, text: string): LicetError {
  const body = parseJson(text);
  const told = readError(isRecord(body) ? firstError(body) : undefined);
  if (told !== null) return told;
  return new LicetError(
    CODES.get(status) ?? 'UNAVAILABLE',
    `the gateway answered with the status ${String(status)}`,
  );
}

/** Of answers without one: whoever stands before the gateway gives them, too. What is too large stays so however often it is sent. */
const CODES: ReadonlyMap<number, string> = new Map([
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [413, 'BAD_USER_INPUT'],
]);
