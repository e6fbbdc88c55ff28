/** What a caller sees of one gateway. */
export class GraphqlClient {
  constructor(
    readonly url: string,
    private readonly apiKey: string,
  ) {}

  /** The data of the answer; throws where it holds an error. */
  async send(query: string, variables: object, signal?: AbortSignal): Promise<object> {
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      ...(signal ? { signal } : {}),
    });
    return dataOf(await answer.json());
  }

  async consume(
    customerId: string,
    feature: string,
    idempotencyKey: string,
    signal?: AbortSignal,
  ): Promise<Spent> {
    const data = await this.send(
      `mutation ($input: ConsumeInput!) { consume(input: $input) { consumed replayed revision decision { allowed code } } }`,
      { input: { customerId, feature, idempotencyKey } },
      signal,
    );
    if (!('consume' in data) || !isSpent(data.consume)) throw new Error(`no answer: ${JSON.stringify(data)}`);
    return data.consume;
  }

  async changePlan(subscriptionId: string, plan: string, idempotencyKey: string): Promise<void> {
    await this.send(`mutation ($input: ChangePlanInput!) { changePlan(input: $input) { revision } }`, {
      input: { subscriptionId, plan, timing: 'NOW', idempotencyKey },
    });
  }
}

export interface Spent {
  readonly consumed: number;
  readonly replayed: boolean;
  readonly revision: string;
  readonly decision: { readonly allowed: boolean; readonly code: string };
}

function dataOf(body: unknown): object {
  const ok = typeof body === 'object' && body !== null && 'data' in body && !('errors' in body);
  if (!ok || typeof body.data !== 'object' || body.data === null)
    throw new Error(`no data: ${JSON.stringify(body)}`);
  return body.data;
}

function isSpent(value: unknown): value is Spent {
  return typeof value === 'object' && value !== null && 'consumed' in value && 'decision' in value;
}
