import { Failure } from './failure.js';

/** Where the gateway is, and the API key that it is asked with. */
export interface Gateway {
  readonly url: string;
  readonly apiKey: string;
}

export interface GatewayOptions {
  readonly url?: string;
  readonly apiKey?: string;
}

/** What options or the environment name (`LICET_URL`, `LICET_API_KEY`); a failure where the key is missing. */
export function gatewayOf({ url, apiKey }: GatewayOptions, env: NodeJS.ProcessEnv): Gateway {
  const key = apiKey ?? env['LICET_API_KEY'];
  if (key === undefined)
    throw new Failure('USAGE', 'no API key is given; set LICET_API_KEY, or give --api-key');
  if (!/^[!-~]+$/.test(key))
    throw new Failure('USAGE', 'the API key is not all of one, or more than one; set LICET_API_KEY anew');
  return { url: readUrl(url ?? env['LICET_URL'] ?? 'http://127.0.0.1:4000'), apiKey: key };
}

function readUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : null;
  if (protocol === 'http:' || protocol === 'https:') return text.replace(/\/+$/, '');
  throw new Failure(
    'USAGE',
    `\`${text}\` is no address of a gateway; set LICET_URL, as https://licet.example`,
  );
}

/** How long an answer may take, in milliseconds. */
const PATIENCE = 30_000;

/** One operation; a failure where there is an error. */
export async function ask(
  { url, apiKey }: Gateway,
  query: string,
  variables: object = {},
): Promise<Readonly<Record<string, unknown>>> {
  const body = JSON.stringify({ query, variables });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const answer = parsed(await fetched(`${url}/graphql`, { method: 'POST', headers, body }), url);
  const [error] = listIn(answer, 'errors');
  if (error !== undefined) throw failureOf(error);
  const data = fieldOf(answer, 'data');
  if (!isObject(data)) throw new Failure('UNREACHABLE', `${url} answers, and not as a gateway does`);
  return data;
}

/** The keys that verify a tenant's tokens, as a JSON Web Key Set. */
export async function publishedKeys({ url }: Pick<Gateway, 'url'>, tenantId: string): Promise<object> {
  const text = await fetched(`${url}/.well-known/jwks.json?tenant=${encodeURIComponent(tenantId)}`, {});
  const set = parsed(text, url);
  if (listIn(set, 'keys').length === 0)
    throw new Failure('REFUSED', `${url} publishes no keys of the tenant \`${tenantId}\``);
  return set;
}

async function fetched(url: string, init: RequestInit): Promise<string> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) });
    return await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new Failure(
      'UNREACHABLE',
      `${url} does not answer (${reason}); is it running, and LICET_URL right?`,
    );
  }
}

function failureOf(error: unknown): Failure {
  const extensions = fieldOf(error, 'extensions');
  const [code, field] = [textIn(extensions, 'code'), textIn(extensions, 'field')];
  const where = field === null ? '' : `\`${field}\`: `;
  const exit = code === 'BAD_USER_INPUT' ? 'USAGE' : code === 'UNAVAILABLE' ? 'UNREACHABLE' : 'REFUSED';
  return new Failure(
    exit,
    `${where}${textIn(error, 'message') ?? 'the gateway refuses'} (${code ?? 'no code'})`,
    code,
  );
}

function parsed(text: string, url: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Failure('UNREACHABLE', `${url} answers, and not as a gateway does`);
}

/** The following read what came over the wire, and is of no certain form. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

export function textIn(value: unknown, name: string): string | null {
  const found = fieldOf(value, name);
  return typeof found === 'string' ? found : null;
}

export function listIn(value: unknown, name: string): readonly unknown[] {
  const found: unknown = fieldOf(value, name);
  return Array.isArray(found) ? found : [];
}

/** A text that the gateway promises. */
export function mustText(value: unknown, name: string): string {
  const text = textIn(value, name);
  if (text === null) throw new Failure('UNREACHABLE', `the gateway answers without \`${name}\``);
  return text;
}
