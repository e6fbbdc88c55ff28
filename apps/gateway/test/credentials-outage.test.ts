import { makeLicenseKey } from '@licet/database';
import { newCustomer } from './customers.js';
import { type Answer, startTestGateway, type TestGateway } from './gateway.js';
import { type Relay, startRelay } from './relay.js';

let relay: Relay;
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    guesses: { ofAddress: 5, ofNetwork: 100, ofTenant: 100 },
    async through(url) {
      relay = await startRelay(url);
      return relay.url;
    },
  });
  await newCustomer(gateway, 'ada', 'pro');
});
afterEach(() => {
  relay.mend();
});
afterAll(async () => {
  await gateway.close();
  await relay.close();
});

let licenses = 0;
async function issue(): Promise<{ id: string; key: string }> {
  licenses += 1;
  const issued = await gateway.send(
    `mutation { issueLicense(input: { customerId: "ada", plan: "desktop", idempotencyKey: "${String(licenses)}" }) { key license { id } } }`,
  );
  return { id: issued.text('issueLicense.license.id'), key: issued.text('issueLicense.key') };
}

const VALIDATE = 'mutation ($key: String!) { validateLicense(input: { key: $key }) { valid code stale } }';

function validate(key: string, bearer: string | null = null): Promise<Answer> {
  return gateway.send(VALIDATE, { key }, bearer);
}

/** Once the gateway has noticed that the database is back. */
async function mended(): Promise<void> {
  relay.mend();
  while ((await fetch(`${gateway.url}/readyz`)).status !== 200)
    await new Promise((next) => setTimeout(next, 20));
}

test('without the database licence keys that are known go on, by either way to show them', async () => {
  const { key, id } = await issue();
  expect((await validate(key)).get('validateLicense.valid')).toBe(true);
  relay.cut();
  for (const bearer of [null, key])
    expect((await validate(key, bearer)).get('validateLicense')).toMatchObject({
      valid: true,
      code: 'ENTITLED',
    });
  const written = await gateway.send(
    'mutation ($id: ID!) { activateMachine(input: { licenseId: $id, fingerprint: "f" }) { decision { code } } }',
    { id },
    key,
  );
  expect(written.errors[0]?.extensions).toMatchObject({ code: 'UNAVAILABLE' });
  expect(written.headers.get('retry-after')).toBe('1');
  await mended();
});

test('without the database new keys are not called wrong, however many ask, and do not count as guesses', async () => {
  const { key } = await issue();
  relay.cut();
  const asked = await Promise.all(Array.from({ length: 40 }, () => validate(key)));
  for (const { errors, headers } of asked) {
    expect(errors[0]?.extensions.code).toBe('UNAVAILABLE');
    expect(headers.get('retry-after')).toBe('1');
  }
  const shown = await Promise.all(Array.from({ length: 10 }, () => validate(key, key)));
  for (const { status, headers } of shown) expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  await mended();
  expect((await validate(key, key)).get('validateLicense.valid')).toBe(true);
  expect((await validate(makeLicenseKey())).get('validateLicense.code')).toBe('UNKNOWN_LICENSE');
});

test('without the database a socket ends with its credential all the same', async () => {
  const made = await gateway.send(
    'mutation { createCustomerToken(input: { customerId: "ada", ttl: "PT6S" }) { token } }',
  );
  const expiresAt = new Date(Date.now() + 6000).toISOString();
  const ending = await gateway.newKey({ role: 'READER', expiresAt });
  const closed = [made.text('createCustomerToken.token'), ending.secret].map(async (secret) => {
    const socket = gateway.socket(secret);
    const end = new Promise<unknown>((resolve) => socket.on('closed', resolve));
    const stream = socket.iterate({
      query: 'subscription { entitlementsChanged(customerId: "ada") { customerId } }',
    });
    await stream.next();
    void stream.next().catch(() => undefined);
    return { end };
  });
  const sockets = await Promise.all(closed);
  relay.cut();
  for (const { end } of sockets) expect(await end).toMatchObject({ code: 4403, reason: 'Forbidden' });
  await mended();
});
