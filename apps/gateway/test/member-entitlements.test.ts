import { applyDueBatch } from '@licet/database';
import type { Client as SocketClient } from 'graphql-ws';
import { CATALOG } from './catalog.js';
import { newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

const DOCUMENT = {
  ...CATALOG,
  features: {
    ...(CATALOG['features'] as object),
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
    export: { type: 'boolean', needsSeat: 'editors' },
    views: { type: 'boolean', needsSeat: 'viewers' },
    edits: { type: 'limit', needsSeat: 'editors' },
  },
  plans: {
    ...(CATALOG['plans'] as object),
    team: {
      model: 'subscription',
      entitlements: { editors: 3, viewers: 3, export: true, views: true, edits: 5, 'api-calls': 5 },
    },
  },
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await publish(gateway, DOCUMENT);
});
afterAll(() => gateway.close());

async function tokenOf(customerId: string, memberId: string | null): Promise<string> {
  const made = await gateway.send(
    'mutation ($input: CreateCustomerTokenInput!) { createCustomerToken(input: $input) { token } }',
    { input: { customerId, memberId } },
  );
  return made.text('createCustomerToken.token');
}

const SEATS = {
  assignSeat: 'SeatInput',
  releaseSeat: 'SeatInput',
  leaseSeat: 'LeaseSeatInput',
} as const;

interface Moved {
  readonly revision: string;
  readonly leaseExpiresAt: unknown;
}
async function move(
  verb: keyof typeof SEATS,
  customerId: string,
  memberId: string,
  ttl?: string,
): Promise<Moved> {
  const feature = verb === 'leaseSeat' ? 'viewers' : 'editors';
  const moved = await gateway.send(
    `mutation ($input: ${SEATS[verb]}!) { moved: ${verb}(input: $input) {
       revision decision { allowed } seat { leaseExpiresAt } } }`,
    { input: { customerId, feature, memberId, ...(ttl === undefined ? {} : { ttl }) } },
  );
  expect(moved.get('moved.decision.allowed')).toBe(true);
  return { revision: moved.text('moved.revision'), leaseExpiresAt: moved.get('moved.seat.leaseExpiresAt') };
}

const SET = 'validUntil entitlements { feature allowed code limit used }';

/** The codes of a set of entitlements, by feature. */
function codesIn(list: unknown): Record<string, unknown> {
  if (!Array.isArray(list)) throw new Error('no list of entitlements');
  const entries = list.map((one: unknown): [string, unknown] => [
    String(at(one, 'feature')),
    at(one, 'code'),
  ]);
  return Object.fromEntries(entries);
}

describe('a token that names a member', () => {
  const customerId = 'ada';
  let atLeast: string;
  beforeAll(async () => {
    await newCustomer(gateway, customerId, 'team');
    await move('assignSeat', customerId, 'ann');
    ({ revision: atLeast } = await move('leaseSeat', customerId, 'ann', 'PT1H'));
  });

  test.each([
    ['ann', 'ENTITLED'],
    ['bob', 'NO_SEAT'],
  ])('is answered for %s by checks and by sets alike: %s', async (memberId, code) => {
    const token = await tokenOf(customerId, memberId);
    const queried = await gateway.send(
      `query ($id: ID!, $atLeast: Revision) { entitlements(customerId: $id, atLeast: $atLeast) { ${SET} }
         customer(id: $id) { entitlements { ${SET} } } }`,
      { id: customerId, atLeast },
      token,
    );
    expect(queried.errors).toEqual([]);
    const codes = codesIn(queried.get('entitlements.entitlements'));
    expect(codes).toMatchObject({ editors: code, viewers: code, export: code, views: code, edits: code });
    expect(codes).toMatchObject({ 'api-calls': 'ENTITLED' });
    expect(codesIn(queried.get('customer.entitlements.entitlements'))).toEqual(codes);
    const inputs = Object.keys(codes).map((feature) => ({ customerId, feature }));
    const checked = await gateway.send(
      'query ($inputs: [CheckInput!]!) { checkMany(inputs: $inputs) { feature code } }',
      { inputs },
      token,
    );
    expect(codesIn(checked.get('checkMany'))).toEqual(codes);
  });

  test.each([
    ['a token that names none', () => tokenOf(customerId, null)],
    ['an API key', () => Promise.resolve(gateway.adminKey)],
  ])('is not %s: its sets name no member', async (_, credential) => {
    const queried = await gateway.send(
      `query ($id: ID!) { entitlements(customerId: $id) { ${SET} } }`,
      { id: customerId },
      await credential(),
    );
    const codes = codesIn(queried.get('entitlements.entitlements'));
    expect(codes).toMatchObject({ editors: 'ENTITLED', export: 'NO_SEAT', views: 'NO_SEAT' });
  });
});

describe('entitlementsChanged of a member', () => {
  const query = `subscription ($id: ID!, $after: Cursor) { told: entitlementsChanged(customerId: $id, after: $after) {
    cursor changed cause { type } entitlements { ${SET} } } }`;

  interface Told {
    readonly cursor: string;
    readonly changed: unknown;
    readonly cause: unknown;
    readonly codes: Record<string, unknown>;
    readonly validUntil: unknown;
  }
  function follow(socket: SocketClient, id: string, after: string | null = null): () => Promise<Told> {
    const stream: AsyncIterableIterator<unknown> = socket.iterate({ query, variables: { id, after } });
    return async () => {
      const { value }: { value?: unknown } = await stream.next();
      const told = at(value, 'data.told');
      return {
        cursor: String(at(told, 'cursor')),
        changed: at(told, 'changed'),
        cause: at(told, 'cause.type'),
        codes: codesIn(at(told, 'entitlements.entitlements')),
        validUntil: at(told, 'entitlements.validUntil'),
      };
    };
  }

  test('tells of the seats that she gets and loses, and of nobody else’s', async () => {
    await newCustomer(gateway, 'bea', 'team');
    const [socket, others] = [
      gateway.socket(await tokenOf('bea', 'ann')),
      gateway.socket(await tokenOf('bea', 'bob')),
    ];
    const [next, nextOfBob] = [follow(socket, 'bea'), follow(others, 'bea')];
    const first = await next();
    expect(first).toMatchObject({ codes: { export: 'NO_SEAT', editors: 'NO_SEAT' } });
    await nextOfBob();
    await Promise.all([move('assignSeat', 'bea', 'cy'), move('assignSeat', 'bea', 'ann')]);
    const got = await next();
    const moved = ['editors', 'export', 'edits'];
    expect(got).toMatchObject({ cause: 'seat.assigned', codes: { export: 'ENTITLED', editors: 'ENTITLED' } });
    expect(got.changed).toEqual(expect.arrayContaining(moved));
    expect(got.changed).toHaveLength(moved.length);
    await move('releaseSeat', 'bea', 'ann');
    expect(await next()).toMatchObject({ cause: 'seat.released', codes: { export: 'NO_SEAT' } });
    await move('assignSeat', 'bea', 'bob');
    expect(await nextOfBob()).toMatchObject({ cause: 'seat.assigned', codes: { export: 'ENTITLED' } });
    const resumed = await follow(socket, 'bea', got.cursor)();
    expect(resumed).toMatchObject({ codes: { export: 'NO_SEAT', editors: 'NO_SEAT' } });
    await Promise.all([socket.dispose(), others.dispose()]);
  });

  test('says until when her lease lasts, and tells of its end', async () => {
    await newCustomer(gateway, 'cid', 'team');
    const token = await tokenOf('cid', 'ann');
    const socket = gateway.socket(token);
    const next = follow(socket, 'cid');
    await next();
    const leased = await move('leaseSeat', 'cid', 'ann', 'PT3S');
    expect(await next()).toMatchObject({
      ...{ cause: 'seat.assigned', codes: { views: 'ENTITLED' }, validUntil: leased.leaseExpiresAt },
    });
    const renewed = await move('leaseSeat', 'cid', 'ann', 'PT4S');
    const now = await gateway.send(
      'query ($input: CheckInput!) { check(input: $input) { validUntil } }',
      { input: { customerId: 'cid', feature: 'views', atLeast: renewed.revision } },
      token,
    );
    expect(now.get('check.validUntil')).toBe(renewed.leaseExpiresAt);
    const telling = next();
    const waiting = new Set([telling]);
    void telling.finally(() => waiting.clear());
    while (waiting.size > 0) await applyDueBatch(gateway.services.db, gateway.tenantId, 10);
    const lapsed = await telling;
    expect(lapsed).toMatchObject({ cause: 'seat.expired', codes: { views: 'NO_SEAT', viewers: 'NO_SEAT' } });
    expect(lapsed.changed).toEqual(expect.arrayContaining(['views', 'viewers']));
    await socket.dispose();
  });
});
