import { readLicenseFile, readRevocationList, decide, writeMachineRequest } from '@licet/domain';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Client } from 'pg';
import { CATALOG } from './catalog.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

const FILES = {
  catalog: 1,
  name: 'Files',
  features: {
    cad: { type: 'boolean' },
    calls: { type: 'metered', window: 'P1M' },
    editors: { type: 'seats', kind: 'named', cooldown: 'P1D' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
    render: { type: 'boolean', needsSeat: 'editors' },
  },
  plans: {
    desk: {
      model: 'perpetual',
      machines: { limit: 2, atOnce: 1, offlineFiles: 2 },
      entitlements: { cad: true },
    },
    plain: { model: 'perpetual', entitlements: { cad: true } },
    term: { model: 'seats', period: 'P1M', grace: 'P3D', entitlements: { cad: true } },
    seats: {
      model: 'seats',
      period: 'P1Y',
      entitlements: { cad: true, editors: 2, viewers: 1, render: true },
    },
  },
};

let gateway: TestGateway;
let owner: Client;
let issuer: string;
let keys: ReturnType<typeof createLocalJWKSet>;
beforeAll(async () => {
  gateway = await startTestGateway();
  ({ owner } = gateway);
  await publish(gateway, { ...CATALOG, ...FILES, transitions: [], rules: [], addOns: {}, scenarios: [] });
  issuer = (await gateway.send('{ tenant { id } }')).text('tenant.id');
  await gateway.send('{ revocationList { issuedAt } }');
  const response = await fetch(`${gateway.url}/.well-known/jwks.json?tenant=${issuer}`);
  const set: JSONWebKeySet = JSON.parse(await response.text());
  keys = createLocalJWKSet(set);
});
afterAll(() => gateway.close());

let customers = 0;
async function issue(plan: string, more: object = {}): Promise<{ customerId: string; licenseId: string }> {
  customers += 1;
  const customerId = `customer-${String(customers)}`;
  await gateway.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', {
    id: customerId,
  });
  const issued = await gateway.send(
    'mutation ($input: IssueLicenseInput!) { issueLicense(input: $input) { license { id } } }',
    { input: { customerId, plan, idempotencyKey: newIdempotencyKey(), ...more } },
  );
  return { customerId, licenseId: issued.text('issueLicense.license.id') };
}

const RESULT = `{ revision decision { allowed code message customerId feature limit used remaining validUntil }
  file { id licenseId fingerprint token issuedAt expiresAt } }`;
function issueFile(input: object, key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($input: IssueLicenseFileInput!) { issueLicenseFile(input: $input) ${RESULT} }`,
    { input: { validFor: 'P30D', idempotencyKey: newIdempotencyKey(), ...input } },
    key,
  );
}
function settle(fileId: string, spent: object[] = [], key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($input: SettleLicenseFileInput!) { settleLicenseFile(input: $input) ${RESULT} }`,
    { input: { fileId, spent } },
    key,
  );
}

/** With any JOSE library, and the published keys. */
async function opened(token: string) {
  const wanted = { algorithms: ['EdDSA'], issuer, audience: 'licet-machine', typ: 'licet-license-file+jwt' };
  const reading = readLicenseFile((await jwtVerify(token, keys, wanted)).payload);
  if (!reading.ok) throw new Error(`${reading.path}: ${reading.message}`);
  return reading.file;
}

async function revoked() {
  const token = (await gateway.send('{ revocationList { token issuedAt } }')).text('revocationList.token');
  const wanted = { algorithms: ['EdDSA'], issuer, audience: 'licet-machine', typ: 'licet-revocations+jwt' };
  const reading = readRevocationList((await jwtVerify(token, keys, wanted)).payload);
  if (!reading.ok) throw new Error(`${reading.path}: ${reading.message}`);
  return reading.list;
}

function refusalOf({ errors }: Answer): unknown {
  return errors.map(({ extensions: { code, field } }) => [code, field ?? null]);
}

test('a file decides on its machine and on no other, and activates it', async () => {
  const { customerId, licenseId } = await issue('desk');
  const made = await issueFile({ licenseId, fingerprint: 'cellar' });
  expect(made.errors).toEqual([]);
  expect(made.get('issueLicenseFile.decision')).toMatchObject({
    ...{ allowed: true, code: 'ENTITLED', customerId, feature: '', limit: 2, used: 1, remaining: 1 },
  });
  const file = await opened(made.text('issueLicenseFile.file.token'));
  expect(file).toMatchObject({ id: made.get('issueLicenseFile.file.id'), licenseId, customerId });
  const asked = { feature: 'cad', quantity: 1 };
  expect(decide(file.state, { ...asked, fingerprint: 'cellar' }, file.issuedAt).code).toBe('ENTITLED');
  expect(decide(file.state, { ...asked, fingerprint: 'attic' }, file.issuedAt).code).toBe('NOT_ACTIVATED');
  const machines = await gateway.send(
    'query ($id: ID!) { license(id: $id) { machines { edges { node { fingerprint } } } } }',
    { id: licenseId },
  );
  expect(machines.get('license.machines.edges')).toEqual([{ node: { fingerprint: 'cellar' } }]);
});

test('a request of a machine stands for its fingerprint, and its nonce comes back', async () => {
  const { licenseId } = await issue('desk');
  const request = writeMachineRequest({ fingerprint: 'cellar', components: ['a', 'b'], nonce: 'n-1' });
  const file = await opened((await issueFile({ licenseId, request })).text('issueLicenseFile.file.token'));
  expect(file).toMatchObject({ fingerprint: 'cellar', nonce: 'n-1' });
});

test('no more files are out than the plan says, whatever becomes of the machines', async () => {
  const { licenseId } = await issue('desk');
  const first = await issueFile({ licenseId, fingerprint: 'one', validFor: 'P2D' });
  for (const fingerprint of ['one', 'two'])
    await gateway.send('mutation ($input: MachineInput!) { deactivateMachine(input: $input) { revision } }', {
      input: { licenseId, fingerprint },
    });
  await issueFile({ licenseId, fingerprint: 'two' });
  const third = await issueFile({ licenseId, fingerprint: 'two' });
  expect(third.get('issueLicenseFile')).toMatchObject({
    decision: {
      ...{ allowed: false, code: 'OFFLINE_LIMIT_EXCEEDED', limit: 2, used: 2, remaining: 0 },
      validUntil: first.get('issueLicenseFile.file.expiresAt'),
    },
    file: null,
  });
  expect(third.text('issueLicenseFile.decision.message')).toMatch(/settle one of them/);
  await settle(first.text('issueLicenseFile.file.id'));
  expect((await issueFile({ licenseId, fingerprint: 'two' })).get('issueLicenseFile.decision.used')).toBe(2);
});

test('many at once get as many files as are allowed', async () => {
  const { licenseId } = await issue('desk');
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => issueFile({ licenseId, fingerprint: 'one' })),
  );
  const codes = answers.map((answer) => answer.text('issueLicenseFile.decision.code')).sort();
  expect(codes).toEqual([
    ...Array.from({ length: 2 }, () => 'ENTITLED'),
    ...Array.from({ length: 6 }, () => 'OFFLINE_LIMIT_EXCEEDED'),
  ]);
});

test('a plan that is not bound to machines gives one file without a seat', async () => {
  const { licenseId } = await issue('plain');
  const codes = [];
  for (const fingerprint of ['one', 'two'])
    codes.push((await issueFile({ licenseId, fingerprint })).text('issueLicenseFile.decision.code'));
  expect(codes).toEqual(['ENTITLED', 'OFFLINE_LIMIT_EXCEEDED']);
});

test('the same key gets the same file to the letter; another request under it is CONFLICT; a denial uses none up', async () => {
  const { licenseId } = await issue('plain');
  const input = { licenseId, fingerprint: 'one', idempotencyKey: newIdempotencyKey() };
  const first = await issueFile(input);
  const again = await issueFile(input);
  expect(again.get('issueLicenseFile')).toEqual(first.get('issueLicenseFile'));
  expect(refusalOf(await issueFile({ ...input, validFor: 'P31D' }))).toEqual([
    ['CONFLICT', 'input.idempotencyKey'],
  ]);
  const denied = { licenseId, fingerprint: 'two', idempotencyKey: newIdempotencyKey() };
  expect((await issueFile(denied)).get('issueLicenseFile.decision.code')).toBe('OFFLINE_LIMIT_EXCEEDED');
  await settle(first.text('issueLicenseFile.file.id'));
  expect((await issueFile(denied)).get('issueLicenseFile.decision.code')).toBe('ENTITLED');
});

test('a file ends with its licence, its grace included', async () => {
  const { licenseId } = await issue('term', { expiresAt: '2099-01-01T00:00:00Z' });
  const long = await issueFile({ licenseId, fingerprint: 'one', validFor: 'P366D' });
  expect(Date.parse(long.text('issueLicenseFile.file.expiresAt'))).toBeLessThan(Date.parse('2098-01-01'));
  const soon = new Date(Date.now() + 86_400_000).toISOString();
  const ending = await issue('term', { expiresAt: soon });
  const short = await issueFile({ licenseId: ending.licenseId, fingerprint: 'one' });
  const end = Math.floor((Date.parse(soon) + 3 * 86_400_000) / 1000) * 1000;
  expect(Date.parse(short.text('issueLicenseFile.file.expiresAt'))).toBe(end);
});

test.each([
  ['suspendLicense', 'LICENSE_SUSPENDED'],
  ['revokeLicense', 'LICENSE_REVOKED'],
])('%s: no file is issued, and the revocation list names the licence', async (operation, code) => {
  const { licenseId } = await issue('desk');
  const out = await issueFile({ licenseId, fingerprint: 'one' });
  expect((await revoked()).licenses.map(({ id }) => id)).not.toContain(licenseId);
  await gateway.send(`mutation ($id: ID!) { ${operation}(licenseId: $id, reason: "unpaid") { revision } }`, {
    id: licenseId,
  });
  const denied = await issueFile({ licenseId, fingerprint: 'two' });
  expect(denied.get('issueLicenseFile')).toMatchObject({ decision: { allowed: false, code }, file: null });
  const standing = code.replace('LICENSE_', '');
  expect((await revoked()).licenses).toContainEqual(expect.objectContaining({ id: licenseId, standing }));
  expect((await settle(out.text('issueLicenseFile.file.id'))).get('settleLicenseFile.decision.code')).toBe(
    'DONE',
  );
});

test('a settled file is on the revocation list; settling again says the same, with another `spent` nothing', async () => {
  const { licenseId } = await issue('desk');
  const id = (await issueFile({ licenseId, fingerprint: 'one' })).text('issueLicenseFile.file.id');
  const first = await settle(id);
  expect(first.get('settleLicenseFile')).toMatchObject({
    decision: { allowed: true, code: 'DONE', used: 0 },
    file: { id },
  });
  const again = await settle(id, [{ feature: 'calls', quantity: 0 }]);
  expect(again.get('settleLicenseFile.decision.code')).toBe('DONE');
  expect(again.get('settleLicenseFile.revision')).toBe(first.get('settleLicenseFile.revision'));
  expect((await revoked()).files.map((file) => file.id)).toContain(id);
  expect(refusalOf(await settle(id, [{ feature: 'calls', quantity: 1 }]))).toEqual([
    ['BAD_USER_INPUT', 'input.spent'],
  ]);
});

test('what there is not is a denial', async () => {
  const nobodys = await issueFile({ licenseId: 'lic_0', fingerprint: 'one' });
  const nonsense = await issueFile({ licenseId: '?', fingerprint: 'one' });
  for (const answer of [nobodys, nonsense])
    expect(answer.get('issueLicenseFile')).toMatchObject({
      decision: { code: 'UNKNOWN_LICENSE', message: expect.stringContaining('issueLicense') },
      file: null,
    });
  for (const id of ['file_0', '?'])
    expect((await settle(id)).get('settleLicenseFile')).toMatchObject({
      decision: { code: 'UNKNOWN_LICENSE', message: expect.stringContaining('no such licence file') },
      file: null,
    });
});

test('a machine that the licence has no place for gets no file', async () => {
  const { licenseId } = await issue('desk');
  for (const fingerprint of ['one', 'two'])
    await gateway.send(
      'mutation ($input: ActivateMachineInput!) { activateMachine(input: $input) { revision } }',
      { input: { licenseId, fingerprint } },
    );
  expect((await issueFile({ licenseId, fingerprint: 'three' })).get('issueLicenseFile')).toMatchObject({
    decision: { code: 'MACHINE_LIMIT_EXCEEDED', used: 2 },
    file: null,
  });
});

describe('a borrowed seat', () => {
  const SEATS = `query ($id: ID!) { customer(id: $id) {
    seats { totalCount edges { node { feature memberId kind leaseExpiresAt } } } } }`;
  const seatsOf = async (id: string): Promise<unknown> =>
    (await gateway.send(SEATS, { id })).get('customer.seats.edges');
  function move(operation: string, customerId: string, feature: string, memberId: string): Promise<Answer> {
    const type = operation === 'leaseSeat' ? 'LeaseSeatInput' : 'SeatInput';
    return gateway.send(
      `mutation ($input: ${type}!) { ${operation}(input: $input) { decision { code used } } }`,
      { input: { customerId, feature, memberId } },
    );
  }

  test('is held until the end of the file, whoever gives it back, and comes back when that is settled', async () => {
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
    await settle(made.text('issueLicenseFile.file.id'));
    expect((await move('leaseSeat', customerId, 'viewers', 'bob')).get('leaseSeat.decision.code')).toBe(
      'ENTITLED',
    );
    expect((await issueFile(input)).get('issueLicenseFile')).toMatchObject({
      decision: { allowed: false, code: 'NO_SEAT', feature: 'viewers' },
      file: null,
    });
  });

  test('goes with its member’s name, and without those of others', async () => {
    const { customerId, licenseId } = await issue('seats');
    await move('assignSeat', customerId, 'editors', 'bob');
    const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'editors', memberId: 'ann' });
    const { state, issuedAt } = await opened(made.text('issueLicenseFile.file.token'));
    const code = (memberId: string): string =>
      decide(state, { feature: 'render', quantity: 1, memberId, fingerprint: 'one' }, issuedAt).code;
    expect([code('ann'), code('bob')]).toEqual(['ENTITLED', 'NO_SEAT']);
    expect(made.text('issueLicenseFile.file.token')).not.toContain(Buffer.from('bob').toString('base64url'));
  });

  test('of who holds a named one stays, and goes on when the file is settled', async () => {
    const { customerId, licenseId } = await issue('seats');
    await move('assignSeat', customerId, 'editors', 'ann');
    const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'editors', memberId: 'ann' });
    await settle(made.text('issueLicenseFile.file.id'));
    expect(await seatsOf(customerId)).toEqual([
      { node: { feature: 'editors', memberId: 'ann', kind: 'NAMED', leaseExpiresAt: null } },
    ]);
    const released = await move('releaseSeat', customerId, 'editors', 'ann');
    expect(released.get('releaseSeat.decision.code')).toBe('DONE');
  });

  test('is taken anew by whose lease is over, though nobody has written that down', async () => {
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

  test('is held by two files until the later one is settled', async () => {
    const { customerId, licenseId } = await issue('seats');
    const input = { licenseId, seatFeature: 'editors', memberId: 'ann' };
    const long = await issueFile({ ...input, fingerprint: 'one', validFor: 'P9D' });
    const short = await issueFile({ ...input, fingerprint: 'two', validFor: 'P2D' });
    await settle(long.text('issueLicenseFile.file.id'));
    expect(await seatsOf(customerId)).toMatchObject([
      { node: { leaseExpiresAt: short.get('issueLicenseFile.file.expiresAt') } },
    ]);
    await settle(short.text('issueLicenseFile.file.id'));
    expect(await seatsOf(customerId)).toEqual([]);
  });

  test('that was given back while two files use it is free when both are settled', async () => {
    const { customerId, licenseId } = await issue('seats');
    const input = { licenseId, seatFeature: 'editors', memberId: 'ann' };
    const long = await issueFile({ ...input, fingerprint: 'one', validFor: 'P90D' });
    const short = await issueFile({ ...input, fingerprint: 'two', validFor: 'P2D' });
    await move('assignSeat', customerId, 'editors', 'bob');
    await move('releaseSeat', customerId, 'editors', 'ann');
    const codes = [];
    for (const file of [long, short]) {
      await settle(file.text('issueLicenseFile.file.id'));
      codes.push((await move('assignSeat', customerId, 'editors', 'cid')).get('assignSeat.decision.code'));
    }
    expect(codes).toEqual(['SEAT_COOLDOWN', 'ENTITLED']);
  });

  test('that its member has given back cools down, though the file is settled at once', async () => {
    const { customerId, licenseId } = await issue('seats');
    for (const memberId of ['ann', 'bob']) await move('assignSeat', customerId, 'editors', memberId);
    const made = await issueFile({ licenseId, fingerprint: 'one', seatFeature: 'editors', memberId: 'ann' });
    await move('releaseSeat', customerId, 'editors', 'ann');
    await settle(made.text('issueLicenseFile.file.id'));
    const taken = await move('assignSeat', customerId, 'editors', 'cid');
    expect(taken.get('assignSeat.decision.code')).toBe('SEAT_COOLDOWN');
  });

  test('of one member does for no more machines than the pool has seats', async () => {
    const { licenseId } = await issue('seats');
    const input = { licenseId, seatFeature: 'viewers', memberId: 'ann' };
    const first = await issueFile({ ...input, fingerprint: 'one' });
    const second = { ...input, fingerprint: 'two' };
    expect((await issueFile(second)).get('issueLicenseFile')).toMatchObject({
      decision: { code: 'OFFLINE_LIMIT_EXCEEDED', limit: 1, used: 1 },
      file: null,
    });
    await settle(first.text('issueLicenseFile.file.id'));
    expect((await issueFile(second)).get('issueLicenseFile.decision')).toMatchObject({ limit: 1, used: 1 });
  });
});

test.each([
  [{ fingerprint: undefined }, 'input.fingerprint'],
  [{ request: '{}' }, 'input.fingerprint'],
  [{ fingerprint: undefined, request: '{"licet":"machine request","form":1,"finger' }, 'input.request'],
  [{ fingerprint: '' }, 'input.fingerprint'],
  [{ validFor: 'P2Y' }, 'input.validFor'],
  [{ validFor: 'PT0.1S' }, 'input.validFor'],
  [{ seatFeature: 'editors' }, 'input.memberId'],
  [{ memberId: 'ann' }, 'input.seatFeature'],
  [{ seatFeature: 'cad', memberId: 'ann' }, 'input.seatFeature'],
  [{ idempotencyKey: '' }, 'input.idempotencyKey'],
])('bad input is told, and writes nothing: %j', async (change, field) => {
  const { licenseId } = await issue('plain');
  const answer = await issueFile({ licenseId, fingerprint: 'one', ...change });
  expect(refusalOf(answer)).toEqual([['BAD_USER_INPUT', field]]);
  expect((await issueFile({ licenseId, fingerprint: 'one' })).get('issueLicenseFile.decision.used')).toBe(1);
});

test('each change is an event, and each attempt is on record', async () => {
  const { customerId, licenseId } = await issue('plain');
  const id = (await issueFile({ licenseId, fingerprint: 'one' })).text('issueLicenseFile.file.id');
  await settle(id);
  const events = await gateway.send(
    'query ($id: ID!) { events(customerId: $id, types: ["license.file_issued", "license.file_settled"]) { edges { node { type subjectType subjectId data } } } }',
    { id: customerId },
  );
  expect(events.get('events.edges')).toMatchObject([
    { node: { type: 'license.file_issued', subjectType: 'license_file', subjectId: id } },
    { node: { type: 'license.file_settled', data: { before: { settledAt: null }, after: { spent: {} } } } },
  ]);
  expect(JSON.stringify(events.get('events'))).not.toContain('eyJ');
});
