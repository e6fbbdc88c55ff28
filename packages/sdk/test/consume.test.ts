import { createClient } from '@licet/sdk';
import { codeOf } from '../testing/code-of.js';
import { CUSTOMER, vectors } from '../testing/signer.js';
import { Site } from '../testing/site.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(() => site.end());

const DONE = {
  data: { consume: { consumed: 2, replayed: false, revision: 'r', decision: { code: 'ENTITLED' } } },
};

function failed(code: string) {
  return { errors: [{ message: 'as it happens', extensions: { code } }] };
}

function keysSent(): string[] {
  return site.gateway.bodies.map((body) => {
    const { variables }: { variables: { input: { idempotencyKey: string } } } = JSON.parse(body);
    return variables.input.idempotencyKey;
  });
}

test('a spend whose answer is lost is sent again with the same key', async () => {
  const client = await site.start();
  site.gateway.consumes = [null, failed('UNAVAILABLE'), DONE];
  expect(await client.consume('calls', { quantity: 2 })).toMatchObject({ consumed: 2 });
  const keys = keysSent();
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
});

test('two spends have two keys', async () => {
  const client = await site.start();
  site.gateway.consumes = [DONE, DONE];
  await client.consume('calls');
  await client.consume('calls');
  expect(new Set(keysSent()).size).toBe(2);
});

test('where no answer comes the error carries the key', async () => {
  const client = await site.start();
  await expect(client.consume('calls', { idempotencyKey: 'mine' })).rejects.toMatchObject({
    code: 'UNREACHABLE',
    idempotencyKey: 'mine',
  });
});

test('what the gateway refuses is not sent again', async () => {
  const client = await site.start();
  site.gateway.consumes = [failed('FORBIDDEN')];
  await expect(client.consume('calls')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(site.gateway.bodies).toHaveLength(1);
});

describe('options that cannot be are refused by name', () => {
  const good = { url: 'http://127.0.0.1:1', apiKey: 'lk_x', customerId: CUSTOMER };
  test.each([
    ['url', { ...good, url: 'licet' }],
    ['url', { ...good, url: 'ftp://licet.example.com' }],
    ['apiKey', { url: good.url, customerId: CUSTOMER }],
    ['apiKey', { ...good, token: 'x' }],
    ['apiKey', { ...good, apiKey: '' }],
    ['customerId', { url: good.url, apiKey: 'lk_x' }],
    ['token', { url: good.url, token: 'lk_x' }],
    ['customerId', { url: good.url, token: tokenOf({ sub: 'ada' }), customerId: 'bob' }],
    ['memberId', { url: good.url, token: tokenOf({ sub: 'ada', member: 'ann' }), memberId: 'ben' }],
    ['token', { url: good.url, token: tokenOf({}) }],
  ])('%s', (field, options) => {
    expect(codeOf(() => createClient(options))).toBe('BAD_USER_INPUT');
    expect(() => createClient(options)).toThrow(`\`${field}\``);
  });

  test.each([0, 1.5, NaN, Infinity, 86_400_001])('timeout and retryMax %p', (milliseconds) => {
    for (const field of ['timeout', 'retryMax']) {
      const make = () => createClient({ ...good, [field]: milliseconds });
      expect(codeOf(make)).toBe('BAD_USER_INPUT');
      expect(make).toThrow(`\`${field}\``);
    }
  });

  test.each([-1, 1.5, NaN, 2 ** 60])('quantity %p', async (quantity) => {
    const client = await site.start();
    expect(() => client.check('sso', { quantity })).toThrow('`quantity`');
  });

  /** As a program without types hands them in. */
  test.each([
    ['customerId', '{ "customerId": 42 }'],
    ['customerId', '{ "customerId": "" }'],
    ['customerId', '{ "customerId": "ada\\ud83d" }'],
    ['memberId', '{ "memberId": 42 }'],
    ['memberId', '{ "memberId": "" }'],
    ['apiKey', '{ "apiKey": 5 }'],
    ['storage', '{ "storage": "licet.db" }'],
  ])('%s in %s', (field, text) => {
    const given: object = JSON.parse(text);
    const make = () => createClient({ ...good, ...given });
    expect(codeOf(make)).toBe('BAD_USER_INPUT');
    expect(make).toThrow(`\`${field}\``);
  });

  test.each([
    ['memberId', '{ "memberId": 42 }'],
    ['productVersion', '{ "productVersion": 5.1 }'],
    ['fingerprint', '{ "fingerprint": {} }'],
    ['context', '{ "context": "x" }'],
    ['context', '{ "context": [] }'],
  ])('of a check: %s in %s', async (field, text) => {
    const client = await site.start();
    const given: object = JSON.parse(text);
    const check = () => client.check('sso', given);
    expect(codeOf(check)).toBe('BAD_USER_INPUT');
    expect(check).toThrow(`\`${field}\``);
  });
});

test('a client that is closed spends nothing, and says so', async () => {
  const client = await site.start();
  await client.close();
  await expect(client.consume('calls')).rejects.toMatchObject({ code: 'CLOSED' });
  expect(site.gateway.bodies).toHaveLength(0);
});

test('a check about another member than the token’s is refused', async () => {
  const ofMember = { kind: 'MEMBER', memberId: 'ann' };
  site.gateway.instead = [{ status: 200, body: await site.gateway.token({ for: ofMember }) }];
  const client = await site.start();
  expect(client.check('sso').code).toBe('ENTITLED');
  expect(client.check('sso', { memberId: 'ann' }).code).toBe('ENTITLED');
  expect(codeOf(() => client.check('sso', { memberId: 'ben' }))).toBe('FORBIDDEN');
});

function tokenOf(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'EdDSA' })}.${part(claims)}.${vectors.vectors[0]!.token.split('.')[2]!}`;
}
