/** What a caller sees of one gateway. */
export class GraphqlClient {
  constructor(
    readonly url: string,
    private readonly apiKey: string,
  ) {}

  async send<Data>(query: string, variables: object, signal?: AbortSignal): Promise<Data> {
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      ...(signal ? { signal } : {}),
    });
    const body: unknown = await answer.json();
    if (!hasData<Data>(body)) throw new Error(`no data: ${JSON.stringify(body)}`);
    return body.data;
  }

  async consume(
    customerId: string,
    feature: string,
    idempotencyKey: string,
    signal?: AbortSignal,
  ): Promise<Spent> {
    const { consume } = await this.send<{ consume: Spent }>(
      `mutation ($input: ConsumeInput!) { consume(input: $input) { consumed replayed revision decision { allowed code } } }`,
      { input: { customerId, feature, idempotencyKey } },
      signal,
    );
    return consume;
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

function hasData<Data>(body: unknown): body is { data: Data } {
  return (
    typeof body === 'object' && body !== null && 'data' in body && body.data !== null && !('errors' in body)
  );
}
