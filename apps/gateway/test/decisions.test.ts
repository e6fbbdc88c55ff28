import { newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
  await newCustomer(gateway, 'ada', 'free');
  await newCustomer(gateway, 'bob', 'free');
});
afterEach(async () => {
  await gateway.close();
});

const DECISION = `{ id allowed code message customerId feature value limit unlimited used reserved remaining resetsAt validUntil
  release revision asOf stale sources { kind id key } }`;
const CHECK = `query ($input: CheckInput!) { check(input: $input) ${DECISION} }`;
const LOG = `query ($first: Int! = 50, $after: Cursor, $id: ID, $customerId: ID, $feature: String, $allowed: Boolean, $code: DecisionCode, $since: DateTime, $until: DateTime) {
  decisions(first: $first, after: $after, id: $id, customerId: $customerId, feature: $feature, allowed: $allowed, code: $code, since: $since, until: $until) {
    edges { cursor node { operation input at local actor { kind id name } decision ${DECISION} } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}`;

/** What is on record once all that was asked is. */
async function log(variables: Record<string, unknown> = {}, key?: string) {
  await gateway.services.decisions.settled();
  const answer = await gateway.send(LOG, variables, key);
  expect(answer.errors).toEqual([]);
  return answer;
}

/** The ids on record that fit. */
async function ids(variables: Record<string, unknown> = {}, key?: string): Promise<unknown[]> {
  const edges = (await log(variables, key)).get('decisions.edges');
  return Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node.decision.id')) : [];
}

async function check(input: Record<string, unknown>, key?: string) {
  const answer = await gateway.send(CHECK, { input }, key);
  expect(answer.errors).toEqual([]);
  return answer;
}

test('a check is on record with all that it was decided on, in either lane', async () => {
  const input = {
    customerId: 'ada',
    feature: 'projects',
    quantity: 2,
    memberId: 'ann',
    context: { country: 'AT' },
  };
  const lanes = new Set<string | null>();
  for (let round = 0; round < 4; round += 1) {
    const answer = await check(input);
    lanes.add(answer.headers.get('x-licet-lane'));
    const logged = await log();
    const node = logged.get('decisions.edges.0.node');
    expect(node).toMatchObject({
      operation: 'check',
      local: false,
      input: { ...input, fingerprint: null, productVersion: null },
      actor: { kind: 'API_KEY' },
    });
    expect(at(node, 'decision')).toEqual(answer.get('check'));
  }
  expect(lanes).toEqual(new Set(['general', 'compiled']));
});

test('each of a list of checks is on record by itself, and those on a customer', async () => {
  const many = await gateway.send(
    `{ checkMany(inputs: [{ customerId: "ada", feature: "projects" }, { customerId: "nobody", feature: "sso" }]) { id }
       customer(id: "bob") { check(feature: "sso", context: { a: 1 }) { id } } }`,
  );
  const asked = [many.get('checkMany.0.id'), many.get('checkMany.1.id'), many.get('customer.check.id')];
  expect((await ids()).sort()).toEqual([...asked].sort());
  expect(await ids({ code: 'UNKNOWN_CUSTOMER' })).toEqual([asked[1]]);
  expect((await log({ id: asked[2] })).get('decisions.edges.0.node')).toMatchObject({
    operation: 'check',
    input: { customerId: 'bob', feature: 'sso', quantity: 1, context: { a: 1 } },
  });
  expect((await log({ id: asked[0] })).get('decisions.edges.0.node.operation')).toBe('checkMany');
});

test('each filter finds its own, newest first', async () => {
  const ada = (await check({ customerId: 'ada', feature: 'projects' })).text('check.id');
  const denied = (await check({ customerId: 'ada', feature: 'projects', quantity: 999 })).text('check.id');
  const bob = (await check({ customerId: 'bob', feature: 'sso' })).text('check.id');
  expect(await ids()).toEqual([bob, denied, ada]);
  expect(await ids({ id: denied })).toEqual([denied]);
  expect(await ids({ id: 'dec_none' })).toEqual([]);
  expect(await ids({ customerId: 'ada' })).toEqual([denied, ada]);
  expect(await ids({ feature: 'sso' })).toEqual([bob]);
  expect(await ids({ allowed: true, customerId: 'ada' })).toEqual([ada]);
  expect(await ids({ code: 'LIMIT_EXCEEDED' })).toEqual([denied]);
  expect(await ids({ since: '2100-01-01T00:00:00Z' })).toEqual([]);
  expect(await ids({ until: '2000-01-01T00:00:00Z' })).toEqual([]);
  expect(await ids({ since: '2000-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' })).toEqual([
    bob,
    denied,
    ada,
  ]);
});

test('pages go on where the last one ended while new decisions come in', async () => {
  for (let round = 0; round < 9; round += 1) await check({ customerId: 'ada', feature: 'projects' });
  const all = await ids();
  const first = await log({ first: 4 });
  expect(first.get('decisions.pageInfo')).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
  await check({ customerId: 'ada', feature: 'projects' });
  const after = first.get('decisions.pageInfo.endCursor');
  expect(await ids({ first: 4, after })).toEqual(all.slice(4, 8));
  expect((await log({ first: 10, after })).get('decisions.pageInfo')).toMatchObject({
    hasNextPage: false,
    hasPreviousPage: true,
  });
});

test('a key that names customers sees their decisions alone', async () => {
  const ada = (await check({ customerId: 'ada', feature: 'projects' })).get('check.id');
  await check({ customerId: 'bob', feature: 'projects' });
  const { secret } = await gateway.newKey({ role: 'READER', customerIds: ['ada'] });
  expect(await ids({}, secret)).toEqual([ada]);
  const other = await gateway.send(LOG, { customerId: 'bob' }, secret);
  expect(other.errors[0]?.extensions.code).toBe('FORBIDDEN');
});

test.each([
  [{ first: 0 }, 'first'],
  [{ first: 101 }, 'first'],
  [{ after: 'nonsense' }, 'after'],
  [{ customerId: '' }, 'customerId'],
  [{ since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, 'until'],
  [{ since: 'yesterday' }, 'since'],
  [{ code: 'PERHAPS' }, 'code'],
])('%j is refused and says where', async (variables, field) => {
  const [error] = (await gateway.send(LOG, variables)).errors;
  expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
});

const KEEP =
  'mutation ($input: UpdateTenantInput!) { updateTenant(input: $input) { tenant { decisionRetention } } }';

test("how long decisions are kept is the tenant's choice, and one event tells of it", async () => {
  const kept = await gateway.send(KEEP, { input: { decisionRetention: 'P30D' } });
  expect(kept.get('updateTenant.tenant')).toEqual({ decisionRetention: 'P30D' });
  await gateway.send(KEEP, { input: { decisionRetention: 'P30D' } });
  const told = await gateway.send('{ events(types: ["tenant.updated"]) { edges { node { data } } } }');
  expect(told.get('events.edges')).toMatchObject([
    { node: { data: { before: { decisionRetention: 'P90D' }, after: { decisionRetention: 'P30D' } } } },
  ]);
});

test.each([null, 'PT59M', 'P101Y', 'for ever'])(
  'decisions cannot be kept for %j',
  async (decisionRetention) => {
    const { errors } = await gateway.send(KEEP, { input: { decisionRetention } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.decisionRetention' });
    expect((await gateway.send('{ tenant { decisionRetention } }')).get('tenant.decisionRetention')).toBe(
      'P90D',
    );
  },
);
