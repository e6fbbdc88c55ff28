/** What a GraphQL server has answered; looked at by path, as a client without generated types would. */
export interface Asked {
  /** The codes of its errors, in their order. */
  readonly codes: readonly unknown[];
  /** The value at `a.0.b`; undefined where there is none. */
  get(path: string): unknown;
}

/** Sends an operation; `authorization`: the header. */
export async function ask(url: string, query: string, authorization?: string): Promise<Asked> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: JSON.stringify({ query }),
  });
  const answer: unknown = JSON.parse(await response.text());
  const errors = at(answer, 'errors');
  return {
    codes: Array.isArray(errors) ? errors.map((error) => at(error, 'extensions.code')) : [],
    get: (path) => at(answer, `data.${path}`),
  };
}

/** The value at `a.0.b`; undefined where there is none. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return Object.entries(inner).find(([name]) => name === key)?.[1];
  }, value);
}
