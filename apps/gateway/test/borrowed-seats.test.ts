import { decide, readLicenseFile } from '@licet/domain';
import { decodeJwt } from 'jose';
import type { Client } from 'pg';
import { CATALOG } from './catalog.js';
import { changePlan, newCustomer } from './customers.js';
import { at, newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

const SEATS = {
  catalog: 1,
  name: 'Borrowed seats',
  features: {
    cad: { type: 'boolean' },
    calls: { type: 'metered', window: 'P1M' },
    editors: { type: 'seats', kind: 'named', cooldown: 'P1D' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
    render: { type: 'boolean', needsSeat: 'editors' },
  },
  plans: {
    plain: { model: 'perpetual', entitlements: { cad: true, calls: 100 } },
    seats: {
      model: 'seats',
      period: 'P1Y',
      entitlements: { cad: true, calls: 100, editors: 2, viewers: 1, render: true },
    },
    bought: {
      model: 'seats',
      period: 'P1Y',
      entitlements: { editors: { bought: { atLeast: 1, atMost: 9, default: 2 } } },
    },
    team: { family: 'cloud', model: 'subscription', period: 'P1M', entitlements: { editors: 2, viewers: 2 } },
    solo: { family: 'cloud', model: 'subscription', period: 'P1M', entitlements: { editors: 1, viewers: 1 } },
    none: { family: 'cloud', model: 'subscription', period: 'P1M', entitlements: {} },
  },
  transitions: [
    { from: 'team', to: 'solo', seatsAbove: { releaseNewestAfter: 'P7D' } },
    { from: 'team', to: 'none', seatsAbove: 'block' },
  ],
};

let gateway: TestGateway;
let owner: Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  ({ owner } = gateway);
  await publish(gateway, { ...CATALOG, ...SEATS, rules: [], addOns: {}, scenarios: [] });
});
afterAll(() => gateway.close());

let customers = 0;
interface Licensed {
  readonly customerId: string;
  readonly licenseId: string;
}

async function issue(plan: string): Promise<Licensed> {
  const customerId = newName();
  await gateway.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', {
    id: customerId,
  });
  return { customerId, licenseId: await license(customerId, plan) };
}

function newName(): string {
  customers += 1;
  return `customer-${String(customers)}`;
}

async function license(customerId: string, plan: string): Promise<string> {
  const issued = await gateway.send(
    'mutation ($input: IssueLicenseInput!) { issueLicense(input: $input) { license { id } } }',
    { input: { customerId, plan, idempotencyKey: newIdempotencyKey() } },
  );
  return issued.text('issueLicense.license.id');
}

/** Subscribed to `team`, with a licence that gives no seats: so many as the plan of the day gives. */
async function team(): Promise<Licensed & { readonly subscriptionId: string }> {
  const customerId = newName();
  const subscriptionId = await newCustomer(gateway, customerId, 'team');
  return { customerId, subscriptionId, licenseId: await license(customerId, 'plain') };
}

const RESULT = `{ revision decision { allowed code feature limit used } file { id token expiresAt } }`;
function issueFile(input: object): Promise<Answer> {
  return gateway.send(
    `mutation ($input: IssueLicenseFileInput!) { issueLicenseFile(input: $input) ${RESULT} }`,
    { input: { validFor: 'P30D', fingerprint: 'cellar', idempotencyKey: newIdempotencyKey(), ...input } },
  );
}

async function settle(made: Answer, spent: object[] = []): Promise<Answer> {
  const settled = await gateway.send(
    `mutation ($input: SettleLicenseFileInput!) { settleLicenseFile(input: $input) ${RESULT} }`,
    { input: { fileId: made.text('issueLicenseFile.file.id'), spent } },
  );
  expect(settled.errors).toEqual([]);
  expect(settled.get('settleLicenseFile.decision')).toMatchObject({ allowed: true, code: 'DONE' });
  return settled;
}

function opened(made: Answer) {
  const reading = readLicenseFile(decodeJwt(made.text('issueLicenseFile.file.token')));
  if (!reading.ok) throw new Error(`${reading.path}: ${reading.message}`);
  return reading.file;
}

async function seatsOf(id: string): Promise<unknown> {
  const query = `query ($id: ID!) { customer(id: $id) {
    seats { totalCount edges { node { feature memberId kind leaseExpiresAt } } } } }`;
  return (await gateway.send(query, { id })).get('customer.seats.edges');
}

function move(operation: string, customerId: string, feature: string, memberId: string): Promise<Answer> {
  const type = operation === 'leaseSeat' ? 'LeaseSeatInput' : 'SeatInput';
  return gateway.send(
    `mutation ($input: ${type}!) { ${operation}(input: $input) { decision { code used } } }`,
    { input: { customerId, feature, memberId } },
  );
}

/** The code that each of these members is answered with who takes a seat. */
async function taking(customerId: string, feature: string, ...memberIds: string[]): Promise<string[]> {
  const operation = feature === 'viewers' ? 'leaseSeat' : 'assignSeat';
  const codes = [];
  for (const memberId of memberIds)
    codes.push((await move(operation, customerId, feature, memberId)).text(`${operation}.decision.code`));
  return codes;
}

/** So long ago has been what is to come, or what was, of the customer. */
async function pass(customerId: string, time: string): Promise<void> {
  for (const change of [
    `seat set assigned_at = assigned_at - $2::interval, lease_expires_at = lease_expires_at - $2::interval,
       cools_until = cools_until - $2::interval, borrowed_until = borrowed_until - $2::interval where customer_id = $1`,
    `license_file set issued_at = issued_at - $2::interval, expires_at = expires_at - $2::interval where customer_id = $1`,
    `reservation set reserved_at = reserved_at - $2::interval, expires_at = expires_at - $2::interval where customer_id = $1`,
    `subscription set seats_released_at = seats_released_at - $2::interval where customer_id = $1`,
    `meter set held_until = held_until - $2::interval where customer_id = $1`,
    // As it is where nobody has looked at the customer since.
    `customer set next_due_at = next_due_at - $2::interval, turned_until = turned_until - $2::interval,
       version = version + 1 where id = $1`,
  ])
    await owner.query(`update ${change}`, [customerId, time]);
}

async function counter(customerId: string, feature: string): Promise<unknown> {
  const { rows } = await owner.query<{ used: number; reserved: number }>(
    'select used::int, reserved::int from meter where customer_id = $1 and feature = $2',
    [customerId, feature],
  );
  return rows[0];
}

test('a borrowed seat is held until the end of the file, whoever gives it back, and comes back when that is settled', async () => {
  const { customerId, licenseId } = await issue('seats');
  const input = { licenseId, fingerprint: 'one', seatFeature: 'viewers', memberId: 'ann' };
  const made = await issueFile(input);
  const expiresAt = made.text('issueLicenseFile.file.expiresAt');
  expect(await seatsOf(customerId)).toEqual([
    { node: { feature: 'viewers', memberId: 'ann', kind: 'FLOATING', leaseExpiresAt: expiresAt } },
  ]);
  expect((await move('leaseSeat', customerId, 'viewers', 'bob')).get('leaseSeat.decision.code')).toBe(
    'NO_SEAT',
  );
  const released = await move('releaseSeat', customerId, 'viewers', 'ann');
  expect(released.get('releaseSeat.decision')).toEqual({ code: 'DONE', used: 1 });
  expect((await move('leaseSeat', customerId, 'viewers', 'bob')).get('leaseSeat.decision.code')).not.toBe(
    'ENTITLED',
  );
  await settle(made);
  expect((await move('leaseSeat', customerId, 'viewers', 'bob')).get('leaseSeat.decision.code')).toBe(
    'ENTITLED',
  );
  expect((await issueFile(input)).get('issueLicenseFile')).toMatchObject({
    decision: { allowed: false, code: 'NO_SEAT', feature: 'viewers' },
    file: null,
  });
});

test('a borrowed seat goes with its member’s name, and without those of others', async () => {
  const { customerId, licenseId } = await issue('seats');
  await move('assignSeat', customerId, 'editors', 'bob');
  const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'editors', memberId: 'ann' });
  const { state, issuedAt } = opened(made);
  const code = (memberId: string): string =>
    decide(state, { feature: 'render', quantity: 1, memberId, fingerprint: 'one' }, issuedAt).code;
  expect([code('ann'), code('bob')]).toEqual(['ENTITLED', 'NO_SEAT']);
  expect(made.text('issueLicenseFile.file.token')).not.toContain(Buffer.from('bob').toString('base64url'));
});

test('a borrowed seat of who holds a named one stays, and goes on when the file is settled', async () => {
  const { customerId, licenseId } = await issue('seats');
  await move('assignSeat', customerId, 'editors', 'ann');
  const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'editors', memberId: 'ann' });
  await settle(made);
  expect(await seatsOf(customerId)).toEqual([
    { node: { feature: 'editors', memberId: 'ann', kind: 'NAMED', leaseExpiresAt: null } },
  ]);
  const released = await move('releaseSeat', customerId, 'editors', 'ann');
  expect(released.get('releaseSeat.decision.code')).toBe('DONE');
});

test('a borrowed seat is taken anew by whose lease is over, though nobody has written that down', async () => {
  const { customerId, licenseId } = await issue('seats');
  await move('leaseSeat', customerId, 'viewers', 'ann');
  await owner.query('update seat set lease_expires_at = clock_timestamp() where customer_id = $1', [
    customerId,
  ]);
  const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'viewers', memberId: 'ann' });
  expect(made.errors).toEqual([]);
  expect(await seatsOf(customerId)).toMatchObject([
    { node: { memberId: 'ann', leaseExpiresAt: made.get('issueLicenseFile.file.expiresAt') } },
  ]);
});

test('a borrowed seat is held by two files until the later one is settled', async () => {
  const { customerId, licenseId } = await issue('seats');
  const input = { licenseId, seatFeature: 'editors', memberId: 'ann' };
  const long = await issueFile({ ...input, fingerprint: 'one', validFor: 'P9D' });
  const short = await issueFile({ ...input, fingerprint: 'two', validFor: 'P2D' });
  await settle(long);
  expect(await seatsOf(customerId)).toMatchObject([
    { node: { leaseExpiresAt: short.get('issueLicenseFile.file.expiresAt') } },
  ]);
  await settle(short);
  expect(await seatsOf(customerId)).toEqual([]);
});

test('a borrowed seat that was given back while two files use it is free when both are settled', async () => {
  const { customerId, licenseId } = await issue('seats');
  const input = { licenseId, seatFeature: 'editors', memberId: 'ann' };
  const long = await issueFile({ ...input, fingerprint: 'one', validFor: 'P90D' });
  const short = await issueFile({ ...input, fingerprint: 'two', validFor: 'P2D' });
  await move('assignSeat', customerId, 'editors', 'bob');
  await move('releaseSeat', customerId, 'editors', 'ann');
  const codes = [];
  for (const file of [long, short]) {
    await settle(file);
    codes.push((await move('assignSeat', customerId, 'editors', 'cid')).get('assignSeat.decision.code'));
  }
  expect(codes).toEqual(['SEAT_COOLDOWN', 'ENTITLED']);
});

test('a borrowed seat that its member has given back cools down, though the file is settled at once', async () => {
  const { customerId, licenseId } = await issue('seats');
  for (const memberId of ['ann', 'bob']) await move('assignSeat', customerId, 'editors', memberId);
  const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'editors', memberId: 'ann' });
  await move('releaseSeat', customerId, 'editors', 'ann');
  await settle(made);
  const taken = await move('assignSeat', customerId, 'editors', 'cid');
  expect(taken.get('assignSeat.decision.code')).toBe('SEAT_COOLDOWN');
});

test('a borrowed seat of one member does for no more machines than the pool has seats', async () => {
  const { licenseId } = await issue('seats');
  const input = { licenseId, seatFeature: 'viewers', memberId: 'ann' };
  const first = await issueFile({ ...input, fingerprint: 'one' });
  const second = { ...input, fingerprint: 'two' };
  expect((await issueFile(second)).get('issueLicenseFile')).toMatchObject({
    decision: { code: 'OFFLINE_LIMIT_EXCEEDED', limit: 1, used: 1 },
    file: null,
  });
  await settle(first);
  expect((await issueFile(second)).get('issueLicenseFile.decision')).toMatchObject({ limit: 1, used: 1 });
});

test('a lease of the member’s own goes on when the file is settled, whichever was first', async () => {
  const { customerId, licenseId } = await issue('seats');
  const input = { licenseId, seatFeature: 'viewers', memberId: 'ann' };
  const made = await issueFile(input);
  const renewed = await gateway.send(
    'mutation ($input: LeaseSeatInput!) { leaseSeat(input: $input) { seat { leaseExpiresAt } } }',
    { input: { customerId, feature: 'viewers', memberId: 'ann', ttl: 'PT2H' } },
  );
  // To who looks, there is one end: the later.
  expect(renewed.get('leaseSeat.seat')).toEqual({
    leaseExpiresAt: made.get('issueLicenseFile.file.expiresAt'),
  });
  await settle(made);
  expect(await taking(customerId, 'viewers', 'bob')).toEqual(['NO_SEAT']);
  await pass(customerId, '119 minutes');
  await settle(await issueFile(input));
  expect(await taking(customerId, 'viewers', 'bob')).toEqual(['NO_SEAT']);
  await pass(customerId, '1 minute');
  expect(await taking(customerId, 'viewers', 'bob', 'ann')).toEqual(['ENTITLED', 'NO_SEAT']);
});

test('a named seat that was given back cools down while a machine uses it', async () => {
  const { customerId, licenseId } = await issue('seats');
  expect(await taking(customerId, 'editors', 'ann', 'bob')).toEqual(['ENTITLED', 'ENTITLED']);
  const made = await issueFile({ licenseId, seatFeature: 'editors', memberId: 'ann' });
  await move('releaseSeat', customerId, 'editors', 'ann');
  await pass(customerId, '1 day');
  expect(await taking(customerId, 'editors', 'cid')).toEqual(['SEAT_COOLDOWN']);
  await settle(made);
  expect(await taking(customerId, 'editors', 'cid')).toEqual(['ENTITLED']);
});

describe('of a pool that has shrunk', () => {
  test('fewer bought take nothing away, and no new one comes until they fit', async () => {
    const { customerId, licenseId } = await issue('bought');
    const made = [];
    for (const memberId of ['ann', 'bob'])
      made.push(await issueFile({ licenseId, seatFeature: 'editors', memberId }));
    const [first, second] = made;
    if (first === undefined || second === undefined) throw new Error('two files');
    const fewer = await gateway.send(
      'mutation ($input: RenewLicenseInput!) { renewLicense(input: $input) { revision } }',
      {
        input: {
          licenseId,
          quantities: [{ feature: 'editors', quantity: 1 }],
          idempotencyKey: newIdempotencyKey(),
        },
      },
    );
    expect(fewer.errors).toEqual([]);
    expect(await counter(customerId, 'editors')).toEqual({ used: 2, reserved: 0 });
    const again = { licenseId, seatFeature: 'editors', memberId: 'ann' };
    expect((await issueFile(again)).get('issueLicenseFile.decision.code')).toBe('OFFLINE_LIMIT_EXCEEDED');
    await settle(first);
    expect(await taking(customerId, 'editors', 'cid')).toEqual(['NO_SEAT']);
    await settle(second);
    expect(await taking(customerId, 'editors', 'cid', 'ann')).toEqual(['ENTITLED', 'NO_SEAT']);
  });

  test('holders beyond the plan go in time, and those that machines use when these have done', async () => {
    const { customerId, licenseId, subscriptionId } = await team();
    expect(await taking(customerId, 'editors', 'ann', 'bob')).toEqual(['ENTITLED', 'ENTITLED']);
    const made = [];
    for (const memberId of ['ann', 'bob'])
      made.push(await issueFile({ licenseId, seatFeature: 'editors', memberId }));
    const changed = await changePlan(gateway, { subscriptionId, plan: 'solo', timing: 'NOW' });
    expect(changed.errors).toEqual([]);
    await pass(customerId, '7 days');
    expect(await seatsOf(customerId)).toMatchObject([{ node: { memberId: 'ann' } }]);
    expect(await taking(customerId, 'editors', 'cid')).toEqual(['NO_SEAT']);
    expect(await counter(customerId, 'editors')).toEqual({ used: 2, reserved: 0 });
    for (const one of made) await settle(one);
    expect(await seatsOf(customerId)).toMatchObject([{ node: { memberId: 'ann' } }]);
    expect(await counter(customerId, 'editors')).toEqual({ used: 1, reserved: 0 });
  });

  test('what no plan gives any more is settled all the same', async () => {
    const { customerId, licenseId, subscriptionId } = await team();
    const asked = { licenseId, seatFeature: 'viewers', memberId: 'ann', fingerprint: 'one' };
    const made = await issueFile({ ...asked, budgets: [{ feature: 'calls', quantity: 60 }] });
    await changePlan(gateway, { subscriptionId, plan: 'none', timing: 'NOW' });
    expect(await counter(customerId, 'viewers')).toEqual({ used: 1, reserved: 0 });
    expect((await issueFile(asked)).get('issueLicenseFile')).toMatchObject({
      ...{ decision: { code: 'NOT_IN_PLAN', feature: 'viewers' }, file: null },
    });
    await settle(made, [{ feature: 'calls', quantity: 25 }]);
    expect(await counter(customerId, 'viewers')).toEqual({ used: 0, reserved: 0 });
    expect(await counter(customerId, 'calls')).toEqual({ used: 25, reserved: 0 });
  });
});

describe('settled when it has ended', () => {
  const spent = [{ feature: 'calls', quantity: 10 }];

  async function ended(feature: string): Promise<Licensed & { readonly made: Answer }> {
    const { customerId, licenseId } = await issue('seats');
    const asked = { licenseId, seatFeature: feature, memberId: 'ann', validFor: 'P1D' };
    const made = await issueFile({ ...asked, budgets: [{ feature: 'calls', quantity: 60 }] });
    expect(made.errors).toEqual([]);
    await pass(customerId, '25 hours');
    return { customerId, licenseId, made };
  }

  test.each(['nobody', 'bob', 'ann'])(
    'a file gives units back and takes no seat that %s has had since, while its window runs',
    async (who) => {
      const { customerId, made } = await ended('viewers');
      if (who !== 'nobody') expect(await taking(customerId, 'viewers', who)).toEqual(['ENTITLED']);
      const seats = await seatsOf(customerId);
      expect(seats).toHaveLength(who === 'nobody' ? 0 : 1);
      await settle(made, spent);
      expect(await seatsOf(customerId)).toEqual(seats);
      expect(await counter(customerId, 'viewers')).toEqual({ used: who === 'nobody' ? 0 : 1, reserved: 0 });
      expect(await counter(customerId, 'calls')).toEqual({ used: 10, reserved: 0 });
    },
  );

  test('a file whose member has another one out goes on using her seat by that', async () => {
    const { customerId, licenseId, made } = await ended('viewers');
    const other = await issueFile({ licenseId, seatFeature: 'viewers', memberId: 'ann', fingerprint: 'two' });
    await settle(made, spent);
    expect(await seatsOf(customerId)).toMatchObject([
      { node: { leaseExpiresAt: other.get('issueLicenseFile.file.expiresAt') } },
    ]);
    await settle(other);
    expect(await seatsOf(customerId)).toEqual([]);
  });

  test('a file whose window is over too gives no unit back', async () => {
    const { customerId, made } = await ended('viewers');
    await owner.query(
      `update meter set window_start = window_start - interval '1 month',
         window_end = date_trunc('second', clock_timestamp()) - interval '10 minutes' where customer_id = $1 and feature = 'calls'`,
      [customerId],
    );
    await owner.query(
      `update reservation set window_start = window_start - interval '1 month' where customer_id = $1`,
      [customerId],
    );
    await settle(made, spent);
    expect(await counter(customerId, 'viewers')).toEqual({ used: 0, reserved: 0 });
    expect(await counter(customerId, 'calls')).toEqual({ used: 0, reserved: 0 });
    const events = await gateway.send(
      'query ($id: ID!) { events(customerId: $id, types: ["usage.window_closed", "usage.corrected", "seat.expired", "license.file_settled"]) { edges { node { type data } } } }',
      { id: customerId },
    );
    const edges = events.get('events.edges');
    const told = Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node')) : [];
    expect(told).toMatchObject([
      { type: 'seat.expired', data: { before: { memberId: 'ann' }, after: null } },
      { type: 'usage.window_closed', data: { used: 60 } },
      { type: 'license.file_settled' },
    ]);
  });

  test('a named seat is its holder’s as before', async () => {
    const { customerId, licenseId } = await issue('seats');
    expect(await taking(customerId, 'editors', 'ann')).toEqual(['ENTITLED']);
    const asked = { licenseId, seatFeature: 'editors', memberId: 'ann', validFor: 'P1D' };
    const made = await issueFile(asked);
    await pass(customerId, '25 hours');
    await settle(made);
    expect(await seatsOf(customerId)).toEqual([
      { node: { feature: 'editors', memberId: 'ann', kind: 'NAMED', leaseExpiresAt: null } },
    ]);
    const released = await move('releaseSeat', customerId, 'editors', 'ann');
    expect(released.get('releaseSeat.decision')).toMatchObject({ code: 'DONE', used: 1 });
    await pass(customerId, '1 day');
    expect(await seatsOf(customerId)).toEqual([]);
    expect(await taking(customerId, 'editors', 'bob', 'cid')).toEqual(['ENTITLED', 'ENTITLED']);
  });
});
