import type { Client as SocketClient } from 'graphql-ws';
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

/** Sends an operation over the socket and waits for the answer, so that what was subscribed before is in place. */
async function settled(): Promise<void> {
  await next(follow('{ tenant { id } }'));
}

const PLANS = `subscription ($customerId: ID, $after: Cursor) { planChanged(customerId: $customerId, after: $after) {
  cursor customerId from to reason at subscription { id status plan { key } customer { id } } } }`;
const ENTITLEMENTS = `subscription ($customerId: ID!, $after: Cursor) { entitlementsChanged(customerId: $customerId, after: $after) {
  cursor customerId changed cause { type data } entitlements { revision entitlements { feature allowed code limit } } } }`;
const ALL_FEATURES = ['api-calls', 'projects', 'sso', 'support'];

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

test('a cursor that this log never gave is CURSOR_EXPIRED, a text that is none BAD_USER_INPUT', async () => {
  const unknown = await next(follow(EVENTS, { after: '0000000000000001-ffffffff' }));
  expect(at(unknown, 'errors.0.extensions.code')).toBe('CURSOR_EXPIRED');
  const ahead = await next(follow(EVENTS, { after: '00000000ffffffff-00000000' }));
  expect(at(ahead, 'errors.0.extensions.code')).toBe('CURSOR_EXPIRED');
  const malformed = await next(follow(EVENTS, { after: 'x' }));
  expect(at(malformed, 'errors.0.extensions')).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
});

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
  expect(changedIn(upgraded)).toEqual(ALL_FEATURES);
  await stream.return?.();
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
  const stream = follow(EVENTS, {
    customerId: 'eva',
    types: ['customer.created', 'subscription.plan_changed'],
  });
  const first = next(stream);
  await settled();
  const id = await newCustomer(gateway, 'eva', 'free');
  await consume(gateway, { customerId: 'eva', feature: 'projects', quantity: 1 });
  await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  expect(at(await first, 'data.events')).toMatchObject({ type: 'customer.created', customerId: 'eva' });
  expect(at(await next(stream), 'data.events.type')).toBe('subscription.plan_changed');
  await stream.return?.();
});

test('following a customer that does not exist is NOT_FOUND', async () => {
  const answer = await next(follow(ENTITLEMENTS, { customerId: 'nobody' }));
  expect(at(answer, 'errors.0.extensions')).toMatchObject({ code: 'NOT_FOUND', field: 'customerId' });
});

test('queries and mutations run over the socket too, with errors of the same form', async () => {
  const bad = await next(
    follow('query ($input: CheckInput!) { check(input: $input) { code } }', {
      input: { customerId: 'ada', feature: 'sso', quantity: -1 },
    }),
  );
  expect(at(bad, 'errors.0.extensions')).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.quantity' });
});
