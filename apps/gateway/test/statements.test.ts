import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { newCustomer } from './customers.js';
import { startTestGateway, type TestGateway } from './gateway.js';

/** Statements that one request may send, transaction brackets included: where states are read, and where they are kept. */
const HANDFUL = 30;
const HANDFUL_WARM = 14;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  for (let index = 0; index < 50; index++)
    await newCustomer(gateway, `customer-${String(index)}`, index % 2 ? 'pro' : 'free');
  await atRest();
}, 60_000);
afterAll(async () => {
  await gateway.close();
});

const LIST = `query ($first: Int!) { customers(first: $first) { edges { node {
  id subscriptions { id status customer { id } plan { key entitlements { limit } } planVersion { version entitlements { feature { key } limit } } }
  entitlements { revision entitlements { feature allowed } }
  check(feature: "sso") { code }
  usage(feature: "api-calls") { used history { used } } } } } }`;

/** The texts of the statements that pg sends while \`work\` runs, but for those of the feed's poll. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  const spy = jest.spyOn(Client.prototype, 'query');
  try {
    await work();
    for (const [statement] of spy.mock.calls) texts.push(textOf(statement));
  } finally {
    spy.mockRestore();
  }
  // What runs beside the requests: the feed's poll, the signal of what was written before, and the log of decisions.
  return texts.filter((text) => !/log_ends|pg_notify|insert into decision_flush/.test(text));
}

/** Until the feed has read what was written: what it sends then is no request's. */
async function atRest(): Promise<void> {
  let sent: string[];
  do sent = await statementsOf(() => setTimeout(300));
  while (sent.length > 0);
}

function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  const isConfig = typeof statement === 'object' && statement !== null && 'text' in statement;
  return isConfig ? String(statement.text) : '';
}

test('fifty customers with all that hangs on them take as many statements as two, and only a handful', async () => {
  const cold = await statementsOf(async () => {
    const answer = await gateway.send(LIST, { first: 50 });
    expect(answer.errors).toEqual([]);
    expect(answer.get('customers.edges.49.node.subscriptions.0.plan.key')).toBe('pro');
    expect(answer.get('customers.edges.48.node.entitlements.entitlements.3')).toBeDefined();
  });
  const two = await statementsOf(() => gateway.send(LIST, { first: 2 }));
  const fifty = await statementsOf(() => gateway.send(LIST, { first: 50 }));
  process.stdout.write(
    `customers(first: 50): ${String(cold.length)} statements, ${String(fifty.length)} with states kept\n`,
  );
  expect(cold.length).toBeGreaterThan(fifty.length);
  expect(cold.length).toBeLessThanOrEqual(HANDFUL);
  expect(fifty).toHaveLength(two.length);
  expect(fifty.length).toBeLessThanOrEqual(HANDFUL_WARM);
});

/** Each way to ask, of one who is there and one who is not, with what is answered. */
const QUESTIONS: readonly (readonly [name: string, query: string, ofKnown: unknown, ofUnknown: unknown])[] = [
  [
    'check',
    'query ($id: ID!) { check(input: { customerId: $id, feature: "sso" }) { code } }',
    { code: 'NOT_IN_PLAN' },
    { code: 'UNKNOWN_CUSTOMER' },
  ],
  [
    'checkMany',
    'query ($id: ID!) { checkMany(inputs: [{ customerId: $id, feature: "sso" }, { customerId: "customer-1", feature: "sso" }]) { code } }',
    [{ code: 'NOT_IN_PLAN' }, { code: 'ENTITLED' }],
    [{ code: 'UNKNOWN_CUSTOMER' }, { code: 'ENTITLED' }],
  ],
  [
    'entitlements',
    'query ($id: ID!) { entitlements(customerId: $id) { entitlements { code } } }',
    {
      entitlements: [
        { code: 'NOT_IN_PLAN' },
        { code: 'ENTITLED' },
        { code: 'ENTITLED' },
        { code: 'NOT_IN_PLAN' },
        { code: 'ENTITLED' },
        { code: 'ENTITLED' },
        { code: 'NOT_IN_PLAN' },
      ],
    },
    undefined,
  ],
];

test.each(QUESTIONS)(
  '%s of customers that were asked about asks the database nothing, in either lane, whether they are there or not',
  async (name, query, ofKnown, ofUnknown) => {
    const asked = [
      ['customer-0', ofKnown],
      ['nobody', ofUnknown],
    ] as const;
    for (const id of ['customer-0', 'customer-1', 'nobody']) await gateway.send(`# known\n${query}`, { id });
    const lanes: (string | null)[] = [];
    const warm = await statementsOf(async () => {
      // The first visits of a document go the general way.
      for (let visit = 0; visit < 4; visit += 1) {
        for (const [id, expected] of asked) {
          const answer = await gateway.send(query, { id });
          expect(answer.get(name)).toEqual(expected);
          lanes.push(answer.headers.get('x-licet-lane'));
        }
      }
    });
    expect(warm).toEqual([]);
    expect(new Set(lanes)).toEqual(new Set(['general', 'compiled']));
  },
);

test('a call of many references is one batch for each entity', async () => {
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Customer { id } ... on Plan { key name } ... on Feature { key type } ... on PlanSubscription { id } } }`;
  const customers = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({
      __typename: 'Customer',
      id: `customer-${String(index)}`,
    }));
  const others = [
    { __typename: 'Plan', key: 'pro' },
    { __typename: 'Feature', key: 'sso' },
    { __typename: 'PlanSubscription', id: 'sub_none' },
  ];
  const one = await statementsOf(() =>
    gateway.send(query, { representations: [...customers(1), ...others] }),
  );
  const fifty = await statementsOf(async () => {
    const answer = await gateway.send(query, { representations: [...customers(50), ...others] });
    expect(answer.errors).toEqual([]);
    expect(answer.get('_entities.49')).toEqual({ id: 'customer-49' });
    expect(answer.get('_entities.50')).toEqual({ key: 'pro', name: 'Pro' });
    expect(answer.get('_entities.51')).toEqual({ key: 'sso', type: 'BOOLEAN' });
    expect(answer.get('_entities.52')).toBeNull();
  });
  expect(fifty).toHaveLength(one.length);
});
