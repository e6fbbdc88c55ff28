import { check, consume, newCustomer } from './customers.js';
import { type Answer, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

function addCredits(input: object): Promise<Answer> {
  return gateway.send(
    `mutation ($input: AddCreditsInput!) { addCredits(input: $input) { revision
       block { id customerId feature quantity remaining priority expiresAt source { kind id key } createdAt } } }`,
    { input: { feature: 'ai-credits', idempotencyKey: newIdempotencyKey(), ...input } },
  );
}

function voidCredits(blockId: string, reason = 'a refund', key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($blockId: ID!, $reason: String!) { voidCredits(blockId: $blockId, reason: $reason) {
       revision block { id remaining } } }`,
    { blockId, reason },
    key,
  );
}

function blocksOf(customerId: string, args = ''): Promise<Answer> {
  return gateway.send(
    `query ($id: ID!) { customer(id: $id) { creditBlocks${args} { pageInfo { hasNextPage endCursor }
       edges { cursor node { id quantity remaining priority source { kind key } } } } } }`,
    { id: customerId },
  );
}

function spend(customerId: string, quantity: number): Promise<Answer> {
  return consume(gateway, { customerId, feature: 'ai-credits', quantity });
}

async function checked(customerId: string, after: unknown, quantity = 1): Promise<unknown> {
  const input = { customerId, feature: 'ai-credits', quantity, atLeast: after };
  return (await check(gateway, input)).get('check');
}

test('credits are added, spent and shown', async () => {
  await newCustomer(gateway, 'ada', 'free');
  const added = await addCredits({ customerId: 'ada', quantity: 100, priority: 2, reason: 'bought' });
  expect(added.get('addCredits.block')).toMatchObject({
    customerId: 'ada',
    feature: 'ai-credits',
    quantity: 100,
    remaining: 100,
    priority: 2,
    expiresAt: null,
    source: null,
  });
  expect(await checked('ada', added.get('addCredits.revision'), 100)).toMatchObject({
    code: 'ENTITLED',
    limit: 100,
    used: 0,
    remaining: 100,
    resetsAt: null,
    sources: [{ kind: 'CREDIT_BLOCK', id: added.get('addCredits.block.id'), key: null }],
  });
  const spent = await spend('ada', 30);
  expect(spent.get('consume.decision')).toMatchObject({ allowed: true, used: 30, remaining: 70 });
  expect(await checked('ada', spent.get('consume.revision'), 71)).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  const shown = await blocksOf('ada');
  expect(shown.get('customer.creditBlocks.edges.0.node')).toMatchObject({ quantity: 100, remaining: 70 });
  const usage = await gateway.send(
    '{ customer(id: "ada") { usage(feature: "ai-credits") { used limit remaining windowStart windowEnd } } }',
  );
  expect(usage.get('customer.usage')).toEqual({
    used: 30,
    limit: 100,
    remaining: 70,
    windowStart: null,
    windowEnd: null,
  });
});

test('the same key adds once; with another quantity it is CONFLICT', async () => {
  await newCustomer(gateway, 'bo', 'free');
  const input = { customerId: 'bo', quantity: 5, idempotencyKey: 'bo 1' };
  const first = await addCredits(input);
  expect((await addCredits(input)).get('addCredits')).toEqual(first.get('addCredits'));
  expect((await addCredits({ ...input, quantity: 6 })).errors).toMatchObject([
    { extensions: { code: 'CONFLICT', field: 'input.idempotencyKey' } },
  ]);
});

test('lists hold what can be spent, by feature and in pages, or all', async () => {
  await newCustomer(gateway, 'cy', 'free');
  for (const quantity of [1, 2, 3]) await addCredits({ customerId: 'cy', quantity });
  await spend('cy', 1);
  const first = await blocksOf('cy', '(first: 1)');
  expect(first.get('customer.creditBlocks')).toMatchObject({
    pageInfo: { hasNextPage: true },
    edges: [{ node: { quantity: 2 } }],
  });
  const next = await blocksOf('cy', `(after: "${first.text('customer.creditBlocks.pageInfo.endCursor')}")`);
  expect(next.get('customer.creditBlocks.edges.0.node.quantity')).toBe(3);
  expect((await blocksOf('cy', '(spent: true)')).get('customer.creditBlocks.edges.0.node.remaining')).toBe(0);
  expect((await blocksOf('cy', '(feature: "other")')).get('customer.creditBlocks.edges')).toEqual([]);
  expect((await blocksOf('cy', '(after: "x")')).errors).toMatchObject([
    { extensions: { code: 'BAD_USER_INPUT', field: 'after' } },
  ]);
});

test('a plan gives its own, and events tell of all of it', async () => {
  await newCustomer(gateway, 'di', 'metered');
  const shown = await blocksOf('di');
  expect(shown.get('customer.creditBlocks.edges.0.node')).toMatchObject({
    remaining: 10_000,
    source: { kind: 'SUBSCRIPTION', key: 'metered' },
  });
  const events = await gateway.send(
    '{ events(customerId: "di", types: ["credits.added"]) { edges { node { subjectType data } } } }',
  );
  expect(events.get('events.edges.0.node')).toMatchObject({
    subjectType: 'credit_block',
    data: { before: null, after: { quantity: 10_000, source: { kind: 'SUBSCRIPTION' } } },
  });
});

test('what is voided cannot be spent', async () => {
  await newCustomer(gateway, 'ed', 'free');
  const added = await addCredits({ customerId: 'ed', quantity: 10 });
  const id = added.text('addCredits.block.id');
  const voided = await voidCredits(id);
  expect(voided.get('voidCredits.block')).toEqual({ id, remaining: 0 });
  expect(await checked('ed', voided.get('voidCredits.revision'))).toMatchObject({ code: 'NOT_IN_PLAN' });
  expect((await voidCredits(id)).errors).toEqual([]);
});

test('an explanation shows each block, and offers credits where they are missing', async () => {
  await newCustomer(gateway, 'flo', 'free');
  const added = await addCredits({ customerId: 'flo', quantity: 3 });
  await checked('flo', added.get('addCredits.revision'));
  const why = await gateway.send(
    `{ explain(input: { customerId: "flo", feature: "ai-credits", quantity: 10 }) {
         decision { code } remedies { kind message } steps { rule detail source { kind } } } }`,
  );
  expect(why.get('explain.decision.code')).toBe('LIMIT_EXCEEDED');
  expect(why.get('explain.remedies')).toContainEqual({
    kind: 'ADD_CREDITS',
    message: expect.stringMatching(/add 7 credits/),
  });
  expect(why.get('explain.steps')).toContainEqual({
    rule: 'COMBINATION',
    detail: '3 of 3 are left',
    source: { kind: 'CREDIT_BLOCK' },
  });
});

test.each<[string, () => Promise<Answer>, string, string, RegExp]>([
  [
    'nothing',
    () => addCredits({ customerId: 'ada', quantity: 0 }),
    'BAD_USER_INPUT',
    'input.quantity',
    /at least 1/,
  ],
  [
    'a feature with windows',
    () => addCredits({ customerId: 'ada', quantity: 1, feature: 'api-calls' }),
    'BAD_USER_INPUT',
    'input.feature',
    /not prepaid/,
  ],
  [
    'an unknown feature',
    () => addCredits({ customerId: 'ada', quantity: 1, feature: 'ai-credit' }),
    'NOT_FOUND',
    'input.feature',
    /did you mean/,
  ],
  [
    'an end that is past',
    () => addCredits({ customerId: 'ada', quantity: 1, expiresAt: '2020-01-01T00:00:00Z' }),
    'BAD_USER_INPUT',
    'input.expiresAt',
    /later time/,
  ],
  [
    'an unknown customer',
    () => addCredits({ customerId: 'nobody', quantity: 1 }),
    'NOT_FOUND',
    'input.customerId',
    /upsertCustomer/,
  ],
  ['an unknown block', () => voidCredits('blk_0'), 'NOT_FOUND', 'blockId', /no credit block/],
  ['no block id', () => voidCredits('one'), 'NOT_FOUND', 'blockId', /no credit block/],
  ['no reason', () => voidCredits('blk_0', ' '), 'BAD_USER_INPUT', 'reason', /say why|no credit block/],
])('refused, and says why: %s', async (_, ask, code, field, message) => {
  const { errors } = await ask();
  expect(errors).toMatchObject([{ extensions: { code, field } }]);
  expect(errors[0]?.message).toMatch(message);
});
