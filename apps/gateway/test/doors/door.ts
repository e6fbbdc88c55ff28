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

/** Posts JSON, or a text as it stands, to a door, as the admin or with another key. */
export async function post(
  { url, adminKey }: Pick<TestGateway, 'url' | 'adminKey'>,
  path: string,
  body: unknown,
  { key = adminKey, headers = {} }: Sent = {},
): Promise<DoorAnswer> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : (JSON.parse(text) as unknown),
  };
}

/** Makes a catalog of this document the live release; returns the revision. */
export async function publish(gateway: TestGateway, document: unknown): Promise<string> {
  const drafted = await gateway.send(
    'mutation ($document: JSONObject!) { draftRelease(document: $document) { release { number } } }',
    { document },
  );
  const published = await gateway.send(
    'mutation ($release: Int!) { publishRelease(release: $release) { revision } }',
    { release: drafted.get('draftRelease.release.number') },
  );
  return published.text('publishRelease.revision');
}
