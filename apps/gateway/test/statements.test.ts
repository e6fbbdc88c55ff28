import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { newCustomer } from './customers.js';
import { startTestGateway, type TestGateway } from './gateway.js';

/** Statements that one request may send, transaction brackets included: where states are read, and where they are kept. */
const HANDFUL = 30;
const HANDFUL_WARM = 14;

const ISSUE = 'mutation ($input: IssueLicenseInput!) { issueLicense(input: $input) { license { id } } }';
let gateway: TestGateway;
/** Of the customers that are asked about by reference alone. */
const subscriptionIds: string[] = [];
const licenseIds: string[] = [];
beforeAll(async () => {
  gateway = await startTestGateway();
  for (const name of ['customer', 'entity'])
    for (let index = 0; index < 50; index++) {
      const customerId = `${name}-${String(index)}`;
      const subscriptionId = await newCustomer(gateway, customerId, index % 2 ? 'pro' : 'free');
      if (name === 'customer') continue;
      const input = { customerId, plan: 'team', idempotencyKey: customerId };
      const issued = await gateway.send(ISSUE, { input });
      subscriptionIds.push(subscriptionId);
      licenseIds.push(issued.text('issueLicense.license.id'));
    }
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

/** Statements of one call of references whose customers are not in memory, transaction brackets included. */
const HANDFUL_OF_ENTITIES = 24;

test.each<[string, string, (index: number) => object, (index: number) => unknown]>([
  [
    'customers',
    'Customer { id check(feature: "sso") { code } entitlements { customerId } usage(feature: "api-calls") { used } }',
    (index) => ({ __typename: 'Customer', id: `entity-${String(index)}` }),
    (index) => ({
      id: `entity-${String(index)}`,
      check: { code: index % 2 ? 'ENTITLED' : 'NOT_IN_PLAN' },
      entitlements: { customerId: `entity-${String(index)}` },
      usage: { used: 0 },
    }),
  ],
  [
    'subscriptions',
    'PlanSubscription { id status customer { id check(feature: "sso") { code } } plan { key } planVersion { version } }',
    (index) => ({ __typename: 'PlanSubscription', id: subscriptionIds[index] }),
    (index) => ({
      ...{ id: subscriptionIds[index], status: 'ACTIVE', planVersion: { version: 1 } },
      customer: {
        id: `entity-${String(index)}`,
        check: { code: index % 2 ? 'ENTITLED' : 'NOT_IN_PLAN' },
      },
      plan: { key: index % 2 ? 'pro' : 'free' },
    }),
  ],
  [
    'licences',
    'License { id status customer { id } plan { key } planVersion { version } }',
    (index) => ({ __typename: 'License', id: licenseIds[index] }),
    (index) => ({
      ...{ id: licenseIds[index], status: 'ACTIVE', planVersion: { version: 1 } },
      customer: { id: `entity-${String(index)}` },
      plan: { key: 'team' },
    }),
  ],
  [
    'plans',
    'Plan { key version }',
    (index) => ({ __typename: 'Plan', key: index % 2 ? 'pro' : 'none' }),
    (index) => (index % 2 ? { key: 'pro', version: 1 } : null),
  ],
  [
    'features',
    'Feature { key type whenUnknown }',
    (index) => ({ __typename: 'Feature', key: index % 2 ? 'sso' : 'none' }),
    (index) => (index % 2 ? { key: 'sso', type: 'BOOLEAN', whenUnknown: 'CLOSED' } : null),
  ],
])(
  'fifty references to %s take as many statements as two, and only a handful',
  async (name, selection, reference, found) => {
    const router = await gateway.routerKey();
    expect(
      (await gateway.send('{ _entities(representations: []) { __typename } }', {}, router)).errors,
    ).toEqual([]);
    const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ${selection} } }`;
    const ask = async (count: number): Promise<string[]> => {
      await atRest();
      return statementsOf(async () => {
        const places = Array.from({ length: count }, (_, index) => index);
        const answer = await gateway.send(query, { of: places.map(reference) }, router);
        expect(answer.errors).toEqual([]);
        expect(answer.get('_entities')).toEqual(places.map(found));
      });
    };
    const cold = await ask(50);
    const two = await ask(2);
    const fifty = await ask(50);
    process.stdout.write(`50 ${name}: ${String(cold.length)} statements, ${String(fifty.length)} warm\n`);
    expect(fifty).toHaveLength(two.length);
    expect(cold.length).toBeLessThanOrEqual(HANDFUL_OF_ENTITIES);
  },
);
