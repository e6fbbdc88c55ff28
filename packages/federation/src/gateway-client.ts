import type { CheckInput, ConsumeInput, Decision, WhenUnknown } from '@licet/api-types';
import { EntitlementsError, OutOfReach } from './errors.js';

/** What a feature does where nothing is known of it. */
export interface KnownFeature {
  readonly key: string;
  readonly whenUnknown: WhenUnknown;
  /** ISO 8601; null but for LAST_KNOWN. */
  readonly lastKnownFor: string | null;
}

const DECISION = `id allowed code message customerId feature value limit unlimited used reserved remaining resetsAt validUntil
  sources { kind id key } release revision asOf stale`;
const FEATURES = '{ features { key whenUnknown lastKnownFor } }';
const CHECK_MANY = `query ($inputs: [CheckInput!]!) { checkMany(inputs: $inputs) { ${DECISION} } }`;
const CONSUME_MANY = `mutation ($inputs: [ConsumeInput!]!) { consumeMany(inputs: $inputs) { decision { ${DECISION} } } }`;

export interface GatewayOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly timeoutMilliseconds: number;
}

/** What the gateway said of one spend; the Error that stands at its place where it did nothing. */
export type Spent = Decision | EntitlementsError | OutOfReach;

/** Asks the gateway. Throws OutOfReach where there is no answer, EntitlementsError where it refuses. */
export class GatewayClient {
  constructor(private readonly options: GatewayOptions) {}

  async features(): Promise<readonly KnownFeature[]> {
    const { data, errors } = await this.send<{ features: KnownFeature[] }>(FEATURES, {}, null);
    if (data) return data.features;
    throw errorOf(errors[0]);
  }

  /** `authorization`: the customer's own; null: the service's key. */
  async checkMany(inputs: readonly CheckInput[], authorization: string | null): Promise<readonly Decision[]> {
    const { data, errors } = await this.send<{ checkMany: Decision[] }>(
      CHECK_MANY,
      { inputs },
      authorization,
    );
    if (data) return data.checkMany;
    throw errorOf(errors[0]);
  }

  async consumeMany(inputs: readonly ConsumeInput[]): Promise<readonly Spent[]> {
    type Answer = { consumeMany: ({ decision: Decision } | null)[] };
    const { data, errors } = await this.send<Answer>(CONSUME_MANY, { inputs }, null);
    if (!data) throw errorOf(errors[0]);
    return data.consumeMany.map(
      (spent, index) => spent?.decision ?? errorOf(errors.find(({ path }) => path?.[1] === index)),
    );
  }

  private async send<Data>(
    query: string,
    variables: object,
    authorization: string | null,
  ): Promise<Body<Data>> {
    const { url, apiKey, timeoutMilliseconds } = this.options;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: authorization ?? `Bearer ${apiKey}`,
        },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(timeoutMilliseconds),
      });
      text = await response.text();
    } catch (cause) {
      throw new OutOfReach(`the gateway at ${url} gives no answer`, { cause });
    }
    const body = readBody<Data>(text);
    if (body && (response.status < 500 || body.data)) return body;
    throw new OutOfReach(`the gateway at ${url} answers with status ${String(response.status)}`);
  }
}

interface GatewayError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string };
}

interface Body<Data> {
  readonly data: Data | null;
  readonly errors: readonly GatewayError[];
}

/** Null: it is no answer of a GraphQL server. */
function readBody<Data>(text: string): Body<Data> | null {
  try {
    const body: unknown = JSON.parse(text);
    return isBody<Data>(body) ? { data: body.data ?? null, errors: body.errors ?? [] } : null;
  } catch {
    return null;
  }
}

/** What stands under `data` is what was asked for: the gateway keeps its schema. */
function isBody<Data>(body: unknown): body is Partial<Body<Data>> {
  return typeof body === 'object' && body !== null && ('data' in body || 'errors' in body);
}

/** Codes after which the gateway may have an answer a moment later. */
const PASSING: ReadonlySet<string> = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL']);

function errorOf(error: GatewayError | undefined): EntitlementsError | OutOfReach {
  const code = error?.extensions?.code ?? 'no code';
  const message = `the gateway says ${code}: ${error?.message ?? 'nothing'}`;
  return PASSING.has(code) ? new OutOfReach(message) : new EntitlementsError(message);
}
