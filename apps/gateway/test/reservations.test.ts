import { setTimeout as delay } from 'node:timers/promises';
import { check, consume, newCustomer } from './customers.js';
import { type Answer, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

function reserve(input: object): Promise<Answer> {
  return gateway.send(
    `mutation ($input: ReserveInput!) { reserve(input: $input) { revision
       decision { allowed code used reserved remaining validUntil }
       reservation { id customerId feature quantity expiresAt } } }`,
    { input: { feature: 'api-calls', ttl: 'PT1H', idempotencyKey: newIdempotencyKey(), ...input } },
  );
}

function commit(reservationId: string, quantity?: number, key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($reservationId: ID!, $quantity: Quantity) { commitReservation(reservationId: $reservationId, quantity: $quantity) {
       consumed replayed revision decision { allowed code used reserved } } }`,
    { reservationId, quantity },
    key,
  );
}

function release(reservationId: string): Promise<Answer> {
  return gateway.send(
    `mutation ($reservationId: ID!) { releaseReservation(reservationId: $reservationId) {
       revision decision { allowed code used reserved } reservation { id quantity } } }`,
    { reservationId },
  );
}

async function checked(customerId: string, after: Answer, field: string): Promise<unknown> {
  const answer = await check(gateway, {
    customerId,
    feature: 'api-calls',
    atLeast: after.get(`${field}.revision`),
  });
  return answer.get('check');
}

test('what is reserved shows in checks and usage, and a commit spends what was really used', async () => {
  await newCustomer(gateway, 'ada', 'free');
  const made = await reserve({ customerId: 'ada', quantity: 6 });
  expect(made.get('reserve')).toMatchObject({
    decision: { allowed: true, used: 0, reserved: 6 },
    reservation: { customerId: 'ada', feature: 'api-calls', quantity: 6 },
  });
  expect(await checked('ada', made, 'reserve')).toMatchObject({
    used: 0,
    reserved: 6,
    validUntil: made.get('reserve.reservation.expiresAt'),
  });
  const usage = await gateway.send(
    '{ customer(id: "ada") { usage(feature: "api-calls") { used reserved } } }',
  );
  expect(usage.get('customer.usage')).toEqual({ used: 0, reserved: 6 });
  const spent = await commit(made.text('reserve.reservation.id'), 2);
  expect(spent.get('commitReservation')).toMatchObject({
    consumed: 2,
    replayed: false,
    decision: { allowed: true, code: 'DONE', used: 2, reserved: 0 },
  });
  expect(await checked('ada', spent, 'commitReservation')).toMatchObject({ used: 2, reserved: 0 });
});

test('left out, all of it is spent; and the same again is the same answer', async () => {
  await newCustomer(gateway, 'bo', 'free');
  const id = (await reserve({ customerId: 'bo', quantity: 3 })).text('reserve.reservation.id');
  const first = await commit(id);
  expect(first.get('commitReservation.consumed')).toBe(3);
  const again = await commit(id, 3);
  expect(again.get('commitReservation')).toEqual({
    ...(first.get('commitReservation') as object),
    replayed: true,
  });
});

test('a released one frees its units, however often it is released', async () => {
  await newCustomer(gateway, 'cy', 'free');
  const id = (await reserve({ customerId: 'cy', quantity: 10 })).text('reserve.reservation.id');
  const first = await release(id);
  expect(first.get('releaseReservation')).toMatchObject({
    decision: { code: 'DONE', used: 0, reserved: 0 },
    reservation: { id, quantity: 10 },
  });
  expect((await release(id)).get('releaseReservation')).toEqual(first.get('releaseReservation'));
  const spent = await consume(gateway, { customerId: 'cy', feature: 'api-calls', quantity: 10 });
  expect(spent.get('consume.decision.allowed')).toBe(true);
});

test('what does not fit is denied, and there is no reservation', async () => {
  await newCustomer(gateway, 'di', 'free');
  const denied = await reserve({ customerId: 'di', quantity: 1_000_000 });
  expect(denied.get('reserve')).toMatchObject({
    decision: { allowed: false, code: 'LIMIT_EXCEEDED' },
    reservation: null,
  });
});

test('time frees what nobody settles: a kept state knows it by itself, without a worker or an event', async () => {
  await newCustomer(gateway, 'ed', 'free');
  const made = await reserve({ customerId: 'ed', quantity: 4, ttl: 'PT3S' });
  expect(await checked('ed', made, 'reserve')).toMatchObject({ reserved: 4 });
  const expiresAt = Date.parse(made.text('reserve.reservation.expiresAt'));
  await delay(expiresAt - Date.now() + 50);
  const after = await check(gateway, { customerId: 'ed', feature: 'api-calls' });
  expect(after.get('check')).toMatchObject({ reserved: 0 });
});

test('what time will free is told ahead', async () => {
  await newCustomer(gateway, 'flo', 'free');
  const made = await reserve({ customerId: 'flo', quantity: 4 });
  await checked('flo', made, 'reserve');
  const upcoming = await gateway.send(
    '{ customer(id: "flo") { upcoming(first: 1) { at kind subjectId data } } }',
  );
  expect(upcoming.get('customer.upcoming.0')).toMatchObject({
    at: made.get('reserve.reservation.expiresAt'),
    kind: 'usage.reservation_expired',
    subjectId: made.get('reserve.reservation.id'),
    data: { quantity: 4, reserved: 0 },
  });
});

test.each<[string, () => Promise<Answer>, string, string | null, RegExp]>([
  [
    'a day and more',
    () => reserve({ customerId: 'gil', ttl: 'P2D' }),
    'BAD_USER_INPUT',
    'input.ttl',
    /too long.*at most `PT24H`/,
  ],
  [
    'longer than any calendar',
    () => reserve({ customerId: 'gil', ttl: 'P1000000Y' }),
    'BAD_USER_INPUT',
    'input.ttl',
    /too long.*at most `PT24H`/,
  ],
  [
    'less than a millisecond',
    () => reserve({ customerId: 'gil', ttl: 'PT0.0001S' }),
    'BAD_USER_INPUT',
    'input.ttl',
    /too short.*at least `PT0\.001S`/,
  ],
  ['no duration', () => reserve({ customerId: 'gil', ttl: 'soon' }), 'BAD_USER_INPUT', null, /ISO 8601/],
  [
    'nothing',
    () => reserve({ customerId: 'gil', quantity: 0 }),
    'BAD_USER_INPUT',
    'input.quantity',
    /at least 1/,
  ],
  [
    'a BOOLEAN',
    () => reserve({ customerId: 'gil', feature: 'sso' }),
    'BAD_USER_INPUT',
    'input.feature',
    /can be reserved/,
  ],
  ['an unknown reservation', () => commit('rsv_0'), 'NOT_FOUND', 'reservationId', /no reservation/],
  ['no id', () => release('one'), 'NOT_FOUND', 'reservationId', /no reservation/],
])('refused, and says why: %s', async (_, ask, code, field, message) => {
  const { errors } = await ask();
  expect(errors).toMatchObject([{ extensions: { code } }]);
  expect(errors[0]?.message).toMatch(message);
  if (field !== null) expect(errors[0]?.extensions['field']).toBe(field);
});

test.each<[string, (id: string) => Promise<Answer>, (id: string) => Promise<Answer>, string, string]>([
  ['more than was reserved', (id) => release(id), (id) => commit(id, 4), 'BAD_USER_INPUT', 'quantity'],
  ['another quantity', (id) => commit(id, 2), (id) => commit(id, 1), 'CONFLICT', 'reservationId'],
  ['after its release', (id) => release(id), (id) => commit(id), 'CONFLICT', 'reservationId'],
  ['a release after a commit', (id) => commit(id), (id) => release(id), 'CONFLICT', 'reservationId'],
])('settled once: %s', async (name, first, second, code, field) => {
  const customerId = `once ${name}`;
  await newCustomer(gateway, customerId, 'free');
  const id = (await reserve({ customerId, quantity: 3 })).text('reserve.reservation.id');
  expect((await first(id)).errors).toEqual([]);
  expect((await second(id)).errors).toMatchObject([{ extensions: { code, field } }]);
});
