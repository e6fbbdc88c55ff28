import { setTimeout as delay } from 'node:timers/promises';
import { CATALOG } from './catalog.js';
import { changePlan, check, newCustomer } from './customers.js';
import { type Answer, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

const SEATED = {
  ...CATALOG,
  features: {
    ...(CATALOG['features'] as object),
    admins: { type: 'seats', kind: 'named', cooldown: 'P1D' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
    export: { type: 'boolean', needsSeat: 'editors' },
  },
  plans: {
    ...(CATALOG['plans'] as object),
    studio: {
      model: 'seats',
      entitlements: {
        editors: { bought: { atLeast: 1, atMost: 50, default: 2 } },
        admins: 1,
        viewers: 2,
        export: true,
        'api-calls': 5,
      },
    },
    atelier: { family: 'studio', model: 'subscription', entitlements: { editors: 1, viewers: 1 } },
  },
  transitions: [{ from: 'studio', to: 'atelier', seatsAbove: 'refuse' }],
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await publish(gateway, SEATED);
});
afterAll(() => gateway.close());

const RESULT = `revision decision { allowed code message limit used remaining validUntil }
  seat { id customerId feature kind memberId assignedAt leaseExpiresAt }`;

function assign(input: object, key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($input: SeatInput!) { assignSeat(input: $input) { ${RESULT} } }`,
    { input: { feature: 'editors', ...input } },
    key,
  );
}

function release(input: object, key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($input: SeatInput!) { releaseSeat(input: $input) { ${RESULT} } }`,
    { input: { feature: 'editors', ...input } },
    key,
  );
}

function lease(input: object): Promise<Answer> {
  return gateway.send(`mutation ($input: LeaseSeatInput!) { leaseSeat(input: $input) { ${RESULT} } }`, {
    input: { feature: 'viewers', ...input },
  });
}

async function checked(input: object): Promise<unknown> {
  return (await check(gateway, input)).get('check');
}

test('a seat that is assigned shows in checks, and when it is given back it does not', async () => {
  await newCustomer(gateway, 'ada', 'studio');
  const given = await assign({ customerId: 'ada', memberId: 'ann' });
  expect(given.get('assignSeat')).toMatchObject({
    decision: { allowed: true, code: 'ENTITLED', limit: 2, used: 1, remaining: 1 },
    seat: { customerId: 'ada', feature: 'editors', kind: 'NAMED', memberId: 'ann', leaseExpiresAt: null },
  });
  const atLeast = given.get('assignSeat.revision');
  const asked = { customerId: 'ada', atLeast };
  expect(await checked({ ...asked, feature: 'editors', memberId: 'ann' })).toMatchObject({
    code: 'ENTITLED',
    limit: 2,
    used: 1,
    remaining: 1,
    sources: [{ kind: 'SUBSCRIPTION', key: 'studio' }],
  });
  expect(await checked({ ...asked, feature: 'editors', memberId: 'bob' })).toMatchObject({
    code: 'NO_SEAT',
  });
  expect(await checked({ ...asked, feature: 'editors' })).toMatchObject({ code: 'ENTITLED' });
  expect(await checked({ ...asked, feature: 'editors', quantity: 2 })).toMatchObject({ code: 'NO_SEAT' });
  expect(await checked({ ...asked, feature: 'export', memberId: 'ann' })).toMatchObject({
    code: 'ENTITLED',
  });
  expect(await checked({ ...asked, feature: 'export', memberId: 'bob' })).toMatchObject({ code: 'NO_SEAT' });
  expect(await checked({ ...asked, feature: 'export' })).toMatchObject({ code: 'NO_SEAT' });
  expect(await checked({ ...asked, feature: 'export', quantity: 0 })).toMatchObject({ code: 'ENTITLED' });
  const back = await release({ customerId: 'ada', memberId: 'ann' });
  expect(back.get('releaseSeat')).toMatchObject({ decision: { code: 'DONE', used: 0 }, seat: null });
  const after = { customerId: 'ada', atLeast: back.get('releaseSeat.revision'), memberId: 'ann' };
  expect(await checked({ ...after, feature: 'export' })).toMatchObject({ code: 'NO_SEAT' });
});

test('the member of a field of the customer is asked like that of a check', async () => {
  await newCustomer(gateway, 'bo', 'studio');
  await assign({ customerId: 'bo', memberId: 'ann' });
  const answer = await gateway.send(
    `{ customer(id: "bo") { ann: check(feature: "export", memberId: "ann") { code } bob: check(feature: "export", memberId: "bob") { code }
       usage(feature: "editors") { used limit windowStart } } }`,
  );
  expect(answer.get('customer')).toEqual({
    ann: { code: 'ENTITLED' },
    bob: { code: 'NO_SEAT' },
    usage: { used: 1, limit: 2, windowStart: null },
  });
});

test('seats are bought by number, and more are bought', async () => {
  const subscriptionId = await newCustomer(gateway, 'cy', 'studio', {
    quantities: [{ feature: 'editors', quantity: 1 }],
  });
  await assign({ customerId: 'cy', memberId: 'ann' });
  expect((await assign({ customerId: 'cy', memberId: 'bob' })).get('assignSeat.decision')).toMatchObject({
    code: 'NO_SEAT',
    limit: 1,
  });
  await gateway.send(
    'mutation ($input: AdjustSubscriptionInput!) { adjustSubscription(input: $input) { revision } }',
    {
      input: {
        subscriptionId,
        quantities: [{ feature: 'editors', quantity: 2 }],
        idempotencyKey: newIdempotencyKey(),
      },
    },
  );
  expect((await assign({ customerId: 'cy', memberId: 'bob' })).get('assignSeat.decision')).toMatchObject({
    code: 'ENTITLED',
    limit: 2,
    used: 2,
  });
});

test('a floating seat is renewed, and a kept state knows by itself that it has freed itself', async () => {
  await newCustomer(gateway, 'di', 'studio');
  const first = await lease({ customerId: 'di', memberId: 'ann', ttl: 'PT3S' });
  expect(first.get('leaseSeat')).toMatchObject({
    decision: { code: 'ENTITLED', used: 1 },
    seat: { kind: 'FLOATING', memberId: 'ann' },
  });
  const asked = { customerId: 'di', feature: 'viewers', memberId: 'ann' };
  expect(await checked({ ...asked, atLeast: first.get('leaseSeat.revision') })).toMatchObject({
    code: 'ENTITLED',
    used: 1,
    validUntil: first.get('leaseSeat.seat.leaseExpiresAt'),
  });
  await delay(Date.parse(first.text('leaseSeat.seat.leaseExpiresAt')) - Date.now() + 50);
  expect(await checked(asked)).toMatchObject({ code: 'NO_SEAT', used: 0 });
  const next = await lease({ customerId: 'di', memberId: 'ann' });
  const renewed = await lease({ customerId: 'di', memberId: 'ann', ttl: 'PT1H' });
  expect(renewed.get('leaseSeat.seat.id')).toBe(next.get('leaseSeat.seat.id'));
  expect(renewed.text('leaseSeat.seat.leaseExpiresAt') > next.text('leaseSeat.seat.leaseExpiresAt')).toBe(
    true,
  );
});

test('a renewal reaches states that are kept, without their being read again', async () => {
  await newCustomer(gateway, 'el', 'studio');
  const asked = { customerId: 'el', feature: 'viewers', memberId: 'ann' };
  const first = await lease({ customerId: 'el', memberId: 'ann', ttl: 'PT3S' });
  await checked({ ...asked, atLeast: first.get('leaseSeat.revision') });
  const renewed = await lease({ customerId: 'el', memberId: 'ann', ttl: 'PT1H' });
  await checked({ ...asked, atLeast: renewed.get('leaseSeat.revision') });
  await delay(Date.parse(first.text('leaseSeat.seat.leaseExpiresAt')) - Date.now() + 50);
  expect(await checked(asked)).toMatchObject({ code: 'ENTITLED', used: 1 });
});

test('a list of the seats that are held, one feature or all, page by page', async () => {
  await newCustomer(gateway, 'flo', 'studio');
  await assign({ customerId: 'flo', memberId: 'ann' });
  await lease({ customerId: 'flo', memberId: 'bob' });
  const page = await gateway.send(
    '{ customer(id: "flo") { seats(first: 1) { totalCount pageInfo { hasNextPage endCursor } edges { node { memberId kind } } } all: seats { edges { node { memberId } } } viewers: seats(feature: "viewers") { edges { node { memberId } } } } }',
  );
  expect(page.get('customer')).toMatchObject({
    seats: {
      totalCount: 2,
      pageInfo: { hasNextPage: true },
      edges: [{ node: { memberId: 'ann', kind: 'NAMED' } }],
    },
    all: { edges: [{ node: { memberId: 'ann' } }, { node: { memberId: 'bob' } }] },
    viewers: { edges: [{ node: { memberId: 'bob' } }] },
  });
  const rest = await gateway.send(
    'query ($after: Cursor) { customer(id: "flo") { seats(first: 1, after: $after) { edges { node { memberId } } } } }',
    { after: page.get('customer.seats.pageInfo.endCursor') },
  );
  expect(rest.get('customer.seats.edges')).toEqual([{ node: { memberId: 'bob' } }]);
});

test('what was given back cools down, and the explanation offers what would help', async () => {
  await newCustomer(gateway, 'gil', 'studio');
  await assign({ customerId: 'gil', memberId: 'ann', feature: 'admins' });
  const back = await release({ customerId: 'gil', memberId: 'ann', feature: 'admins' });
  const denied = await assign({ customerId: 'gil', memberId: 'bob', feature: 'admins' });
  expect(denied.get('assignSeat')).toMatchObject({
    decision: { allowed: false, code: 'SEAT_COOLDOWN' },
    seat: null,
  });
  const explained = (feature: string, memberId?: string) =>
    gateway.send(
      `query ($input: CheckInput!) { explain(input: $input) { decision { code } reasons { code } remedies { kind quantity availableAt } } }`,
      { input: { customerId: 'gil', feature, memberId, atLeast: back.get('releaseSeat.revision') } },
    );
  expect((await explained('export', 'ann')).get('explain')).toMatchObject({
    decision: { code: 'NO_SEAT' },
    reasons: [{ code: 'NO_SEAT' }],
    remedies: [{ kind: 'ASSIGN_SEAT' }],
  });
  const full = await explained('admins');
  expect(full.get('explain.decision.code')).toBe('NO_SEAT');
  expect(full.get('explain.remedies.0.kind')).toBe('WAIT');
});

test('a change of plan is refused while more seats are held than the new plan has', async () => {
  const subscriptionId = await newCustomer(gateway, 'hal', 'studio');
  await assign({ customerId: 'hal', memberId: 'ann' });
  await assign({ customerId: 'hal', memberId: 'bob' });
  const refused = await changePlan(gateway, { subscriptionId, plan: 'atelier' });
  expect(refused.errors).toMatchObject([{ extensions: { code: 'CONFLICT', field: 'input.plan' } }]);
  await release({ customerId: 'hal', memberId: 'bob' });
  expect((await changePlan(gateway, { subscriptionId, plan: 'atelier' })).errors).toEqual([]);
});

test('who follows the entitlements hears of the seats that are taken and given back', async () => {
  await newCustomer(gateway, 'ivy', 'atelier');
  const socket = gateway.socket();
  const stream = socket.iterate({
    query:
      'subscription { entitlementsChanged(customerId: "ivy") { changed cause { type } entitlements { entitlements { feature code } } } }',
  });
  const next = async (): Promise<unknown> => (await stream.next()).value;
  await next();
  await assign({ customerId: 'ivy', memberId: 'ann' });
  expect(await next()).toMatchObject({
    data: { entitlementsChanged: { changed: ['editors'], cause: { type: 'seat.assigned' } } },
  });
  await release({ customerId: 'ivy', memberId: 'ann' });
  expect(await next()).toMatchObject({
    data: { entitlementsChanged: { changed: ['editors'], cause: { type: 'seat.released' } } },
  });
  await socket.dispose();
});

test.each<[string, () => Promise<Answer>, string, string]>([
  [
    'a floating one assigned',
    () => assign({ customerId: 'jo', feature: 'viewers', memberId: 'a' }),
    'BAD_USER_INPUT',
    'input.feature',
  ],
  [
    'a named one leased',
    () => lease({ customerId: 'jo', feature: 'editors', memberId: 'a' }),
    'BAD_USER_INPUT',
    'input.feature',
  ],
  [
    'what is no seat',
    () => assign({ customerId: 'jo', feature: 'sso', memberId: 'a' }),
    'BAD_USER_INPUT',
    'input.feature',
  ],
  [
    'no seat given back',
    () => release({ customerId: 'jo', feature: 'sso', memberId: 'a' }),
    'BAD_USER_INPUT',
    'input.feature',
  ],
  ['nobody', () => assign({ customerId: 'jo', memberId: '' }), 'BAD_USER_INPUT', 'input.memberId'],
  [
    'nobody gives back',
    () => release({ customerId: 'jo', memberId: 'x'.repeat(256) }),
    'BAD_USER_INPUT',
    'input.memberId',
  ],
  ['no customer', () => assign({ customerId: '', memberId: 'a' }), 'BAD_USER_INPUT', 'input.customerId'],
  [
    'more than any calendar',
    () => lease({ customerId: 'jo', memberId: 'a', ttl: 'P1000000Y' }),
    'BAD_USER_INPUT',
    'input.ttl',
  ],
  ['ten years', () => lease({ customerId: 'jo', memberId: 'a', ttl: 'P10Y' }), 'BAD_USER_INPUT', 'input.ttl'],
])('refused, and says why: %s', async (_, ask, code, field) => {
  const before = await gateway.countEvents();
  expect((await ask()).errors).toMatchObject([{ extensions: { code, field } }]);
  expect(await gateway.countEvents()).toBe(before);
});

test('an unknown feature or customer is denied, and a reader may do none of it', async () => {
  const unknown = await assign({ customerId: 'kim', memberId: 'a' });
  expect(unknown.get('assignSeat')).toMatchObject({ decision: { code: 'UNKNOWN_CUSTOMER' }, seat: null });
  const { secret } = await gateway.newKey({ role: 'READER' });
  expect((await assign({ customerId: 'kim', memberId: 'a' }, secret)).errors).toMatchObject([
    { extensions: { code: 'FORBIDDEN' } },
  ]);
  const narrow = await gateway.newKey({ role: 'SERVICE', customerIds: ['ada'] });
  expect((await release({ customerId: 'bo', memberId: 'ann' }, narrow.secret)).errors).toMatchObject([
    { extensions: { code: 'FORBIDDEN' } },
  ]);
});

test('why there is no seat since when, or no guess', async () => {
  await newCustomer(gateway, 'lea', 'studio');
  await assign({ customerId: 'lea', memberId: 'ann' });
  const back = await release({ customerId: 'lea', memberId: 'ann' });
  const since = await gateway.send(
    `query ($input: CheckInput!) { explain(input: $input) { since { type } } }`,
    {
      input: {
        ...{ customerId: 'lea', feature: 'export', memberId: 'ann' },
        atLeast: back.get('releaseSeat.revision'),
      },
    },
  );
  expect(since.get('explain.since')).toEqual({ type: 'seat.released' });
});
