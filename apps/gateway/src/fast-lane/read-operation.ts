const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
/** What the GraphQL server would answer with, by the `Accept` headers that clients send most. */
const CONTENT_TYPES: ReadonlyMap<string | undefined, string> = new Map([
  [undefined, JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/json', JSON_TYPE],
  ['application/json, text/plain, */*', JSON_TYPE],
  ['application/graphql-response+json', GRAPHQL_TYPE],
  ['application/graphql-response+json, application/json', GRAPHQL_TYPE],
  ['application/graphql-response+json,application/json;q=0.9', GRAPHQL_TYPE],
]);

/** An operation as most clients send it. */
export interface AskedOperation {
  /** The document, or the hash of one that is registered. */
  readonly document: { readonly text: string } | { readonly hash: string };
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  /** What the answer's `content-type` will be. */
  readonly contentType: string;
}

/**
 * The operation in the body of a POST, whose `Accept` header is given. Null for whatever is unusual: the general lane
 * knows what is right and what to say about the rest.
 */
export function readOperation(body: unknown, accept: string | undefined): AskedOperation | null {
  if (!isRecord(body)) return null;
  const contentType = CONTENT_TYPES.get(accept);
  const document = readDocument(body['query'], body['extensions']);
  const operationName = body['operationName'] ?? null;
  const variables = body['variables'] ?? NO_VARIABLES;
  if (contentType === undefined || document === null || !isRecord(variables)) return null;
  if (operationName !== null && (typeof operationName !== 'string' || operationName === '')) return null;
  return { document, operationName, variables, contentType };
}

const NO_VARIABLES: Readonly<Record<string, unknown>> = {};

/** A text without a hash, or a hash without a text; both together register a document, which is not done here. */
function readDocument(query: unknown, extensions: unknown): AskedOperation['document'] | null {
  const persisted = readPersisted(extensions);
  if (typeof query === 'string') return persisted === undefined ? { text: query } : null;
  if (query !== undefined || !isRecord(persisted) || persisted['version'] !== 1) return null;
  const hash = persisted['sha256Hash'];
  return typeof hash === 'string' ? { hash } : null;
}

/** Undefined where the request speaks of no persisted query. */
function readPersisted(extensions: unknown): unknown {
  if (extensions === undefined || extensions === null) return undefined;
  return isRecord(extensions) ? extensions['persistedQuery'] : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
