import { migrateBatch } from '@licet/database';
import { CATALOG } from './catalog.js';
import { check, newCustomer } from './customers.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(async () => {
  await gateway.close();
});

const FIELDS = `id plan version toPlan toVersion timing at status dryRun done total moved refused
  createdBy { kind id } createdAt finishedAt problems { subscriptionId code message }`;
const MIGRATE = `mutation ($input: MigratePlanInput!) { result: migratePlan(input: $input) { revision migration { ${FIELDS} } } }`;
const CANCEL = `mutation ($id: ID!) { result: cancelPlanMigration(id: $id) { revision migration { ${FIELDS} } } }`;
const FIND = `query ($id: ID!) { planMigration(id: $id) { ${FIELDS} } }`;
const LIST = `query ($first: Int! = 20, $after: Cursor) { planMigrations(first: $first, after: $after) {
  edges { cursor node { id problems(first: 1) { subscriptionId } } } pageInfo { hasNextPage endCursor } } }`;

const migrate = (input: object, key?: string): Promise<Answer> =>
  gateway.send(
    MIGRATE,
    {
      input: { plan: 'pro', version: 1, toPlan: 'enterprise', idempotencyKey: newIdempotencyKey(), ...input },
    },
    key,
  );
const cancel = (id: string, key?: string): Promise<Answer> => gateway.send(CANCEL, { id }, key);
const find = async (id: string): Promise<unknown> => (await gateway.send(FIND, { id })).get('planMigration');
const refusal = ({ errors }: Answer): unknown =>
  errors.map(({ extensions: { code, field } }) => [code, field ?? null]);

/** What a worker does. */
async function carryOut(): Promise<void> {
  while ((await migrateBatch(gateway.services.db, gateway.tenantId, 100)) !== null);
}

test('a migration is queued, carried out and told of, and its customers are decided by the new plan', async () => {
  const ada = await newCustomer(gateway, 'ada', 'pro');
  await newCustomer(gateway, 'bob', 'free');
  const queued = await migrate({});
  expect(queued.errors).toEqual([]);
  const migration = {
    id: expect.stringMatching(/^migration_/),
    plan: 'pro',
    version: 1,
    toPlan: 'enterprise',
    toVersion: 1,
    timing: 'NOW',
    at: null,
    status: 'QUEUED',
    dryRun: false,
    done: 0,
    total: null,
    moved: 0,
    refused: 0,
    createdBy: { kind: 'API_KEY', id: expect.any(String) },
    createdAt: expect.any(String),
    finishedAt: null,
    problems: [],
  };
  expect(queued.get('result.migration')).toEqual(migration);
  const id = queued.text('result.migration.id');
  await carryOut();
  const finishedAt: unknown = expect.any(String);
  const ended = { ...migration, status: 'SUCCEEDED', done: 1, total: 1, moved: 1, finishedAt };
  expect(await find(id)).toEqual(ended);
  const events = await gateway.send(
    '{ events(first: 100, types: ["migration.created", "subscription.plan_changed", "migration.finished"]) { edges { node { type subjectId revision data } } } }',
  );
  expect(events.get('events.edges')).toMatchObject([
    { node: { type: 'migration.created', subjectId: id, revision: queued.get('result.revision') } },
    { node: { type: 'subscription.plan_changed', subjectId: ada, data: { migration: id } } },
    { node: { type: 'migration.finished', subjectId: id, data: { after: { moved: 1 } } } },
  ]);
  const atLeast = events.text('events.edges.1.node.revision');
  const decided = await check(gateway, { customerId: 'ada', feature: 'projects', atLeast });
  expect(decided.get('check')).toMatchObject({ unlimited: true });
});

test('a dry run, for some customers, later: what is asked for is shown, and the run changes nothing', async () => {
  await newCustomer(gateway, 'ada', 'pro');
  await newCustomer(gateway, 'bob', 'pro');
  const at = '2099-01-01T00:00:00.000Z';
  const queued = await migrate({ timing: 'AT', at, customerIds: ['bob'], dryRun: true });
  expect(queued.get('result.migration')).toMatchObject({ timing: 'AT', at, dryRun: true });
  await carryOut();
  expect(await find(queued.text('result.migration.id'))).toMatchObject({ total: 1, moved: 1 });
  const shown = await gateway.send('{ customer(id: "bob") { subscriptions { scheduledChange { plan } } } }');
  expect(shown.get('customer.subscriptions')).toEqual([{ scheduledChange: null }]);
});

test('problems are listed for each migration, page by page', async () => {
  for (const id of ['ada', 'bob'])
    await newCustomer(gateway, id, 'pro', { addOns: [{ addOn: 'more-calls' }] });
  const document = {
    ...CATALOG,
    transitions: [
      { from: 'pro', to: 'enterprise', takesEffect: 'now', usage: 'carry', addOnsNotOffered: 'refuse' },
    ],
  };
  await gateway.send('mutation ($document: JSONObject) { draftRelease(document: $document) { revision } }', {
    document,
  });
  await gateway.send('mutation { publishRelease(release: 2) { revision } }');
  const id = (await migrate({})).text('result.migration.id');
  await carryOut();
  expect(await find(id)).toMatchObject({
    status: 'SUCCEEDED',
    moved: 0,
    refused: 2,
    problems: [{ code: 'CONFLICT', message: expect.stringContaining('enterprise') }, { code: 'CONFLICT' }],
  });
  const page = (rest: string) =>
    gateway.send(`{ planMigration(id: "${id}") { problems(${rest}) { subscriptionId } } }`);
  const first = await page('first: 1');
  expect(first.get('planMigration.problems.1')).toBeUndefined();
  const last = first.text('planMigration.problems.0.subscriptionId');
  const rest = await page(`first: 5, after: "${last}"`);
  expect(rest.get('planMigration.problems')).toEqual([{ subscriptionId: expect.not.stringMatching(last) }]);
  expect(refusal(await page('first: 0'))).toEqual([['BAD_USER_INPUT', 'first']]);
  expect(refusal(await page('first: 1, after: "nonsense"'))).toEqual([['BAD_USER_INPUT', 'after']]);
  expect(refusal(await page('first: 1, after: "sub_notinthislist"'))).toEqual([['BAD_USER_INPUT', 'after']]);
});

test('the same key answers as the first time; with another wish it is refused', async () => {
  await newCustomer(gateway, 'ada', 'pro');
  const idempotencyKey = newIdempotencyKey();
  const first = await migrate({ idempotencyKey });
  await carryOut();
  const before = await gateway.countEvents();
  expect((await migrate({ idempotencyKey })).get('result')).toEqual(first.get('result'));
  expect(refusal(await migrate({ idempotencyKey, dryRun: true }))).toEqual([
    ['CONFLICT', 'input.idempotencyKey'],
  ]);
  expect(await gateway.countEvents()).toBe(before);
});

test.each<[string, object, string, string]>([
  ['a plan that never was', { plan: 'ghost' }, 'NOT_FOUND', 'input.plan'],
  ['a text that can be no plan', { plan: 'No Plan' }, 'NOT_FOUND', 'input.plan'],
  ['a version that was never sold', { version: 2 }, 'NOT_FOUND', 'input.version'],
  ['a target that is not sold', { toPlan: 'ghost' }, 'NOT_FOUND', 'input.toPlan'],
  ['a target that can be no plan', { toPlan: '' }, 'NOT_FOUND', 'input.toPlan'],
  ['a target version that was never sold', { toVersion: 0 }, 'NOT_FOUND', 'input.toVersion'],
  ['the version itself', { toPlan: null }, 'BAD_USER_INPUT', 'input.version'],
  ['the version itself, named', { toPlan: 'pro', toVersion: 1 }, 'BAD_USER_INPUT', 'input.toVersion'],
  ['a way that no transition goes', { toPlan: 'bulk' }, 'BAD_USER_INPUT', 'input.toPlan'],
  ['AT without a time', { timing: 'AT' }, 'BAD_USER_INPUT', 'input.at'],
  ['a time without AT', { at: '2099-01-01T00:00:00Z' }, 'BAD_USER_INPUT', 'input.at'],
  ['a time that is past', { timing: 'AT', at: '2020-01-01T00:00:00Z' }, 'BAD_USER_INPUT', 'input.at'],
  ['a list of nobody', { customerIds: [] }, 'BAD_USER_INPUT', 'input.customerIds'],
  ['a customer that is not there', { customerIds: ['ghost'] }, 'NOT_FOUND', 'input.customerIds'],
  ['a text that can be no customer', { customerIds: [''] }, 'BAD_USER_INPUT', 'input.customerIds.0'],
  [
    'more than 1,000 customers',
    { customerIds: Array<string>(1001).fill('ada') },
    'BAD_USER_INPUT',
    'input.customerIds',
  ],
  ['an empty key', { idempotencyKey: '' }, 'BAD_USER_INPUT', 'input.idempotencyKey'],
])('%s is refused, and nothing is written', async (_, input, code, field) => {
  const before = await gateway.countEvents();
  expect(refusal(await migrate(input))).toEqual([[code, field]]);
  expect(await gateway.countEvents()).toBe(before);
  expect((await gateway.send(LIST)).get('planMigrations.edges')).toEqual([]);
});

test('a migration is cancelled once; one that has finished is CONFLICT, one that is not there NOT_FOUND', async () => {
  await newCustomer(gateway, 'ada', 'pro');
  const id = (await migrate({})).text('result.migration.id');
  const canceled = await cancel(id);
  expect(canceled.get('result.migration')).toMatchObject({ id, status: 'CANCELED', moved: 0 });
  const before = await gateway.countEvents();
  expect((await cancel(id)).get('result.migration')).toEqual(canceled.get('result.migration'));
  expect(refusal(await cancel('migration_0'))).toEqual([['NOT_FOUND', 'id']]);
  expect(refusal(await cancel('nonsense'))).toEqual([['NOT_FOUND', 'id']]);
  expect(await gateway.countEvents()).toBe(before);
  const finished = (await migrate({})).text('result.migration.id');
  await carryOut();
  expect(refusal(await cancel(finished))).toEqual([['CONFLICT', 'id']]);
});

test('migrations are listed newest first, page by page; one that is not there is null', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 3; index++) ids.unshift((await migrate({})).text('result.migration.id'));
  const page = await gateway.send(LIST, { first: 2 });
  expect(page.get('planMigrations')).toMatchObject({
    edges: [{ node: { id: ids[0], problems: [] } }, { node: { id: ids[1] } }],
    pageInfo: { hasNextPage: true },
  });
  const rest = await gateway.send(LIST, { after: page.get('planMigrations.pageInfo.endCursor') });
  expect(rest.get('planMigrations')).toMatchObject({
    edges: [{ node: { id: ids[2] } }],
    pageInfo: { hasNextPage: false },
  });
  expect(refusal(await gateway.send(LIST, { after: 'nonsense' }))).toEqual([['BAD_USER_INPUT', 'after']]);
  expect(refusal(await gateway.send(LIST, { first: 101 }))).toEqual([['BAD_USER_INPUT', 'first']]);
  expect(await find('migration_0')).toBeNull();
  expect(await find('nonsense')).toBeNull();
});

test('operators migrate and cancel, readers look on, and keys for some customers alone do neither', async () => {
  const { secret: reader } = await gateway.newKey({ role: 'READER' });
  const { secret: service } = await gateway.newKey({ role: 'SERVICE' });
  const { secret: operator } = await gateway.newKey({ role: 'OPERATOR' });
  const { secret: narrowed } = await gateway.newKey({ role: 'OPERATOR', customerIds: ['ada'] });
  const id = (await migrate({}, operator)).text('result.migration.id');
  for (const key of [reader, service, narrowed]) {
    expect(refusal(await migrate({}, key))).toEqual([['FORBIDDEN', null]]);
    expect(refusal(await cancel(id, key))).toEqual([['FORBIDDEN', null]]);
  }
  expect((await gateway.send(FIND, { id }, reader)).get('planMigration')).toMatchObject({ id });
  expect((await gateway.send(LIST, {}, reader)).get('planMigrations.edges.0.node.id')).toBe(id);
  expect(refusal(await gateway.send(FIND, { id }, narrowed))).toEqual([['FORBIDDEN', null]]);
  expect(refusal(await gateway.send(LIST, {}, narrowed))).toEqual([['FORBIDDEN', null]]);
  expect((await cancel(id, operator)).get('result.migration.status')).toBe('CANCELED');
});
