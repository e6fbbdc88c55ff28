import { applyDueBatch } from '@licet/database';
import { PRESENT, tenantRows } from '@licet/database/testing';
import { CATALOG } from './catalog.js';
import { check, newCustomer } from './customers.js';
import { at, newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

/** With software that is owned. */
const { features, plans } = structuredClone(CATALOG) as { features: object; plans: object };
const OWNED = {
  ...CATALOG,
  features: { ...features, app: { type: 'boolean', versions: { '1.0': '2020-01-01', '9.0': '2090-01-01' } } },
  plans: {
    ...plans,
    owned: { name: 'Owned', model: 'perpetual', maintenance: 'P1Y', entitlements: { app: true } },
    bound: { name: 'Bound', model: 'perpetual', machines: { limit: 2 }, entitlements: { app: true } },
  },
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await publish(gateway, OWNED);
});
afterAll(() => gateway.close());

const LICENSE = `id status model keyHint startsAt expiresAt maintenanceUntil graceEndsAt machineLimit
  quantities { feature quantity } plan { key } planVersion { version } customer { id }`;
const RESULT = `{ key revision license { ${LICENSE} } }`;
const ISSUE = `mutation ($input: IssueLicenseInput!) { issueLicense(input: $input) ${RESULT} }`;
const RENEW = `mutation ($input: RenewLicenseInput!) { renewLicense(input: $input) ${RESULT} }`;
const SUSPEND = `mutation ($id: ID!, $reason: String!) { suspendLicense(licenseId: $id, reason: $reason) ${RESULT} }`;
const REINSTATE = `mutation ($id: ID!, $reason: String) { reinstateLicense(licenseId: $id, reason: $reason) ${RESULT} }`;
const REVOKE = `mutation ($id: ID!, $reason: String!) { revokeLicense(licenseId: $id, reason: $reason) ${RESULT} }`;
const ROTATE = `mutation ($id: ID!, $key: String!) { rotateLicenseKey(licenseId: $id, idempotencyKey: $key) ${RESULT} }`;
const FIND = `query ($id: ID!) { license(id: $id) { ${LICENSE} } }`;
const EVENTS = `query ($id: ID!) { events(customerId: $id, first: 100) { edges { node { type reason data } } } }`;

const hence = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

function issue(input: object, key?: string): Promise<Answer> {
  return gateway.send(ISSUE, { input: { idempotencyKey: newIdempotencyKey(), ...input } }, key);
}
function renew(input: object): Promise<Answer> {
  return gateway.send(RENEW, { input: { idempotencyKey: newIdempotencyKey(), ...input } });
}
async function customer(id: string): Promise<string> {
  await gateway.send(
    'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision } }',
    { input: { id } },
  );
  return id;
}
/** A licence of a customer of its own. */
async function licensed(customerId: string, plan: string, input: object = {}): Promise<string> {
  const made = await issue({ customerId: await customer(customerId), plan, ...input });
  return made.text('issueLicense.license.id');
}
function errorOf({ errors: [error] }: Answer): (string | undefined)[] {
  return [error?.extensions.code, error?.extensions.field];
}
async function told(customerId: string): Promise<unknown[]> {
  const edges = (await gateway.send(EVENTS, { id: customerId })).get('events.edges');
  return Array.isArray(edges) ? edges.map((edge) => at(edge, 'node')) : [];
}
async function codeAfter(customerId: string, feature: string, atLeast: unknown, more: object = {}) {
  return (await check(gateway, { customerId, feature, atLeast, ...more })).get('check.code');
}

test('a licence is issued, and its key is shown once', async () => {
  const input = { customerId: await customer('ada'), plan: 'owned', idempotencyKey: 'ada once' };
  const made = await issue(input);
  expect(made.errors).toEqual([]);
  const key = made.text('issueLicense.key');
  expect(made.get('issueLicense.license')).toMatchObject({
    ...{ status: 'ACTIVE', model: 'PERPETUAL', expiresAt: null, graceEndsAt: null, machineLimit: null },
    ...{ quantities: [], plan: { key: 'owned' }, planVersion: { version: 1 }, customer: { id: 'ada' } },
    maintenanceUntil: expect.any(String),
  });
  expect(key.startsWith(made.text('issueLicense.license.keyHint'))).toBe(true);

  const again = await issue(input);
  expect(again.get('issueLicense.key')).toBeNull();
  expect(again.get('issueLicense.license')).toEqual(made.get('issueLicense.license'));
  expect(again.get('issueLicense.revision')).toBe(made.get('issueLicense.revision'));
  expect(errorOf(await issue({ ...input, plan: 'pro' }))).toEqual(['CONFLICT', 'input.idempotencyKey']);

  const id = made.text('issueLicense.license.id');
  const found = await gateway.send(FIND, { id });
  expect(found.get('license')).toEqual(made.get('issueLicense.license'));
  const events = await told('ada');
  expect(events.map((event) => at(event, 'type'))).toEqual([
    'customer.created',
    'license.issued',
    'license.started',
  ]);
  for (const text of [JSON.stringify(events), JSON.stringify(found.get('license'))])
    expect(text.replaceAll('-', '')).not.toContain(key.replaceAll('-', '').slice(4));
});

test('a licence gives, and covers the versions that its maintenance does', async () => {
  const made = await issue({ customerId: await customer('bob'), plan: 'owned' });
  const revision = made.get('issueLicense.revision');
  const source = { kind: 'LICENSE', id: made.get('issueLicense.license.id'), key: 'owned' };
  const answer = await check(gateway, { customerId: 'bob', feature: 'app', atLeast: revision });
  expect(answer.get('check')).toMatchObject({ allowed: true, code: 'ENTITLED', sources: [source] });
  const codes = ['1.0', '9.0', 'unheard of'].map((productVersion) =>
    codeAfter('bob', 'app', revision, { productVersion }),
  );
  expect(await Promise.all(codes)).toEqual(['ENTITLED', 'VERSION_NOT_COVERED', 'ENTITLED']);
});

test('it is suspended, reinstated, and revoked for good; each a reason, told once', async () => {
  const id = await licensed('cy', 'owned');
  const suspended = await gateway.send(SUSPEND, { id, reason: 'an invoice is open' });
  expect(suspended.get('suspendLicense')).toMatchObject({ key: null, license: { status: 'SUSPENDED' } });
  expect(await codeAfter('cy', 'app', suspended.get('suspendLicense.revision'))).toBe('LICENSE_SUSPENDED');
  const twice = await gateway.send(SUSPEND, { id, reason: 'again' });
  expect(twice.get('suspendLicense.license.status')).toBe('SUSPENDED');
  const back = await gateway.send(REINSTATE, { id });
  expect(back.get('reinstateLicense.license.status')).toBe('ACTIVE');
  expect(await codeAfter('cy', 'app', back.get('reinstateLicense.revision'))).toBe('ENTITLED');
  const revoked = await gateway.send(REVOKE, { id, reason: 'a refund' });
  expect(revoked.get('revokeLicense.license.status')).toBe('REVOKED');
  expect(await codeAfter('cy', 'app', revoked.get('revokeLicense.revision'))).toBe('LICENSE_REVOKED');
  const again = await gateway.send(REVOKE, { id, reason: 'a refund' });
  expect(again.errors).toEqual([]);
  expect(again.get('revokeLicense.license.status')).toBe('REVOKED');
  expect((await told('cy')).slice(3)).toMatchObject([
    { type: 'license.suspended', reason: 'an invoice is open' },
    { type: 'license.reinstated', reason: null },
    { type: 'license.revoked', reason: 'a refund' },
  ]);
  for (const [query, variables] of [
    [SUSPEND, { id, reason: 'x' }],
    [REINSTATE, { id }],
    [ROTATE, { id, key: newIdempotencyKey() }],
  ] as const)
    expect(errorOf(await gateway.send(query, variables))).toEqual(['CONFLICT', 'licenseId']);
  expect(errorOf(await renew({ licenseId: id }))).toEqual(['CONFLICT', 'input.licenseId']);
});

test('it is renewed from its present end, or to the time that is given', async () => {
  const expiresAt = hence(10);
  const id = await licensed('dan', 'pro', { expiresAt });
  const key = newIdempotencyKey();
  const renewed = await renew({ licenseId: id, idempotencyKey: key });
  const end = renewed.text('renewLicense.license.expiresAt');
  expect(Date.parse(end)).toBeGreaterThan(Date.parse(expiresAt));
  expect((await renew({ licenseId: id, idempotencyKey: key })).get('renewLicense.license.expiresAt')).toBe(
    end,
  );
  const given = hence(400);
  const later = await renew({ licenseId: id, expiresAt: given });
  expect(later.get('renewLicense.license')).toMatchObject({ expiresAt: given, status: 'ACTIVE' });
  const same = await renew({ licenseId: id, expiresAt: given });
  expect(same.errors).toEqual([]);
  expect((await told('dan')).filter((event) => at(event, 'type') === 'license.renewed')).toHaveLength(2);
});

test('its key is rotated: the new one is shown once', async () => {
  const id = await licensed('eve', 'owned');
  const key = newIdempotencyKey();
  const rotated = await gateway.send(ROTATE, { id, key });
  const shown = rotated.text('rotateLicenseKey.key');
  expect(shown.startsWith(rotated.text('rotateLicenseKey.license.keyHint'))).toBe(true);
  const again = await gateway.send(ROTATE, { id, key });
  expect(again.get('rotateLicenseKey')).toEqual({
    ...Object(rotated.get('rotateLicenseKey')),
    key: null,
  });
  expect(JSON.stringify(await told('eve')).replaceAll('-', '')).not.toContain(
    shown.replaceAll('-', '').slice(4),
  );
});

test('what is bought by number, and machines, are shown as they are', async () => {
  const seats = await issue({
    customerId: await customer('flo'),
    plan: 'team',
    quantities: [{ feature: 'editors', quantity: 7 }],
  });
  expect(seats.get('issueLicense.license')).toMatchObject({
    model: 'SEATS',
    quantities: [{ feature: 'editors', quantity: 7 }],
  });
  const bound = await issue({ customerId: 'flo', plan: 'bound' });
  expect(bound.get('issueLicense.license.machineLimit')).toBe(2);
  const id = bound.text('issueLicense.license.id');
  const maintenanceUntil = hence(500);
  const more = await renew({ licenseId: id, machineLimit: 9, maintenanceUntil });
  expect(more.get('renewLicense.license.machineLimit')).toBe(9);
  const plain = await renew({ licenseId: id, machineLimit: null, maintenanceUntil });
  expect(plain.get('renewLicense.license.machineLimit')).toBe(2);
});

test('numbers are changed without a renewal, once, and told of with what was before', async () => {
  const id = await licensed('kim', 'bound');
  const change = { licenseId: id, machineLimit: 9, idempotencyKey: newIdempotencyKey() };
  const changed = await renew(change);
  expect(changed.get('renewLicense.license')).toMatchObject({
    machineLimit: 9,
    expiresAt: null,
    maintenanceUntil: null,
  });
  expect((await renew(change)).get('renewLicense')).toEqual(changed.get('renewLicense'));
  expect(errorOf(await renew({ licenseId: id, machineLimit: 9 }))).toEqual([
    'CONFLICT',
    'input.machineLimit',
  ]);
  expect((await renew({ licenseId: id, machineLimit: null })).get('renewLicense.license.machineLimit')).toBe(
    2,
  );
  const seats = await licensed('kim', 'team');
  const end = (await gateway.send(FIND, { id: seats })).get('license.expiresAt');
  const bought = await renew({ licenseId: seats, quantities: [{ feature: 'editors', quantity: 7 }] });
  expect(bought.get('renewLicense.license')).toMatchObject({
    expiresAt: end,
    quantities: [{ feature: 'editors', quantity: 7 }],
  });
  const limits = (await told('kim'))
    .filter((event) => at(event, 'type') === 'license.adjusted')
    .map((event) => [at(event, 'data.before.machineLimit'), at(event, 'data.after.machineLimit')]);
  expect(limits).toEqual([
    [null, 9],
    [9, null],
    [null, null],
  ]);
});

test.each(['expiresAt', 'maintenanceUntil', 'quantities'])(
  'null for `%s` clears nothing, and renews nothing',
  async (field) => {
    const id = await licensed('kay', 'team');
    const before = await gateway.send(FIND, { id });
    const answer = await renew({ licenseId: id, [field]: null });
    expect(errorOf(answer)).toEqual(['BAD_USER_INPUT', `input.${field}`]);
    expect((await gateway.send(FIND, { id })).get('license')).toEqual(before.get('license'));
  },
);

test('more of what a licence sells by number is offered as a remedy, and is one', async () => {
  const id = await licensed('lou', 'team');
  const held = Number((await gateway.send(FIND, { id })).get('license.quantities.0.quantity'));
  const asked = { customerId: 'lou', feature: 'editors', quantity: held + 2 };
  const why = await gateway.send(
    `query ($input: CheckInput!) { explain(input: $input) { decision { code } remedies { kind plan quantity subscriptionId message } } }`,
    { input: asked },
  );
  expect(why.get('explain.decision.code')).toBe('NO_SEAT');
  expect(why.get('explain.remedies')).toContainEqual({
    ...{ kind: 'BUY_QUANTITY', plan: 'team', quantity: held + 2, subscriptionId: null },
    message: expect.stringContaining(id),
  });
  const more = await renew({ licenseId: id, quantities: [{ feature: 'editors', quantity: held + 2 }] });
  const atLeast = more.get('renewLicense.revision');
  expect((await check(gateway, { ...asked, atLeast })).get('check.code')).toBe('ENTITLED');
});

test('the licences of a customer are paged, with their number', async () => {
  await customer('gus');
  const ids: unknown[] = [];
  for (const plan of ['owned', 'pro', 'metered'])
    ids.push((await issue({ customerId: 'gus', plan })).get('issueLicense.license.id'));
  const page = (after: unknown): Promise<Answer> =>
    gateway.send(
      `query ($after: Cursor) { customer(id: "gus") { licenses(first: 2, after: $after) {
         totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id } } } } }`,
      { after },
    );
  const first = await page(null);
  const second = await page(first.get('customer.licenses.pageInfo.endCursor'));
  const found = [first, second].flatMap((answer) => {
    const edges = answer.get('customer.licenses.edges');
    return Array.isArray(edges) ? edges.map((edge) => at(edge, 'node.id')) : [];
  });
  expect(found).toEqual(ids);
  expect([first, second].map((one) => one.get('customer.licenses.totalCount'))).toEqual([3, 3]);
  expect([first, second].map((one) => one.get('customer.licenses.pageInfo.hasNextPage'))).toEqual([
    true,
    false,
  ]);
  expect(errorOf(await page('nonsense'))[0]).toBe('BAD_USER_INPUT');
});

test('a router finds a licence by its id', async () => {
  const id = await licensed('hal', 'owned');
  const found = await gateway.send(
    `query ($references: [_Any!]!) { _entities(representations: $references) {
       ... on License { id status customer { id } plan { key } } } }`,
    {
      references: [
        { __typename: 'License', id },
        { __typename: 'License', id: 'lic_none' },
      ],
    },
    await gateway.routerKey(),
  );
  expect(found.errors).toEqual([]);
  expect(found.get('_entities')).toEqual([
    { id, status: 'ACTIVE', customer: { id: 'hal' }, plan: { key: 'owned' } },
    null,
  ]);
});

describe('what cannot be', () => {
  let id: string;
  beforeAll(async () => {
    id = await licensed('ida', 'team');
  });

  test.each([
    ['no customer', { customerId: 'nobody', plan: 'owned' }, 'NOT_FOUND', 'input.customerId'],
    ['no id of a customer', { customerId: '', plan: 'owned' }, 'BAD_USER_INPUT', 'input.customerId'],
    ['no plan', { plan: 'nowhere' }, 'NOT_FOUND', 'input.plan'],
    ['no plan key', { plan: 'No Plan' }, 'NOT_FOUND', 'input.plan'],
    ['too long ago', { startsAt: '2001-01-01T00:00:00Z' }, 'BAD_USER_INPUT', 'input.startsAt'],
    ['ended at once', { expiresAt: '2020-01-01T00:00:00Z' }, 'BAD_USER_INPUT', 'input.expiresAt'],
    [
      'maintained till before',
      { maintenanceUntil: '2020-01-01T00:00:00Z' },
      'BAD_USER_INPUT',
      'input.maintenanceUntil',
    ],
    [
      'not by number',
      { quantities: [{ feature: 'sso', quantity: 1 }] },
      'BAD_USER_INPUT',
      'input.quantities.0.feature',
    ],
    [
      'too many',
      { plan: 'team', quantities: [{ feature: 'editors', quantity: 501 }] },
      'BAD_USER_INPUT',
      'input.quantities.0.quantity',
    ],
    ['no machines', { plan: 'pro', machineLimit: 1 }, 'BAD_USER_INPUT', 'input.machineLimit'],
    ['machines below 1', { plan: 'bound', machineLimit: 0 }, 'BAD_USER_INPUT', 'input.machineLimit'],
    ['no key', { idempotencyKey: '' }, 'BAD_USER_INPUT', 'input.idempotencyKey'],
  ])('is refused by its field when it is issued: %s', async (_what, input, code, field) => {
    const before = await gateway.countEvents();
    expect(errorOf(await issue({ customerId: 'ida', plan: 'owned', ...input }))).toEqual([code, field]);
    expect(await gateway.countEvents()).toBe(before);
  });

  test.each([
    ['an end that is past', { expiresAt: '2020-01-01T00:00:00Z' }, 'BAD_USER_INPUT', 'input.expiresAt'],
    [
      'too few',
      { quantities: [{ feature: 'editors', quantity: 1 }] },
      'BAD_USER_INPUT',
      'input.quantities.0.quantity',
    ],
    ['machines of a plan without', { machineLimit: 3 }, 'BAD_USER_INPUT', 'input.machineLimit'],
    ['no licence', { licenseId: 'lic_none' }, 'NOT_FOUND', 'input.licenseId'],
    ['no id of a licence', { licenseId: 'sub_1' }, 'NOT_FOUND', 'input.licenseId'],
  ])('is refused by its field when it is renewed: %s', async (_what, input, code, field) => {
    expect(errorOf(await renew({ licenseId: id, ...input }))).toEqual([code, field]);
  });

  test('is refused when it is suspended or revoked: no reason, no licence', async () => {
    for (const query of [SUSPEND, REVOKE]) {
      expect(errorOf(await gateway.send(query, { id, reason: ' ' }))).toEqual(['BAD_USER_INPUT', 'reason']);
      expect(errorOf(await gateway.send(query, { id: 'lic_none', reason: 'x' }))).toEqual([
        'NOT_FOUND',
        'licenseId',
      ]);
    }
    expect(errorOf(await gateway.send(REINSTATE, { id: 'lic_none' }))).toEqual(['NOT_FOUND', 'licenseId']);
    expect(errorOf(await gateway.send(ROTATE, { id: 'lic_none', key: 'k' }))).toEqual([
      'NOT_FOUND',
      'licenseId',
    ]);
    expect(errorOf(await gateway.send(ROTATE, { id, key: '' }))).toEqual([
      'BAD_USER_INPUT',
      'idempotencyKey',
    ]);
  });

  test('renewing what ended long ago without a time is CONFLICT, and says what to give', async () => {
    const old = await licensed('ivy', 'pro', { startsAt: hence(-300), expiresAt: hence(-200) });
    const refused = await renew({ licenseId: old });
    expect(errorOf(refused)).toEqual(['CONFLICT', 'input.expiresAt']);
    expect(refused.errors[0]?.message).toContain('give `expiresAt`');
    expect((await renew({ licenseId: old, expiresAt: hence(30) })).get('renewLicense.license.status')).toBe(
      'ACTIVE',
    );
  });
});

test('a key that is narrowed to other customers may not touch a licence, nor see it', async () => {
  const id = await licensed('jon', 'owned');
  await customer('kim');
  const { secret } = await gateway.newKey({ role: 'ADMIN', customerIds: ['kim'] });
  const forbidden: readonly (readonly [string, Record<string, unknown>])[] = [
    [ISSUE, { input: { customerId: 'jon', plan: 'owned', idempotencyKey: 'k' } }],
    [RENEW, { input: { licenseId: id, idempotencyKey: 'k' } }],
    [SUSPEND, { id, reason: 'x' }],
    [REINSTATE, { id }],
    [REVOKE, { id, reason: 'x' }],
    [ROTATE, { id, key: 'k' }],
    [FIND, { id }],
  ];
  for (const [query, variables] of forbidden)
    expect([query, errorOf(await gateway.send(query, variables, secret))[0]]).toEqual([query, 'FORBIDDEN']);
  const own = await issue({ customerId: 'kim', plan: 'owned' }, secret);
  expect(own.errors).toEqual([]);
  const found = await gateway.send(FIND, { id: own.get('issueLicense.license.id') }, secret);
  expect(found.get('license.customer.id')).toBe('kim');
  const reader = await gateway.newKey({ role: 'READER' });
  expect(errorOf(await gateway.send(SUSPEND, { id, reason: 'x' }, reader.secret))[0]).toBe('FORBIDDEN');
});

test('another tenant sees nothing of it', async () => {
  const id = await licensed('lea', 'owned');
  const other = await startTestGateway();
  try {
    expect((await other.send(FIND, { id })).get('license')).toBeNull();
    expect(errorOf(await other.send(SUSPEND, { id, reason: 'x' }))).toEqual(['NOT_FOUND', 'licenseId']);
  } finally {
    await other.close();
  }
});

/** As if its end had come; no event tells of that. */
async function endNow(customerId: string, licenseId: string): Promise<void> {
  const { tenantId, services } = gateway;
  const actor = { kind: 'API_KEY', id: 'key_test', name: 'test' } as const;
  const context = {
    db: services.db,
    caller: { tenantId, actor, requestId: 'req-test' },
    close: () => Promise.resolve(),
  };
  await tenantRows(context, `update license set expires_at = ${PRESENT} where id = '${licenseId}'`);
  await tenantRows(
    context,
    `update customer set version = version + 1, next_due_at = ${PRESENT} where id = '${customerId}'`,
  );
}

test('when a licence ends, followers hear of it, and `since` names the event', async () => {
  await newCustomer(gateway, 'max', 'free');
  const issued = await issue({
    customerId: 'max',
    plan: 'enterprise',
    startsAt: hence(-1),
    expiresAt: hence(1),
  });
  const socket = gateway.socket();
  const stream = socket.iterate({
    query: `subscription { entitlementsChanged(customerId: "max") { changed cause { type }
      entitlements { entitlements { feature allowed code limit } } } }`,
  });
  const next = async (): Promise<unknown> => ((await stream.next()) as { value?: unknown }).value;
  expect(JSON.stringify(await next())).toContain('"feature":"sso","allowed":true');
  await endNow('max', issued.text('issueLicense.license.id'));
  await applyDueBatch(gateway.services.db, gateway.tenantId, 10);
  const ended = await next();
  expect(at(ended, 'data.entitlementsChanged.cause.type')).toBe('license.expired');
  expect(at(ended, 'data.entitlementsChanged.changed')).toEqual(expect.arrayContaining(['sso', 'projects']));
  expect(JSON.stringify(ended)).toContain('"feature":"sso","allowed":false,"code":"LICENSE_EXPIRED"');
  await socket.dispose();

  const why = await gateway.send(
    `{ explain(input: { customerId: "max", feature: "sso" }) { decision { code } reasons { code source { kind } }
       remedies { kind } since { type subjectType } } }`,
  );
  expect(why.get('explain')).toMatchObject({
    decision: { code: 'LICENSE_EXPIRED' },
    reasons: [{ code: 'LICENSE_EXPIRED', source: { kind: 'LICENSE' } }],
    remedies: expect.arrayContaining([{ kind: 'RENEW' }]),
    since: { type: 'license.expired', subjectType: 'license' },
  });
});

test('what time will do to a licence is listed, with the event that it will be', async () => {
  const startsAt = hence(1);
  const id = await licensed('ned', 'pro', { startsAt });
  const listed = await gateway.send(
    '{ customer(id: "ned") { upcoming(first: 10) { at kind subjectType subjectId message data } } }',
  );
  expect(listed.errors).toEqual([]);
  const ahead = listed.get('customer.upcoming');
  if (!Array.isArray(ahead)) throw new Error('a list');
  const ofLicense = ahead.filter((one) => at(one, 'subjectType') === 'license');
  expect(ofLicense.map((one) => at(one, 'kind'))).toEqual([
    'license.started',
    'license.grace_started',
    'license.expired',
    'license.archived',
  ]);
  expect(ofLicense[0]).toMatchObject({
    ...{ at: startsAt, subjectId: id, message: 'the licence to `pro` begins' },
    data: { before: { status: 'SCHEDULED' }, after: { status: 'ACTIVE' } },
  });
});

test.each([
  ['issued', () => Promise.resolve(), 'ENTITLED license.started'],
  [
    'suspended',
    (id: string) => gateway.send(SUSPEND, { id, reason: 'x' }),
    'LICENSE_SUSPENDED license.suspended',
  ],
  ['revoked', (id: string) => gateway.send(REVOKE, { id, reason: 'x' }), 'LICENSE_REVOKED license.revoked'],
])('`since` of a licence that was %s', async (what, change, expected) => {
  const id = await licensed(`since-${what}`, 'owned');
  await change(id);
  const why = await gateway.send(
    'query ($input: CheckInput!) { explain(input: $input) { decision { code } since { type } } }',
    { input: { customerId: `since-${what}`, feature: 'app', atLeast: await head() } },
  );
  expect(`${why.text('explain.decision.code')} ${why.text('explain.since.type')}`).toBe(expected);
});

async function head(): Promise<unknown> {
  const answer = await gateway.send('mutation { upsertCustomer(input: { id: "head" }) { revision } }');
  return answer.get('upsertCustomer.revision');
}
