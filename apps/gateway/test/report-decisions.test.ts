import { randomUUID } from 'node:crypto';
import { brotliDecompressSync } from 'node:zlib';
import { parsePersonalFields } from '@licet/database';
import { newCustomer } from './customers.js';
import { type Answer, at, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ personalFields: parsePersonalFields('email') });
  await newCustomer(gateway, 'ada', 'free');
});
afterAll(() => gateway.close());

const REPORT = `mutation ($decisions: [LocalDecisionInput!]!) { reportDecisions(decisions: $decisions) {
  accepted duplicates rejected { index code field message } } }`;
const LOG = `query ($id: ID, $customerId: ID, $feature: String, $allowed: Boolean, $code: DecisionCode, $since: DateTime, $until: DateTime) {
  decisions(id: $id, customerId: $customerId, feature: $feature, allowed: $allowed, code: $code, since: $since, until: $until) {
    edges { node { operation input at local actor { kind id } decision { id allowed code message feature used release revision asOf stale } } } } }`;

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

function ago(milliseconds: number): string {
  return new Date(Date.now() - milliseconds).toISOString();
}

/** A denial a minute ago. */
function local(more: object = {}) {
  return {
    ...{ id: randomUUID(), customerId: 'ada', feature: 'sso', allowed: false, code: 'NOT_IN_PLAN' },
    ...{ revision: '0000000000000001-00000000', release: 1, at: ago(MINUTE), input: {} },
    ...more,
  };
}

function report(decisions: readonly object[], key?: string): Promise<Answer> {
  return gateway.send(REPORT, { decisions }, key);
}

async function rejected(one: object, key?: string): Promise<unknown> {
  const answer = await report([one], key);
  expect(answer.errors).toEqual([]);
  expect(answer.get('reportDecisions.accepted')).toBe(0);
  return answer.get('reportDecisions.rejected');
}

async function nodes(variables: object): Promise<unknown[]> {
  const edges = (await gateway.send(LOG, { ...variables })).get('decisions.edges');
  return Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node')) : [];
}

test('a decision of an SDK is on record, marked as local, and found by each filter', async () => {
  const one = local({
    at: ago(3 * DAY),
    input: { quantity: 2, memberId: 'ann', context: { country: 'AT' } },
  });
  const answer = await report([one]);
  expect(answer.get('reportDecisions')).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
  const [node] = await nodes({ id: one.id });
  const { id, feature, allowed, code, release, revision } = one;
  expect(node).toMatchObject({
    ...{ operation: 'reportDecisions', local: true, at: one.at, actor: { kind: 'API_KEY' } },
    decision: { id, feature, allowed, code, release, revision, used: null, asOf: one.at, stale: false },
    input: {
      ...{ customerId: 'ada', feature: 'sso', quantity: 2, memberId: 'ann' },
      ...{ context: { country: 'AT' }, productVersion: null, fingerprint: null },
    },
  });
  for (const filter of [
    { customerId: 'ada', since: ago(4 * DAY), until: ago(2 * DAY) },
    { feature: 'sso', allowed: false, code: 'NOT_IN_PLAN', until: ago(2 * DAY) },
  ])
    expect((await nodes(filter)).map((found) => at(found, 'decision.id'))).toEqual([id]);
  expect(await nodes({ customerId: 'ada', allowed: true })).toEqual([]);
});

test('what the live release has no feature for, and whom nobody knows any more, is recorded all the same', async () => {
  const unknown = [
    local({ feature: 'teleport', code: 'UNKNOWN_FEATURE' }),
    local({ customerId: 'gone', release: 99 }),
  ];
  expect((await report(unknown)).get('reportDecisions.accepted')).toBe(2);
});

test('each is recorded once, however often and with whatever else it is sent, and by which gateway', async () => {
  const [one, two, three] = [local(), local(), local({ at: ago(2 * DAY) })];
  expect((await report([one, two, one])).get('reportDecisions')).toMatchObject({
    ...{ accepted: 2, duplicates: 1 },
  });
  const all = await Promise.all([1, 2, 3, 4].map(() => report([three, two, one])));
  const counted = all.map((answer) => answer.get('reportDecisions.accepted'));
  expect(counted.sort()).toEqual([0, 0, 0, 1]);
  for (const { id } of [one, two, three]) expect(await nodes({ id })).toHaveLength(1);
  // Nobody takes away the id of another customer's decision.
  expect((await report([{ ...one, customerId: 'bob' }])).get('reportDecisions.accepted')).toBe(1);
});

test.each<[string, object, string, RegExp]>([
  ['an id that is empty', { id: '' }, 'id', /1 to 255 characters/],
  ['an id that is too long', { id: 'x'.repeat(256) }, 'id', /1 to 255 characters/],
  ['an id that is like ours', { id: 'dec_1' }, 'id', /send the SDK's own id/],
  ['a customer id that is none', { customerId: '' }, 'customerId', /1 to 255 characters/],
  ['a feature that is too long', { feature: 'x'.repeat(1001) }, 'feature', /at most 1000/],
  ['a code of commands', { allowed: true, code: 'DONE' }, 'code', /send the check's code/],
  ['an answer that its code contradicts', { allowed: true }, 'allowed', /denies; send/],
  ['a denial by a code that allows', { code: 'ENTITLED' }, 'allowed', /allows; send/],
  ['a release below 0', { release: -1 }, 'release', /from 0 on/],
  ['a revision that is too long', { revision: 'x'.repeat(1001) }, 'revision', /at most 1000/],
  ['a time more than 5 minutes ahead', { at: ago(-6 * MINUTE) }, 'at', /5 minutes ahead; send it when/],
  ['a time more than 35 days ago', { at: ago(36 * DAY) }, 'at', /more than 35 days ago/],
  ['what no check takes', { input: { email: 'a@b.example' } }, 'input.email', /into `context`/],
  ['another feature within', { input: { feature: 'seo' } }, 'input.feature', /leave it out/],
  ['another customer within', { input: { customerId: 'bob' } }, 'input.customerId', /leave it out/],
  ['a quantity that is none', { input: { quantity: -1 } }, 'input.quantity', /whole number/],
  ['a member that is none', { input: { memberId: '' } }, 'input.memberId', /1 to 255 characters/],
  ['a member that is no text', { input: { memberId: 7 } }, 'input.memberId', /text is expected/],
  ['a context that is none', { input: { context: [1] } }, 'input.context', /an object is expected/],
  [
    'a context that is too large',
    { input: { context: { x: 'y'.repeat(66_000) } } },
    'input.context',
    /65536/,
  ],
])('%s is rejected, and says where and what to do', async (_what, more, field, message) => {
  expect(await rejected(local(more))).toEqual([
    { index: 0, code: 'BAD_USER_INPUT', field, message: expect.stringMatching(message) },
  ]);
});

test('one that is rejected holds up no other', async () => {
  const good = local();
  const answer = await report([local({ at: ago(40 * DAY) }), good, local({ code: 'DONE' })]);
  expect(answer.get('reportDecisions')).toMatchObject({
    ...{
      accepted: 1,
      duplicates: 0,
      rejected: [
        { index: 0, field: 'at' },
        { index: 2, field: 'code' },
      ],
    },
  });
});

test('4 minutes ahead and 34 days ago are taken', async () => {
  const both = [local({ at: ago(-4 * MINUTE) }), local({ at: ago(34 * DAY) })];
  expect((await report(both)).get('reportDecisions.accepted')).toBe(2);
});

test('more than 1,000 at once are refused', async () => {
  const one = local();
  const { errors } = await report(Array.from({ length: 1001 }, () => one));
  expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'decisions' });
});

test('what is older than the tenant keeps decisions is rejected', async () => {
  const keep = (decisionRetention: string): Promise<Answer> =>
    gateway.send('mutation ($input: UpdateTenantInput!) { updateTenant(input: $input) { revision } }', {
      input: { decisionRetention },
    });
  await keep('PT1H');
  expect(await rejected(local({ at: ago(61 * MINUTE) }))).toMatchObject([
    { field: 'at', message: expect.stringContaining('decisions are kept for `PT1H`') },
  ]);
  await keep('P90D');
});

test('each credential reports about its own customer, and is named as the actor', async () => {
  const made = await gateway.send(
    'mutation { createCustomerToken(input: { customerId: "ada", memberId: "ann" }) { token } }',
  );
  const token = made.text('createCustomerToken.token');
  const issued = await gateway.send(
    'mutation { issueLicense(input: { customerId: "ada", plan: "desktop", idempotencyKey: "l" }) { key license { id } } }',
  );
  const license = issued.text('issueLicense.license.id');
  const service = await gateway.newKey({ role: 'SERVICE', customerIds: ['ada'] });
  for (const [key, actor] of [
    [token, { kind: 'CUSTOMER', id: 'ada' }],
    [issued.text('issueLicense.key'), { kind: 'LICENSE', id: license }],
    [service.secret, { kind: 'API_KEY', id: service.id }],
  ] as const) {
    const one = local();
    expect((await report([one], key)).get('reportDecisions.accepted')).toBe(1);
    expect((await nodes({ id: one.id }))[0]).toMatchObject({ local: true, actor });
    expect(await rejected(local({ customerId: 'bob' }), key)).toMatchObject([
      { index: 0, code: 'FORBIDDEN' },
    ]);
  }
  expect(await rejected(local({ input: { memberId: 'ben' } }), token)).toMatchObject([
    { code: 'FORBIDDEN', field: 'input.memberId' },
  ]);
  const reader = await gateway.newKey({ role: 'READER' });
  expect((await report([local()], reader.secret)).errors[0]?.extensions.code).toBe('FORBIDDEN');
});

test('facts that are named as personal are stored encrypted', async () => {
  const one = local({ input: { context: { email: 'ada@example.org', country: 'UK' } } });
  await report([one]);
  expect(at((await nodes({ id: one.id }))[0], 'input.context')).toEqual({
    ...{ email: 'ada@example.org', country: 'UK' },
  });
  const client = await gateway.services.db.pool.connect();
  await client.query(`begin; set local app.tenant = '${gateway.tenantId}'`);
  const { rows } = await client.query<{ body: Buffer }>('select body from decision_flush');
  await client.query('commit');
  client.release();
  const stored = rows.map(({ body }) => brotliDecompressSync(body).toString()).join();
  expect(stored).toContain('UK');
  expect(stored).not.toContain('example.org');
});

test('an explanation of the past passes them over', async () => {
  const one = local({ customerId: 'una' });
  await report([one]);
  const answer = await gateway.send(
    'query ($at: DateTime!) { explain(input: { customerId: "una", feature: "sso" }, at: $at) { decision { id } } }',
    { at: ago(1) },
  );
  expect(answer.errors[0]?.extensions.code).toBe('NOT_FOUND');
});
