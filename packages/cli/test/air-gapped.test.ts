import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, licet, type RunningGateway, startGateway } from './process.js';

const CATALOG = {
  catalog: 1,
  name: 'Air gap',
  features: {
    desktop: {
      name: 'Desktop',
      type: 'boolean',
      versions: { '4.1': '2025-09-01T00:00:00Z', '5.0': '2098-01-01T00:00:00Z' },
    },
    editors: { name: 'Editors', type: 'seats', kind: 'named' },
    'api-calls': { name: 'API calls', type: 'metered', window: 'P1M' },
  },
  plans: {
    workshop: {
      name: 'Workshop',
      model: 'perpetual',
      maintenance: 'P1Y',
      machines: { limit: 2, offlineFiles: 2 },
      entitlements: { desktop: true, editors: 2, 'api-calls': 60 },
    },
  },
};

let gateway: RunningGateway;
let licenseId: string;
/** What machine A has: it never sees a network. */
let a: string;
/** Where a network is. */
let desk: string;

function textAt(value: unknown, path: string): string {
  const found = path
    .split('.')
    .reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : null),
      value,
    );
  if (typeof found !== 'string') throw new Error(`no text at ${path}`);
  return found;
}

beforeAll(async () => {
  gateway = await startGateway(CATALOG);
  a = mkdtempSync(join(tmpdir(), 'licet-machine-'));
  desk = mkdtempSync(join(tmpdir(), 'licet-desk-'));
  await gateway.ask('mutation { upsertCustomer(input: { id: "mill" }) { revision } }');
  const issued = await gateway.ask(
    'mutation { issueLicense(input: { customerId: "mill", plan: "workshop", idempotencyKey: "sale" }) { license { id } } }',
  );
  licenseId = textAt(issued, 'issueLicense.license.id');
});
afterAll(() => gateway.stop());

const carried = (from: string, to: string, ...names: readonly string[]): void => {
  for (const name of names) writeFileSync(join(to, name), readFileSync(join(from, name)));
};

function verify(...more: readonly string[]): Promise<Ended> {
  return licet(a, [
    ...['license', 'verify', '--file', 'license.jwt', '--keys', 'keys.json'],
    ...['--revocations', 'revoked.jwt', '--request', 'request.json', ...more],
  ]);
}

test('a file goes from a machine without a network to a gateway and back, and is good there and nowhere else', async () => {
  const requested = await licet(a, ['license', 'request', '--out', 'request.json']);
  expect(requested).toMatchObject({ code: 0 });
  carried(a, desk, 'request.json');
  const issue = [
    ...['license', 'issue', '--license', licenseId, '--request', 'request.json', '--valid-for', 'P90D'],
    ...['--seat', 'editors', '--member', 'ann', '--out', 'license.jwt', '--keys-out', 'keys.json'],
    ...['--revocations-out', 'revoked.jwt', '--budget', 'api-calls=100'],
  ];
  const issued = await licet(desk, issue, { env: gateway.env });
  expect(issued).toMatchObject({ code: 0, stdout: 'license.jwt\n' });
  const first = readFileSync(join(desk, 'license.jwt'), 'utf8');
  expect((await licet(desk, issue, { env: gateway.env })).code).toBe(0);
  expect(readFileSync(join(desk, 'license.jwt'), 'utf8')).toBe(first);
  carried(desk, a, 'license.jwt', 'keys.json', 'revoked.jwt');

  const good = await verify('--json');
  expect(good.code).toBe(0);
  const said: unknown = JSON.parse(good.stdout);
  expect(said).toMatchObject({
    ...{
      ok: true,
      code: 'ENTITLED',
      licenseId,
      customerId: 'mill',
      seat: { feature: 'editors', memberId: 'ann' },
      // Of the 100 that were asked for.
      budgets: { 'api-calls': 60 },
    },
    decisions: [
      { feature: 'desktop', allowed: true },
      { feature: 'editors', allowed: true },
      { feature: 'api-calls', allowed: true },
    ],
  });
  expect((await verify()).stdout).toMatch(
    /^good until 20\d\d-(?:.|\n)*\nyes desktop(?:.|\n)*\nbudget api-calls 60\n$/,
  );

  const other = await verify('--fingerprint', 'another machine');
  expect(other).toMatchObject({ code: 12, stdout: '' });
  expect(other.stderr).toMatch(/for another machine; make a request on this one/);
});

test('another request of the same machine is another one', async () => {
  await licet(a, ['license', 'request', '--out', 'newer.json']);
  const answer = await verify('--request', 'newer.json');
  expect(answer.code).toBe(12);
  expect(answer.stderr).toMatch(/answers another request/);
});

test('one that was changed is refused', async () => {
  const [header = '', payload = '', signature = ''] = readFileSync(join(a, 'license.jwt'), 'utf8').split('.');
  const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const longer = Buffer.from(JSON.stringify({ ...claims, exp: 4_000_000_000 })).toString('base64url');
  writeFileSync(join(a, 'changed.jwt'), [header, longer, signature].join('.'));
  const answer = await verify('--file', 'changed.jwt');
  expect(answer.code).toBe(10);
  expect(answer.stderr).toMatch(/was changed, or signed by somebody else/);
});

test.each([
  ['2099-01-01T00:00:00Z', /the licence file has ended at 20\d\d-/, 'EXPIRED'],
  ['2020-01-01T00:00:00Z', /clock of this machine is behind/, 'CLOCK'],
])('at %s it is refused by its time', async (at, sentence, code) => {
  const answer = await verify('--at', at, '--json');
  expect(answer.code).toBe(11);
  expect(answer.stderr).toMatch(sentence);
  expect(JSON.parse(answer.stdout)).toMatchObject({ ok: false, exit: 'TIME', code });
});

test('a version that came out when the maintenance was over is given nothing', async () => {
  expect((await verify('--product-version', '4.1')).code).toBe(0);
  const answer = await verify('--product-version', '5.0', '--json');
  expect(answer.code).toBe(14);
  expect(answer.stderr).toMatch(/this version came out when the maintenance of the licence was over/);
  expect(JSON.parse(answer.stdout)).toMatchObject({
    ...{ ok: false, exit: 'NOT_LICENSED', code: 'VERSION_NOT_COVERED' },
  });
});

test('a list that is no list, keys that are none, and a tenant that is another are refused', async () => {
  const set: { keys: { x: string }[] } = JSON.parse(readFileSync(join(a, 'keys.json'), 'utf8'));
  const short = set.keys.map((key) => ({ ...key, x: key.x.slice(0, 20) }));
  writeFileSync(join(a, 'short-keys.json'), JSON.stringify({ keys: short }));
  const answers = await Promise.all([
    verify('--revocations', 'license.jwt'),
    verify('--keys', 'request.json'),
    verify('--tenant', '00000000-0000-4000-8000-000000000000'),
    verify('--file', 'nowhere.jwt'),
    verify('--keys', 'short-keys.json'),
  ]);
  expect(answers.map(({ code }) => code)).toEqual([10, 2, 10, 2, 2]);
  expect(answers[4].stderr).toMatch(/not all of one; fetch the keys again\n$/);
});

test('a token is shown without a network, verified where keys are given', async () => {
  const shown = await licet(a, ['token', 'inspect', 'license.jwt']);
  expect(shown.code).toBe(0);
  expect(shown.stdout).toContain('licet-license-file+jwt');
  expect(shown.stderr).toContain('not verified');
  const genuine = await licet(a, ['token', 'inspect', 'revoked.jwt', '--keys', 'keys.json', '--json']);
  expect(JSON.parse(genuine.stdout)).toMatchObject({ ok: true, verified: true });
  const piped = await licet(a, ['token', 'inspect', '-', '--keys', 'keys.json'], {
    input: readFileSync(join(a, 'changed.jwt'), 'utf8'),
  });
  expect(piped.code).toBe(10);
  expect((await licet(a, ['token', 'inspect', 'non.sen.se'])).code).toBe(10);
});

test('keys are rotated, and the older file is good by the newer keys, too', async () => {
  const rotated = await licet(desk, ['keys', 'rotate', '--keys-out', 'keys.json', '--json'], {
    env: gateway.env,
  });
  expect(rotated.code).toBe(0);
  const set: { keys: { kid: string }[] } = JSON.parse(readFileSync(join(desk, 'keys.json'), 'utf8'));
  expect(set.keys.map(({ kid }) => kid)).toContain(textAt(JSON.parse(rotated.stdout), 'key.kid'));
  carried(desk, a, 'keys.json');
  expect((await verify()).code).toBe(0);
});

/** The id of the key that has signed a token. */
function kidOf(token: string): string {
  return textAt(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()), 'kid');
}

test('after a leak: without the old key a file that it has signed is refused, and one that is issued anew is good', async () => {
  const leaked = kidOf(readFileSync(join(a, 'license.jwt'), 'utf8'));
  const rotate = ['keys', 'rotate', '--overlap', 'PT1S', '--keys-out', 'keys.json'];
  expect((await licet(desk, rotate, { env: gateway.env })).code).toBe(0);
  const signer = async (): Promise<string> =>
    kidOf(textAt(await gateway.ask('{ snapshot(customerId: "mill") { token } }'), 'snapshot.token'));
  while ((await signer()) === leaked);
  const { keys }: { keys: { kid: string }[] } = JSON.parse(readFileSync(join(desk, 'keys.json'), 'utf8'));
  expect(keys.map(({ kid }) => kid)).toContain(leaked);
  writeFileSync(
    join(desk, 'good-keys.json'),
    JSON.stringify({ keys: keys.filter(({ kid }) => kid !== leaked) }),
  );
  const anew = await licet(
    desk,
    [
      ...[
        'license',
        'issue',
        '--license',
        licenseId,
        '--request',
        'request.json',
        '--idempotency-key',
        'anew',
      ],
      ...['--out', 'anew.jwt', '--revocations-out', 'newest.jwt'],
    ],
    { env: gateway.env },
  );
  expect(anew.code).toBe(0);
  carried(desk, a, 'keys.json', 'good-keys.json', 'anew.jwt', 'newest.jwt');
  // Who has the leaked key among his own goes on trusting it.
  expect((await verify()).code).toBe(0);
  const newest = ['--keys', 'good-keys.json', '--revocations', 'newest.jwt'];
  expect((await verify(...newest, '--file', 'anew.jwt')).code).toBe(0);
  const old = await verify(...newest, '--json');
  expect(old.code).toBe(10);
  expect(JSON.parse(old.stdout)).toMatchObject({ exit: 'UNTRUSTED', code: 'KEY' });
  expect((await verify('--keys', 'good-keys.json', '--file', 'anew.jwt')).code).toBe(10);
});

test('one of a licence that was revoked is refused as soon as a newer list is carried along', async () => {
  await gateway.ask(`mutation { revokeLicense(licenseId: "${licenseId}", reason: "stolen") { revision } }`);
  expect((await verify()).code).toBe(0);
  const listed = await licet(desk, ['license', 'revocations', '--out', 'revoked.jwt'], { env: gateway.env });
  expect(listed.code).toBe(0);
  carried(desk, a, 'revoked.jwt');
  const answer = await verify();
  expect(answer.code).toBe(13);
  expect(answer.stderr).toMatch(/the licence was revoked; another one is needed/);
  const refused = await licet(
    desk,
    ['license', 'issue', '--license', licenseId, '--fingerprint', 'f', '--json'],
    { env: gateway.env },
  );
  expect(refused.code).toBe(3);
  expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, exit: 'REFUSED', code: 'LICENSE_REVOKED' });
});

test('what cannot be right is told with what can, and whoever does not answer by name', async () => {
  const nobody = await licet(desk, ['license', 'revocations'], { env: { LICET_API_KEY: 'k' } });
  expect(nobody.code).toBe(4);
  expect(nobody.stderr).toMatch(/127\.0\.0\.1:9\/graphql does not answer/);
  const answers = await Promise.all([
    licet(desk, ['license', 'revocations']),
    licet(desk, ['license', 'issue', '--license', licenseId], { env: gateway.env }),
    licet(desk, ['license', 'issue', '--license', licenseId, '--request', 'keys.json'], { env: gateway.env }),
    licet(desk, ['license', 'issue', '--license', licenseId, '--fingerprint', 'f', '--valid-for', 'P9Y'], {
      env: gateway.env,
    }),
    licet(desk, ['license', 'verify', '--at', 'soon']),
    licet(desk, ['nonsense']),
    licet(desk, ['license', 'issue', '--license', licenseId, '--fingerprint', 'f', '--budget', 'api-calls'], {
      env: gateway.env,
    }),
  ]);
  expect(answers.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2, 2]);
  expect(answers[0].stderr).toMatch(/set LICET_API_KEY/);
  expect(answers[3].stderr).toMatch(/`input.validFor`: .*366 days/);
  expect(answers[6].stderr).toMatch(/--budget: `api-calls` is none/);
  const help = await licet(desk, ['license', 'verify', '--help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toMatch(/Examples:\n {2}licet license verify/);
});

test('types are made of the live release, too', async () => {
  const made = await licet(desk, ['generate', 'types', '--out', 'features.ts'], { env: gateway.env });
  expect(made.code).toBe(0);
  const written = readFileSync(join(desk, 'features.ts'), 'utf8');
  expect(written).toContain("readonly 'api-calls': 'METERED';");
  expect(written).toContain('/** API calls */');
});
