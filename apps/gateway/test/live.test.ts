import type { Client as SocketClient } from 'graphql-ws';
import { Client } from 'pg';
import { changePlan, consume, newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let socket: SocketClient;
beforeAll(async () => {
  gateway = await startTestGateway();
  socket = gateway.socket();
});
afterAll(async () => {
  await socket.dispose();
  await gateway.close();
});

type Stream = AsyncIterableIterator<unknown>;

function follow(query: string, variables: Record<string, unknown> = {}): Stream {
  return socket.iterate({ query, variables });
}

async function next(stream: Stream): Promise<unknown> {
  const { value }: { value?: unknown } = await stream.next();
  return value;
}

async function leave(stream: Stream): Promise<void> {
  await stream.return?.();
}

/** Sends an operation over the socket and waits for the answer, so that what was subscribed before is in place. */
async function settled(): Promise<void> {
  await next(follow('{ tenant { id } }'));
}

const PLANS = `subscription ($customerId: ID, $after: Cursor) { planChanged(customerId: $customerId, after: $after) {
  cursor customerId from to reason at subscription { id status plan { key } customer { id } } } }`;
const ENTITLEMENTS = `subscription ($customerId: ID!, $after: Cursor) { entitlementsChanged(customerId: $customerId, after: $after) {
  cursor customerId changed cause { type data } entitlements { revision entitlements { feature allowed code limit } } } }`;
const ALL_FEATURES = ['ai-credits', 'api-calls', 'editors', 'projects', 'sso', 'support', 'viewers'];

function changedIn(message: unknown): unknown[] {
  const changed = at(message, 'data.entitlementsChanged.changed');
  return Array.isArray(changed) ? changed.sort() : [];
}

const EVENTS = `subscription ($types: [String!], $customerId: ID, $after: Cursor) {
  events(types: $types, customerId: $customerId, after: $after) { cursor type customerId } }`;

test('an upgrade arrives live, with the plan before and after', async () => {
  const id = await newCustomer(gateway, 'ada', 'free');
  const stream = follow(PLANS, { customerId: 'ada' });
  const first = next(stream);
  await settled();
  await newCustomer(gateway, 'someone-else', 'free');
  await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  expect(at(await first, 'data.planChanged')).toMatchObject({
    customerId: 'ada',
    from: 'free',
    to: 'pro',
    reason: 'subscription.plan_changed',
    subscription: { id, status: 'ACTIVE', plan: { key: 'pro' }, customer: { id: 'ada' } },
  });
  await stream.return?.();
});

test('resuming with `after` gives everything since, in order, once, and then goes on live', async () => {
  const begin = await gateway.send('mutation { upsertCustomer(input: { id: "bo" }) { revision } }');
  const after = begin.text('upsertCustomer.revision');
  const id = await newCustomer(gateway, 'bo', 'free');
  await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  const stream = follow(PLANS, { customerId: 'bo', after });
  const began = await next(stream);
  expect(at(began, 'data.planChanged')).toMatchObject({
    from: null,
    to: 'free',
    reason: 'subscription.started',
  });
  expect(at(await next(stream), 'data.planChanged')).toMatchObject({ from: 'free', to: 'pro' });
  const live = next(stream);
  await gateway.send('mutation ($input: CancelInput!) { cancelSubscription(input: $input) { revision } }', {
    input: { subscriptionId: id, timing: 'NOW' },
  });
  expect(at(await live, 'data.planChanged')).toMatchObject({
    from: 'pro',
    to: null,
    reason: 'subscription.canceled',
  });
  const cursor = at(began, 'data.planChanged.cursor');
  const again = follow(PLANS, { customerId: 'bo', after: cursor });
  expect(at(await next(again), 'data.planChanged.to')).toBe('pro');
  await Promise.all([stream.return?.(), again.return?.()]);
});

test.each([ENTITLEMENTS, PLANS, EVENTS])(
  'a cursor that this log never gave is CURSOR_EXPIRED, and says what to do, a text that is none BAD_USER_INPUT: %s',
  async (query) => {
    await gateway.send('mutation { upsertCustomer(input: { id: "expired" }) { revision } }');
    const ask = (after: string): Promise<unknown> => next(follow(query, { customerId: 'expired', after }));
    for (const after of ['0000000000000001-ffffffff', '00000000ffffffff-00000000'])
      expect(at(await ask(after), 'errors.0')).toMatchObject({
        message: expect.stringContaining('read the present state and follow from there'),
        extensions: { code: 'CURSOR_EXPIRED' },
      });
    expect(at(await ask('x'), 'errors.0.extensions')).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'after',
    });
  },
);

test('entitlements begin with what is now and then come when an answer changes, not for every unit', async () => {
  const id = await newCustomer(gateway, 'cy', 'free');
  const stream = follow(ENTITLEMENTS, { customerId: 'cy' });
  const start = await next(stream);
  expect(at(start, 'data.entitlementsChanged.cause')).toBeNull();
  expect(changedIn(start)).toEqual(ALL_FEATURES);
  await consume(gateway, { customerId: 'cy', feature: 'api-calls', quantity: 9 });
  await consume(gateway, { customerId: 'cy', feature: 'api-calls', quantity: 1 });
  expect(at(await next(stream), 'data.entitlementsChanged')).toMatchObject({
    changed: ['api-calls'],
    cause: { type: 'usage.recorded', data: { meters: [{ feature: 'api-calls', used: 10 }] } },
  });
  await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  const upgraded = await next(stream);
  expect(at(upgraded, 'data.entitlementsChanged.cause.type')).toBe('subscription.plan_changed');
  const inNeither = ['ai-credits', 'viewers'];
  expect(changedIn(upgraded)).toEqual(ALL_FEATURES.filter((feature) => !inNeither.includes(feature)));
  await stream.return?.();
});

test('of spends that are read late each is told by its own event, with what held then', async () => {
  await newCustomer(gateway, 'cyd', 'free');
  const before = follow(ENTITLEMENTS, { customerId: 'cyd' });
  const after = at(await next(before), 'data.entitlementsChanged.cursor');
  await leave(before);
  for (const quantity of [9, 1])
    await consume(gateway, { customerId: 'cyd', feature: 'api-calls', quantity });
  const stream = follow(ENTITLEMENTS, { customerId: 'cyd', after });
  const [nine, ten] = [await next(stream), await next(stream)];
  const answer = (message: unknown, used: number): unknown[] => [
    at(message, 'data.entitlementsChanged.cause'),
    expect.objectContaining({ data: { meters: [expect.objectContaining({ used })] } }),
  ];
  for (const [cause, expected] of [answer(nine, 9), answer(ten, 10)]) expect(cause).toEqual(expected);
  expect(JSON.stringify(nine)).toContain('"feature":"api-calls","allowed":true');
  expect(changedIn(ten)).toEqual(['api-calls']);
  expect(JSON.stringify(ten)).toContain('"feature":"api-calls","allowed":false,"code":"LIMIT_EXCEEDED"');
  await leave(stream);
});

test('entitlements that are resumed miss no change', async () => {
  const id = await newCustomer(gateway, 'di', 'free');
  const first = follow(ENTITLEMENTS, { customerId: 'di' });
  const after = at(await next(first), 'data.entitlementsChanged.cursor');
  await first.return?.();
  const quiet = follow(ENTITLEMENTS, { customerId: 'di', after });
  const live = next(quiet);
  await settled();
  await newCustomer(gateway, 'di-2', 'pro');
  await consume(gateway, { customerId: 'di', feature: 'projects', quantity: 3 });
  expect(at(await live, 'data.entitlementsChanged.changed')).toEqual(['projects']);
  await quiet.return?.();
  await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  const missed = follow(ENTITLEMENTS, { customerId: 'di', after });
  const caughtUp = await next(missed);
  expect(changedIn(caughtUp)).toEqual(ALL_FEATURES);
  expect(JSON.stringify(caughtUp)).toContain('"feature":"sso","allowed":true');
  await missed.return?.();
});

test('events are filtered by type and customer, and leave usage out', async () => {
  const id = await newCustomer(gateway, 'eva', 'free');
  const stream = follow(EVENTS, {
    customerId: 'eva',
    types: ['customer.updated', 'subscription.plan_changed'],
  });
  const first = next(stream);
  await settled();
  await gateway.send('mutation { upsertCustomer(input: { id: "eva", name: "Eva" }) { revision } }');
  await consume(gateway, { customerId: 'eva', feature: 'projects', quantity: 1 });
  await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  expect(at(await first, 'data.events')).toMatchObject({ type: 'customer.updated', customerId: 'eva' });
  expect(at(await next(stream), 'data.events.type')).toBe('subscription.plan_changed');
  await stream.return?.();
});

test.each([ENTITLEMENTS, PLANS, EVENTS])(
  'following a customer that does not exist is NOT_FOUND: %s',
  async (query) => {
    const answer = await next(follow(query, { customerId: 'nobody' }));
    expect(at(answer, 'errors.0.extensions')).toMatchObject({ code: 'NOT_FOUND', field: 'customerId' });
  },
);

test('queries and mutations run over the socket too, with errors of the same form', async () => {
  const bad = await next(
    follow('query ($input: CheckInput!) { check(input: $input) { code } }', {
      input: { customerId: 'ada', feature: 'sso', quantity: -1 },
    }),
  );
  expect(at(bad, 'errors.0.extensions')).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.quantity' });
});

test.each<[string, string, Record<string, unknown>]>([
  ['that cannot be parsed', 'subscription {', {}],
  ['with a NUL character', '{ customer(id: "a\\u0000") { id } }', {}],
  ['nested too deep', '{a'.repeat(300), {}],
  ['of too many tokens', `{ ${'plans { key } '.repeat(4000)} }`, {}],
  ['of several operations, none named', 'query A { plans { key } } query B { plans { key } }', {}],
  ['with a NUL character in a variable', EVENTS, { types: ['a\0'] }],
  ['whose answer would be too large', `{ ${largeOperation()} }`, {}],
])('an operation %s is refused, and the socket goes on', async (_name, query, variables) => {
  const own = gateway.socket();
  const refusal: unknown = await own
    .iterate({ query, variables })
    .next()
    .then(
      ({ value }: { value?: unknown }) => at(value, 'errors'),
      (errors: unknown) => errors,
    );
  expect(at(refusal, '0.extensions.code')).toBe('BAD_USER_INPUT');
  const { value }: { value?: unknown } = await own.iterate({ query: '{ tenant { name } }' }).next();
  expect(at(value, 'data.tenant.name')).toBe('Meridian');
  await own.dispose();
});

function largeOperation(): string {
  const page = 'customers(first: 100) { edges { node { entitlements { entitlements { feature } } } } }';
  return Array.from({ length: 100 }, (_, index) => `a${String(index)}: ${page}`).join(' ');
}

/** The code by which a socket was closed; null where it was something else that happened. */
function closeCode(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'code' in event ? event.code : null;
}

function closed(own: SocketClient): Promise<unknown> {
  return new Promise((resolve) => {
    own.on('closed', (event) => {
      resolve(closeCode(event));
    });
  });
}

test('a key that is revoked closes its sockets and ends their streams; other sockets go on', async () => {
  const key = await gateway.newKey({ role: 'SERVICE' });
  const own = gateway.socket(key.secret);
  const ended = closed(own);
  const stream = own.iterate({ query: EVENTS });
  const end = endOf(stream);
  await own.iterate({ query: '{ tenant { id } }' }).next();
  const others = follow(EVENTS, { types: ['api_key.revoked'] });
  const heard = next(others);
  await settled();
  await gateway.send('mutation ($id: ID!) { revokeApiKey(id: $id) { revision } }', { id: key.id });
  expect(await ended).toBe(4403);
  expect(closeCode(await end)).toBe(4403);
  expect(at(await heard, 'data.events.type')).toBe('api_key.revoked');
  await others.return?.();
});

/** What ends a stream, after all that it still delivers; undefined where it is simply over. */
async function endOf(stream: Stream): Promise<unknown> {
  try {
    while ((await stream.next()).done !== true);
    return undefined;
  } catch (error) {
    return error;
  }
}

test('a key that has come to its end closes its sockets', async () => {
  const expiresAt = new Date(Date.now() + 1500).toISOString();
  const key = await gateway.newKey({ role: 'SERVICE', expiresAt });
  const own = gateway.socket(key.secret);
  const ended = closed(own);
  const stream = own.iterate({ query: EVENTS });
  const end = endOf(stream);
  expect(await ended).toBe(4403);
  expect(closeCode(await end)).toBe(4403);
});

/** How many statements with this text (a part of it) were sent while `work` ran. */
async function countStatements(part: string, work: () => Promise<unknown>): Promise<number> {
  const spy = jest.spyOn(Client.prototype, 'query');
  try {
    await work();
    return spy.mock.calls.filter(([statement]) => JSON.stringify(statement).includes(part)).length;
  } finally {
    spy.mockRestore();
  }
}

const SUBSCRIBERS = 20;
const STATE_READ = 'account-customers';

test('a change costs one read of the state, however many subscribers its customer has', async () => {
  const id = await newCustomer(gateway, 'followed-by-many', 'free');
  const streams = Array.from({ length: SUBSCRIBERS }, () =>
    follow(ENTITLEMENTS, { customerId: 'followed-by-many' }),
  );
  await Promise.all(streams.map(next));
  const reads = await countStatements(STATE_READ, async () => {
    const arriving = streams.map(next);
    await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
    await Promise.all(arriving);
  });
  // The command itself reads what it changes, and its answer.
  expect(reads).toBeLessThanOrEqual(3);
  await Promise.all(streams.map(leave));
});

test('subscriptions that begin together read what is now together', async () => {
  const ids = Array.from({ length: SUBSCRIBERS }, (_, index) => `together-${String(index)}`);
  for (const id of ids) await newCustomer(gateway, id, 'free');
  await settled();
  const streams = ids.map((customerId) => follow(ENTITLEMENTS, { customerId }));
  const reads = await countStatements(STATE_READ, () => Promise.all(streams.map(next)));
  expect(reads).toBeLessThan(SUBSCRIBERS / 2);
  await Promise.all(streams.map(leave));
});

test('a change that is made while a subscription begins is in its first message, or comes after it', async () => {
  const isPro = (message: unknown): boolean =>
    JSON.stringify(message).includes('"feature":"sso","allowed":true');
  for (let index = 0; index < 8; index++) {
    const customerId = `raced-${String(index)}`;
    const subscriptionId = await newCustomer(gateway, customerId, 'free');
    const changing = changePlan(gateway, { subscriptionId, plan: 'pro' });
    const stream = follow(ENTITLEMENTS, { customerId });
    while (!isPro(await next(stream)));
    await changing;
    await stream.return?.();
  }
});

test('sockets with one key look at it together when keys change, and all go when it is revoked', async () => {
  const key = await gateway.newKey({ role: 'SERVICE' });
  const sockets = Array.from({ length: SUBSCRIBERS }, () => gateway.socket(key.secret));
  const ended = sockets.map(closed);
  const streams = sockets.map((own) => endOf(own.iterate({ query: EVENTS })));
  await Promise.all(sockets.map((own) => own.iterate({ query: '{ tenant { id } }' }).next()));
  const looks = await countStatements('find-api-key', async () => {
    await gateway.send('mutation ($id: ID!) { revokeApiKey(id: $id) { revision } }', { id: key.id });
    expect(await Promise.all(ended)).toEqual(sockets.map(() => 4403));
  });
  expect(looks).toBeLessThan(SUBSCRIBERS / 2);
  await Promise.all(streams);
});
