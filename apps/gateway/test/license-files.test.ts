import { readLicenseFile, readRevocationList, decide, writeMachineRequest } from '@licet/domain';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
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
  },
  plans: {
    desk: {
      model: 'perpetual',
      machines: { limit: 2, atOnce: 1, offlineFiles: 2 },
      entitlements: { cad: true },
    },
    plain: { model: 'perpetual', entitlements: { cad: true } },
    term: { model: 'seats', period: 'P1M', grace: 'P3D', entitlements: { cad: true } },
  },
};

let gateway: TestGateway;
let issuer: string;
let keys: ReturnType<typeof createLocalJWKSet>;
beforeAll(async () => {
  gateway = await startTestGateway();
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
