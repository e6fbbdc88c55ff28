import { startTestGateway, type TestGateway } from './gateway.js';

interface Seen {
  readonly lane: string | null;
  readonly extensions: unknown;
}

/** What comes back to a router that asks for a trace, from the first time on, until a document is known to both lanes. */
async function traced(gateway: TestGateway, header: string): Promise<Seen[]> {
  const key = await gateway.routerKey();
  const ask = async (): Promise<Seen> => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${key}`,
        'apollo-federation-include-trace': header,
      },
      body: JSON.stringify({ query: '{ check(input: { customerId: "ada", feature: "sso" }) { code } }' }),
    });
    const body: { extensions?: unknown } = JSON.parse(await response.text());
    return { lane: response.headers.get('x-licet-lane'), extensions: body.extensions };
  };
  const seen: Seen[] = [];
  for (let visit = 0; visit < 4; visit += 1) seen.push(await ask());
  return seen;
}

test.each([
  ['nobody has switched them on', false, 'ftv1', 'compiled', false],
  ['they are on and asked for', true, 'ftv1', 'general', true],
  ['they are on and not asked for', true, 'none', 'compiled', false],
])('federated traces where %s', async (_name, federatedTraces, header, lane, isTraced) => {
  const gateway = await startTestGateway({ federatedTraces });
  try {
    const seen = await traced(gateway, header);
    expect([seen.at(0)?.lane, seen.at(-1)?.lane]).toEqual(['general', lane]);
    const trace: unknown = isTraced ? { ftv1: expect.any(String) } : undefined;
    expect(seen.map(({ extensions }) => extensions)).toEqual(seen.map(() => trace));
  } finally {
    await gateway.close();
  }
});
