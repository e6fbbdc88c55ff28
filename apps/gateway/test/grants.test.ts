import { check, consume, newCustomer } from './customers.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

const GRANT = `mutation ($input: GrantInput!) { result: grantEntitlement(input: $input) { revision grant {
  id customerId feature effect value status reason grantedBy { kind name } startsAt expiresAt } } }`;
const REVOKE = `mutation ($id: ID!, $reason: String!) { result: revokeGrant(grantId: $id, reason: $reason) { revision grant { id status reason } } }`;
const LIST = `query ($id: ID!, $first: Int! = 20, $after: Cursor, $ended: Boolean! = false) { customer(id: $id) {
  grants(first: $first, after: $after, ended: $ended) { edges { cursor node { id feature effect value status } } pageInfo { hasNextPage endCursor } } } }`;

const grant = (input: object, key?: string): Promise<Answer> =>
  gateway.send(GRANT, { input: { idempotencyKey: newIdempotencyKey(), reason: 'a promise', ...input } }, key);
const revoke = (id: string, reason = 'over', key?: string): Promise<Answer> =>
  gateway.send(REVOKE, { id, reason }, key);
const hence = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
const refusal = ({ errors }: Answer): unknown =>
  errors.map(({ extensions: { code, field } }) => [code, field ?? null]);

test('a grant counts at once, with no plan, and its revocation takes it back at once', async () => {
  await newCustomer(gateway, 'ada', 'free');
  const expiresAt = hence(2);
  const made = await grant({ customerId: 'ada', feature: 'sso', expiresAt });
  expect(made.get('result.grant')).toMatchObject({
    customerId: 'ada',
    feature: 'sso',
    effect: 'ADD',
    value: true,
    status: 'ACTIVE',
    reason: 'a promise',
    grantedBy: { kind: 'API_KEY' },
    expiresAt,
  });
  const id = made.text('result.grant.id');
  const allowed = await check(gateway, {
    customerId: 'ada',
    feature: 'sso',
    atLeast: made.text('result.revision'),
  });
  expect(allowed.get('check')).toMatchObject({
    allowed: true,
    code: 'ENTITLED_GRANT',
    validUntil: expiresAt,
    sources: [{ kind: 'GRANT', id, key: null }],
  });
  const ended = await revoke(id);
  expect(ended.get('result.grant')).toEqual({ id, status: 'REVOKED', reason: 'a promise' });
  const denied = await check(gateway, {
    customerId: 'ada',
    feature: 'sso',
    atLeast: ended.text('result.revision'),
  });
  expect(denied.get('check')).toMatchObject({ allowed: false, code: 'NOT_IN_PLAN' });
});

test('units are added to the plan, replace it, or are blocked, for checks and for spends', async () => {
  await newCustomer(gateway, 'bea', 'free');
  const spend = async (quantity: number): Promise<unknown> =>
    (await consume(gateway, { customerId: 'bea', feature: 'api-calls', quantity })).get(
      'consume.decision.code',
    );
  const limit = async (answer: Answer): Promise<unknown> => {
    const atLeast = answer.text('result.revision');
    return (await check(gateway, { customerId: 'bea', feature: 'api-calls', atLeast })).get('check.limit');
  };
  expect(await spend(11)).toBe('LIMIT_EXCEEDED');
  expect(await limit(await grant({ customerId: 'bea', feature: 'api-calls', value: 5 }))).toBe(15);
  expect(await spend(11)).toBe('ENTITLED_GRANT');
  const replaced = await grant({ customerId: 'bea', feature: 'api-calls', effect: 'REPLACE', value: 100 });
  expect(await limit(replaced)).toBe(105);
  const blocked = await grant({ customerId: 'bea', feature: 'api-calls', effect: 'BLOCK' });
  expect(blocked.get('result.grant.value')).toBeNull();
  expect(await spend(1)).toBe('BLOCKED');
  await revoke(blocked.text('result.grant.id'));
  expect(await spend(94)).toBe('ENTITLED_GRANT');
  expect(await spend(1)).toBe('LIMIT_EXCEEDED');
});

test('the same key answers as the first time and makes one grant; with another wish it is refused', async () => {
  await newCustomer(gateway, 'cem', 'free');
  const input = { customerId: 'cem', feature: 'projects', value: 2, idempotencyKey: newIdempotencyKey() };
  const first = await grant(input);
  await revoke(first.text('result.grant.id'));
  const before = await gateway.countEvents();
  const again = await grant(input);
  expect(again.get('result')).toEqual(first.get('result'));
  expect(await gateway.countEvents()).toBe(before);
  expect(refusal(await grant({ ...input, value: 3 }))).toEqual([['CONFLICT', 'input.idempotencyKey']]);
});

test('a revocation that is asked for again tells nothing anew', async () => {
  await newCustomer(gateway, 'dov', 'free');
  const id = (await grant({ customerId: 'dov', feature: 'sso' })).text('result.grant.id');
  await revoke(id);
  const before = await gateway.countEvents();
  expect((await revoke(id)).get('result.grant.status')).toBe('REVOKED');
  expect(await gateway.countEvents()).toBe(before);
});

test("a customer's grants are listed, page by page, those that ended where they are asked for", async () => {
  await newCustomer(gateway, 'eli', 'free');
  const ids: string[] = [];
  for (const value of [1, 2, 3])
    ids.push((await grant({ customerId: 'eli', feature: 'projects', value })).text('result.grant.id'));
  const ahead = await grant({ customerId: 'eli', feature: 'sso', startsAt: hence(1) });
  ids.push(ahead.text('result.grant.id'));
  await revoke(ids[0] ?? '');
  const listed = async (variables: object): Promise<Answer> =>
    gateway.send(LIST, { id: 'eli', ...variables });
  const idsIn = (answer: Answer): unknown => {
    const edges = answer.get('customer.grants.edges');
    return Array.isArray(edges) ? edges.map((edge: { node: { id: string } }) => edge.node.id) : null;
  };
  expect(idsIn(await listed({}))).toEqual(ids.slice(1));
  expect((await listed({})).get('customer.grants.edges.2.node')).toMatchObject({ status: 'SCHEDULED' });
  expect(idsIn(await listed({ ended: true }))).toEqual(ids);
  const page = await listed({ first: 2 });
  expect(page.get('customer.grants.pageInfo.hasNextPage')).toBe(true);
  const after = page.text('customer.grants.pageInfo.endCursor');
  expect(idsIn(await listed({ first: 2, after }))).toEqual(ids.slice(3));
  expect(refusal(await listed({ after: 'nonsense' }))).toEqual([['BAD_USER_INPUT', 'after']]);
});

test.each<[string, object, string, string]>([
  ['a customer that is not there', { customerId: 'nobody' }, 'NOT_FOUND', 'input.customerId'],
  ['a feature that is not there', { feature: 'ssp' }, 'NOT_FOUND', 'input.feature'],
  [
    'a value that the feature does not take',
    { feature: 'projects', value: 'x' },
    'BAD_USER_INPUT',
    'input.value',
  ],
  ['an end that is over', { expiresAt: hence(-1) }, 'BAD_USER_INPUT', 'input.expiresAt'],
  ['no reason', { reason: ' ' }, 'BAD_USER_INPUT', 'input.reason'],
  ['no key', { idempotencyKey: '' }, 'BAD_USER_INPUT', 'input.idempotencyKey'],
])('%s is refused, and nothing is written', async (_what, input, code, field) => {
  await newCustomer(gateway, 'fin', 'free').catch(() => undefined);
  const before = await gateway.countEvents();
  expect(refusal(await grant({ customerId: 'fin', feature: 'sso', ...input }))).toEqual([[code, field]]);
  expect(await gateway.countEvents()).toBe(before);
});

test('a grant that is not there, or has no reason to end, is not revoked', async () => {
  expect(refusal(await revoke('grant_none'))).toEqual([['NOT_FOUND', 'grantId']]);
  expect(refusal(await revoke('no id'))).toEqual([['NOT_FOUND', 'grantId']]);
  await newCustomer(gateway, 'gil', 'free');
  const id = (await grant({ customerId: 'gil', feature: 'sso' })).text('result.grant.id');
  expect(refusal(await revoke(id, ''))).toEqual([['BAD_USER_INPUT', 'reason']]);
});

test('who may not sell may not grant, and a narrowed key touches none but its customers', async () => {
  await newCustomer(gateway, 'hua', 'free');
  const id = (await grant({ customerId: 'hua', feature: 'sso' })).text('result.grant.id');
  const { secret: service } = await gateway.newKey({ role: 'SERVICE' });
  expect(refusal(await grant({ customerId: 'hua', feature: 'sso' }, service))).toEqual([['FORBIDDEN', null]]);
  const { secret: narrow } = await gateway.newKey({ role: 'OPERATOR', customerIds: ['ada'] });
  expect(refusal(await grant({ customerId: 'hua', feature: 'sso' }, narrow))).toEqual([['FORBIDDEN', null]]);
  expect(refusal(await revoke(id, 'over', narrow))).toEqual([['FORBIDDEN', null]]);
});
