/** Headers as `fetch` has them, or as Node does. */
export type HeadersLike =
  | { get(name: string): string | null | undefined }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

const NAME = 'idempotency-key';

/** The request's `idempotency-key`; null where it has none. */
export function idempotencyKeyIn(headers: HeadersLike): string | null {
  const value = isGetter(headers) ? headers.get(NAME) : headers[NAME];
  return typeof value === 'string' && value !== '' ? value : null;
}

function isGetter(headers: HeadersLike): headers is Extract<HeadersLike, { get(name: string): unknown }> {
  return typeof headers['get'] === 'function';
}
