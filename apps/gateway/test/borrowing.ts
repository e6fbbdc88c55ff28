import { readLicenseFile } from '@licet/domain';
import { decodeJwt } from 'jose';
import { CATALOG } from './catalog.js';
import { newCustomer } from './customers.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';
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

export let gateway: TestGateway;

/** The gateway with this catalog, before all tests of a file. */
export async function start(): Promise<void> {
  gateway = await startTestGateway();
  await publish(gateway, { ...CATALOG, ...SEATS, rules: [], addOns: {}, scenarios: [] });
}

let customers = 0;
export interface Licensed {
  readonly customerId: string;
  readonly licenseId: string;
}

export async function issue(plan: string): Promise<Licensed> {
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
export async function team(): Promise<Licensed & { readonly subscriptionId: string }> {
  const customerId = newName();
  const subscriptionId = await newCustomer(gateway, customerId, 'team');
  return { customerId, subscriptionId, licenseId: await license(customerId, 'plain') };
}

const RESULT = `{ revision decision { allowed code feature limit used } file { id token expiresAt } }`;
export function issueFile(input: object): Promise<Answer> {
  return gateway.send(
    `mutation ($input: IssueLicenseFileInput!) { issueLicenseFile(input: $input) ${RESULT} }`,
    { input: { validFor: 'P30D', fingerprint: 'cellar', idempotencyKey: newIdempotencyKey(), ...input } },
  );
}

export async function settle(made: Answer, spent: object[] = []): Promise<Answer> {
  const settled = await gateway.send(
    `mutation ($input: SettleLicenseFileInput!) { settleLicenseFile(input: $input) ${RESULT} }`,
    { input: { fileId: made.text('issueLicenseFile.file.id'), spent } },
  );
  expect(settled.errors).toEqual([]);
  expect(settled.get('settleLicenseFile.decision')).toMatchObject({ allowed: true, code: 'DONE' });
  return settled;
}

export function opened(made: Answer) {
  const reading = readLicenseFile(decodeJwt(made.text('issueLicenseFile.file.token')));
  if (!reading.ok) throw new Error(`${reading.path}: ${reading.message}`);
  return reading.file;
}

export async function seatsOf(id: string): Promise<unknown> {
  const query = `query ($id: ID!) { customer(id: $id) {
    seats { totalCount edges { node { feature memberId kind leaseExpiresAt } } } } }`;
  return (await gateway.send(query, { id })).get('customer.seats.edges');
}

export function move(
  operation: string,
  customerId: string,
  feature: string,
  memberId: string,
): Promise<Answer> {
  const type = operation === 'leaseSeat' ? 'LeaseSeatInput' : 'SeatInput';
  return gateway.send(
    `mutation ($input: ${type}!) { ${operation}(input: $input) { decision { code used } } }`,
    { input: { customerId, feature, memberId } },
  );
}

/** The code that each of these members is answered with who takes a seat. */
export async function taking(customerId: string, feature: string, ...memberIds: string[]): Promise<string[]> {
  const operation = feature === 'viewers' ? 'leaseSeat' : 'assignSeat';
  const codes = [];
  for (const memberId of memberIds)
    codes.push((await move(operation, customerId, feature, memberId)).text(`${operation}.decision.code`));
  return codes;
}

/** So long ago has been what is to come, or what was, of the customer. */
export async function pass(customerId: string, time: string): Promise<void> {
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
    await gateway.owner.query(`update ${change}`, [customerId, time]);
}

export async function counter(customerId: string, feature: string): Promise<unknown> {
  const { rows } = await gateway.owner.query<{ used: number; reserved: number }>(
    'select used::int, reserved::int from meter where customer_id = $1 and feature = $2',
    [customerId, feature],
  );
  return rows[0];
}
