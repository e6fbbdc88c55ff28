import { type Seen, seenOf } from '../fast-lane/two-ways.js';
import { type TestGateway } from '../gateway.js';

export interface Sent {
  /** Null: none. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface DoorAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** As JSON; null where there is none. */
  readonly body: unknown;
}

type Door = Pick<TestGateway, 'url' | 'adminKey'>;

/** Posts JSON, or a text as it stands, to a door, as the admin or with another key. */
export async function post(gateway: Door, path: string, body: unknown, how: Sent = {}): Promise<DoorAnswer> {
  const response = await send(gateway, path, body, how);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : (JSON.parse(text) as unknown),
  };
}

/**
 * As `post`, but asks twice: so that the front door may answer, and, by an address with a query, so that the
 * framework has to. Both have to answer alike.
 */
export async function postBothWays(
  gateway: Door,
  path: string,
  body: unknown,
  how: Sent = {},
): Promise<DoorAnswer> {
  const named = { ...how, headers: { 'x-request-id': 'both-ways', ...how.headers } };
  const behind = await seenOf(await send(gateway, `${path}?behind`, body, named));
  const before = await seenOf(await send(gateway, path, body, named));
  if (textOf(before) !== textOf(behind))
    throw new Error(`the front door answers ${textOf(before)}\nthe framework ${textOf(behind)}`);
  return post(gateway, path, body, how);
}

function textOf({ status, headers, body }: Seen): string {
  return JSON.stringify({ status, headers, body });
}

function send(
  { url, adminKey }: Door,
  path: string,
  body: unknown,
  { key = adminKey, headers = {} }: Sent,
): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
