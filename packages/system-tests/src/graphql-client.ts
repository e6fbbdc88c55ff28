/** What a caller sees of one gateway. */
export class GraphqlClient {
  constructor(
    readonly url: string,
    private readonly apiKey: string,
  ) {}

  /** The data of the answer; throws where it holds an error. */
  async send(query: string, variables: object, signal?: AbortSignal): Promise<object> {
    return (await this.ask(query, variables, signal)).data;
  }

  /** The data, and which of the gateway's two lanes they came from. */
  async ask(query: string, variables: object, signal?: AbortSignal): Promise<Answer> {
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      ...(signal ? { signal } : {}),
    });
    return { data: dataOf(await answer.json()), lane: answer.headers.get('x-licet-lane') };
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

export interface Answer {
  readonly data: object;
  readonly lane: string | null;
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
