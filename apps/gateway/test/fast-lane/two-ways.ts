import { createHash, randomUUID } from 'node:crypto';
import type { TestGateway } from '../gateway.js';

export type Lane = 'general' | 'compiled';

/** An operation that is sent twice: so that the general lane has to answer, and so that the other one may. */
export interface Operation {
  readonly name: string;
  readonly document: string;
  /** What the two ways write has to differ: `way` goes into their ids and keys. */
  readonly variables?: Body | ((way: Way) => Body);
  readonly operationName?: string;
  /** Sent before it, for its effect. */
  readonly before?: (way: Way) => Promise<unknown>;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
export type Way = 'way-a' | 'way-b';
export type Body = Readonly<Record<string, unknown>>;

/** What clients see of an answer and what has to be the same; `lane` is not. */
export interface Seen {
  readonly lane: string | null;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | null>>;
  readonly body: string;
}

const REQUEST_ID = 'two-ways';
const HEADERS = [
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'cache-control',
  'connection',
  'keep-alive',
  'x-request-id',
  'www-authenticate',
  'retry-after',
  'allow',
  'vary',
];

export function hashOf(document: string): string {
  return createHash('sha256').update(document).digest('hex');
}

/** By a text that nobody has sent before: the general lane's. */
export async function sendAsNew(gateway: TestGateway, operation: Operation): Promise<Seen> {
  await operation.before?.('way-a');
  const query = `${operation.document}\n# ${randomUUID()}`;
  return sendBody(gateway, operation, { query, ...rest(operation, 'way-a') });
}

/** By the hash of a registered document: the compiled lane's, where it can be. */
export async function sendByHash(gateway: TestGateway, operation: Operation): Promise<Seen> {
  await operation.before?.('way-b');
  const extensions = { persistedQuery: { version: 1, sha256Hash: hashOf(operation.document) } };
  return sendBody(gateway, operation, { extensions, ...rest(operation, 'way-b') });
}

function rest({ variables, operationName }: Operation, way: Way): Body {
  return {
    ...(variables === undefined
      ? {}
      : { variables: typeof variables === 'function' ? variables(way) : variables }),
    ...(operationName === undefined ? {} : { operationName }),
  };
}

async function sendBody(gateway: TestGateway, { key, headers }: Operation, body: Body): Promise<Seen> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${key ?? gateway.adminKey}`,
      'x-request-id': REQUEST_ID,
      ...headers,
    },
    body: JSON.stringify(body),
  });
  return seenOf(response);
}

export async function seenOf(response: Response): Promise<Seen> {
  return {
    lane: response.headers.get('x-licet-lane'),
    status: response.status,
    headers: Object.fromEntries(HEADERS.map((name) => [name, response.headers.get(name)])),
    body: withoutChance(await response.text()),
  };
}

/** What two runs of one operation differ in: ids, instants, places in the log, the names that tell them apart. */
const CHANCE: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<instant>'],
  [/\b[0-9a-f]{16}-[0-9a-f]{8}\b/g, '<revision>'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>'],
  [/\b(sub|key|evt|chg)_[0-9a-f]{32}\b/g, '<$1>'],
  [/\blk_\w+/g, '<secret>'],
  [/"(cursor|endCursor|hint)":"[^"]*"/g, '"$1":"<$1>"'],
  [/way-[ab]/g, '<way>'],
];

function withoutChance(body: string): string {
  return CHANCE.reduce((text, [pattern, name]) => text.replace(pattern, name), body);
}

/** An answer to an operation that was executed, well or not, rather than refused. */
export function isExecuted({ body }: Seen): boolean {
  return /^\{("errors":.*)?"data":/.test(body) || body.includes('"data":null');
}
