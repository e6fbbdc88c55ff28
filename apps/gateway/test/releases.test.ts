import { CATALOG } from './catalog.js';
import { check, consume, newCustomer } from './customers.js';
import { at, newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

const RESULT = `{ revision
  release { number base status reason comment checksum createdAt publishedAt createdBy { kind } }
  preview { problems { path line column message severity } changes { path kind before after subscriptionsAffected }
            scenarios { name passed expected actual } } }`;

function draft(input: object, key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($document: JSONObject, $yaml: String, $comment: String, $idempotencyKey: String) {
       draftRelease(document: $document, yaml: $yaml, comment: $comment, idempotencyKey: $idempotencyKey) ${RESULT} }`,
    { ...input },
    key,
  );
}
function publish(release: unknown): Promise<Answer> {
  return gateway.send(`mutation ($release: Int!) { publishRelease(release: $release) ${RESULT} }`, {
    release,
  });
}
function rollBack(to: unknown, reason = 'it was wrong'): Promise<Answer> {
  return gateway.send(
    `mutation ($to: Int, $reason: String!) { rollbackRelease(to: $to, reason: $reason) ${RESULT} }`,
    { to, reason },
  );
}
function withdraw(release: unknown, reason = 'not wanted'): Promise<Answer> {
  return gateway.send(
    `mutation ($release: Int!, $reason: String!) { withdrawRelease(release: $release, reason: $reason) ${RESULT} }`,
    { release, reason },
  );
}

/** The test catalog with something else in it. */
function catalogWith(parts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...CATALOG, ...parts };
}
function withFreeProjects(projects: number, more: Readonly<Record<string, unknown>> = {}) {
  const { plans } = structuredClone(CATALOG) as { plans: Record<string, { entitlements: object }> };
  const free = plans['free'];
  return catalogWith({
    plans: { ...plans, free: { ...free, entitlements: { ...free?.entitlements, projects } } },
    ...more,
  });
}
function codeOf(answer: Answer): [string | undefined, string | undefined] {
  return [answer.errors[0]?.extensions.code, answer.errors[0]?.extensions.field];
}
async function liveNumber(): Promise<unknown> {
  return (await gateway.send('{ catalog { number status } }')).get('catalog.number');
}
async function drafted(document: object): Promise<number> {
  return Number((await draft({ document })).get('draftRelease.release.number'));
}

test('a draft decides nothing, its publication at once, and its rollback takes it back', async () => {
  await newCustomer(gateway, 'ada', 'free');
  const before = await gateway.countEvents();
  const made = await draft({
    document: withFreeProjects(5, { existingSubscriptions: 'now' }),
    comment: 'more projects',
  });
  expect(made.errors).toEqual([]);
  expect(made.get('draftRelease.release')).toMatchObject({
    number: 2,
    base: 1,
    status: 'DRAFT',
    comment: 'more projects',
    publishedAt: null,
  });
  expect(made.get('draftRelease.preview')).toEqual({
    problems: [],
    scenarios: [],
    changes: [
      {
        path: '/existingSubscriptions',
        kind: 'ADDED',
        before: null,
        after: 'now',
        subscriptionsAffected: 0,
      },
      {
        path: '/plans/free/entitlements/projects',
        kind: 'CHANGED',
        before: 3,
        after: 5,
        subscriptionsAffected: 1,
      },
    ],
  });
  const ask = async () => (await check(gateway, { customerId: 'ada', feature: 'projects' })).get('check');
  expect(await ask()).toMatchObject({ limit: 3, release: 1 });

  const published = await publish(2);
  expect(published.get('publishRelease.release')).toMatchObject({ number: 2, status: 'LIVE' });
  expect(await ask()).toMatchObject({ limit: 5, release: 2 });
  const spent = await Promise.all(
    Array.from({ length: 6 }, () => consume(gateway, { customerId: 'ada', feature: 'projects' })),
  );
  expect(spent.filter((one) => one.get('consume.consumed') === 1)).toHaveLength(5);

  const back = await rollBack(null);
  expect(back.get('rollbackRelease.release')).toMatchObject({ number: 1, status: 'LIVE', reason: null });
  expect(await ask()).toMatchObject({ limit: 3, used: 5, allowed: false, release: 1 });
  const two = await gateway.send('{ catalogRelease(number: 2) { status reason } }');
  expect(two.get('catalogRelease')).toEqual({ status: 'RETIRED', reason: 'it was wrong' });
  const events = await gateway.send(
    '{ events(first: 100, types: ["release.drafted", "release.published", "release.rolled_back"]) { edges { node { type subjectId reason data } } } }',
  );
  expect(events.get('events.edges')).toMatchObject([
    { node: { type: 'release.published', subjectId: '1' } },
    { node: { type: 'release.drafted', subjectId: '2' } },
    {
      node: {
        type: 'release.published',
        subjectId: '2',
        data: { before: { number: 1, rulesVersion: 1 }, after: { number: 2, rulesVersion: 2 } },
      },
    },
    {
      node: {
        type: 'release.rolled_back',
        subjectId: '1',
        reason: 'it was wrong',
        data: { before: { number: 2, rulesVersion: 2 }, after: { number: 1, rulesVersion: 3 } },
      },
    },
  ]);
  expect(await gateway.countEvents()).toBeGreaterThan(before);
});

test('a document with errors makes no draft, and each problem has its place', async () => {
  const before = await gateway.countEvents();
  const yaml = [
    'catalog: 1',
    'name: Broken',
    'features: { sso: { type: boolean } }',
    'plans:',
    '  free: { model: subscription, entitlements: { nothing: 3 } }',
  ].join('\n');
  const refused = await draft({ yaml });
  expect(codeOf(refused)).toEqual(['BAD_USER_INPUT', 'yaml']);
  const problems = refused.errors[0]?.extensions.problems;
  expect(problems).toEqual([
    expect.objectContaining({ path: '/plans/free/entitlements/nothing', line: 5, severity: 'ERROR' }),
  ]);
  const previewed = await gateway.send(
    'query ($yaml: String) { previewCatalog(yaml: $yaml) { problems { path line column message severity } changes { path } } }',
    { yaml },
  );
  expect(previewed.get('previewCatalog')).toEqual({ problems, changes: [] });
  expect(await gateway.countEvents()).toBe(before);
});

test('a feature never changes its type, though it had been taken out meanwhile; its line says so', async () => {
  const { sso: _sso, ...features } = Object.fromEntries(Object.entries(CATALOG['features'] ?? {}));
  const asLimit = { ...features, sso: { type: 'limit' } };
  const plans = { free: { model: 'subscription', entitlements: { sso: 3 } } };
  const refused = await draft({
    document: catalogWith({ features: asLimit, plans, addOns: {}, transitions: [] }),
  });
  expect(codeOf(refused)).toEqual(['BAD_USER_INPUT', 'document']);
  expect(refused.errors[0]?.extensions.problems).toMatchObject([
    { path: '/features/sso/type', severity: 'ERROR' },
  ]);
  const without = catalogWith({
    features,
    plans: { free: { model: 'subscription' } },
    addOns: {},
    transitions: [],
  });
  await publish(await drafted(without));
  expect((await check(gateway, { customerId: 'ada', feature: 'sso' })).get('check.code')).toBe(
    'UNKNOWN_FEATURE',
  );
  const text = [
    'catalog: 1',
    'name: Gateway tests',
    'features:',
    '  sso:',
    '    type: limit',
    'plans: { free: { model: subscription } }',
  ].join('\n');
  const again = await draft({ yaml: text });
  expect(again.errors[0]?.extensions.problems).toMatchObject([{ path: '/features/sso/type', line: 5 }]);
  await rollBack(null);
});

const PROMISE = {
  name: 'free has three projects',
  given: { plan: 'free', usage: { projects: 2 } },
  check: { feature: 'projects' },
};

test('failing scenarios are shown and refuse the publication', async () => {
  const live = await liveNumber();
  const failing = { ...PROMISE, expect: { allowed: true, limit: 4 } };
  const made = await draft({ document: catalogWith({ scenarios: [failing] }) });
  expect(made.get('draftRelease.preview.scenarios')).toEqual([
    { name: PROMISE.name, passed: false, expected: failing.expect, actual: { allowed: true, limit: 3 } },
  ]);
  const refused = await publish(made.get('draftRelease.release.number'));
  expect(codeOf(refused)).toEqual(['BAD_USER_INPUT', 'release']);
  expect(refused.errors[0]?.message).toContain(PROMISE.name);
  expect(await liveNumber()).toBe(live);
  const kept = { ...PROMISE, expect: { allowed: true, limit: 3 } };
  const published = await publish(await drafted(catalogWith({ scenarios: [kept] })));
  expect(published.get('publishRelease.preview.scenarios')).toMatchObject([{ passed: true }]);
  await rollBack(live);
});

test('the base must be live: of two drafts on it one is published, also when both are at once', async () => {
  for (let round = 0; round < 5; round += 1) {
    const live = await liveNumber();
    const first = await drafted(withFreeProjects(10 + round));
    const second = await drafted(withFreeProjects(20 + round));
    const answers = await Promise.all([publish(first), publish(second)]);
    const codes = answers.map((answer) => answer.errors[0]?.extensions.code ?? 'published').sort();
    expect(codes).toEqual(['CONFLICT', 'published']);
    const loser = answers[0].errors.length === 0 ? second : first;
    expect(codeOf(await publish(loser))).toEqual(['CONFLICT', 'release']);
    // Its base is live again.
    await rollBack(live);
    expect((await publish(loser)).errors).toEqual([]);
    await rollBack(live);
  }
});

test('the same idempotency key drafts once; with another document it is CONFLICT', async () => {
  const idempotencyKey = newIdempotencyKey();
  const document = withFreeProjects(7);
  const answers = await Promise.all([
    draft({ document, idempotencyKey }),
    draft({ document, idempotencyKey }),
  ]);
  const [one, other] = answers.map((answer) => answer.get('draftRelease'));
  expect(one).toBeDefined();
  expect(other).toEqual(one);
  const number = Number(answers[0].get('draftRelease.release.number'));
  expect(codeOf(await draft({ document: withFreeProjects(8), idempotencyKey }))).toEqual([
    'CONFLICT',
    'idempotencyKey',
  ]);
  await withdraw(number);
  expect((await draft({ document, idempotencyKey })).get('draftRelease')).toEqual(one);
});

test('only a draft can be withdrawn, and what is withdrawn is not published', async () => {
  const live = await liveNumber();
  const number = await drafted(withFreeProjects(9));
  const gone = await withdraw(number, 'a slip');
  expect(gone.get('withdrawRelease.release')).toMatchObject({ number, status: 'REJECTED', reason: 'a slip' });
  const events = await gateway.countEvents();
  expect((await withdraw(number, 'again')).get('withdrawRelease.release')).toMatchObject({
    reason: 'a slip',
  });
  expect((await publish(live)).get('publishRelease.release')).toMatchObject({
    number: live,
    status: 'LIVE',
  });
  expect((await rollBack(live)).get('rollbackRelease.release')).toMatchObject({
    number: live,
    status: 'LIVE',
  });
  expect(codeOf(await publish(number))).toEqual(['CONFLICT', 'release']);
  expect(codeOf(await withdraw(live))).toEqual(['CONFLICT', 'release']);
  expect(codeOf(await rollBack(number))).toEqual(['CONFLICT', 'to']);
  expect(codeOf(await publish(2))).toEqual(['CONFLICT', 'release']);
  expect(await gateway.countEvents()).toBe(events);
});

test.each<[string, () => Promise<Answer>, string, string | undefined]>([
  ['publishing what is not there', () => publish(9999), 'NOT_FOUND', 'release'],
  ['withdrawing what is not there', () => withdraw(9999), 'NOT_FOUND', 'release'],
  ['rolling back to what is not there', () => rollBack(9999), 'NOT_FOUND', 'to'],
  ['rolling back the first release', () => rollBack(null, 'all is wrong'), 'CONFLICT', 'to'],
  ['rolling back without a reason', () => rollBack(null, ' '), 'BAD_USER_INPUT', 'reason'],
  ['withdrawing without a reason', () => withdraw(2, ''), 'BAD_USER_INPUT', 'reason'],
  ['a draft of nothing', () => draft({}), 'BAD_USER_INPUT', 'document'],
  ['a draft of two documents', () => draft({ document: CATALOG, yaml: 'a: 1' }), 'BAD_USER_INPUT', 'yaml'],
  [
    'an empty key',
    () => draft({ document: CATALOG, idempotencyKey: '' }),
    'BAD_USER_INPUT',
    'idempotencyKey',
  ],
  [
    'a text that no database keeps',
    () => draft({ document: catalogWith({ name: 'a\ud800b' }) }),
    'BAD_USER_INPUT',
    'document',
  ],
  ['YAML that is none', () => draft({ yaml: '{' }), 'BAD_USER_INPUT', 'yaml'],
  [
    'a list from nowhere',
    () => gateway.send('{ catalogReleases(after: "x") { edges { cursor } } }'),
    'BAD_USER_INPUT',
    'after',
  ],
])('%s changes nothing and says why', async (_name, ask, code, field) => {
  const before = await gateway.countEvents();
  expect(codeOf(await ask())).toEqual([code, field]);
  expect(await gateway.countEvents()).toBe(before);
});

test('releases are listed newest first, page by page and by status', async () => {
  const all = await gateway.send(
    '{ catalogReleases(first: 100) { edges { node { number status } } } catalogRelease(number: 9999) { number } }',
  );
  const edges = all.get('catalogReleases.edges');
  if (!Array.isArray(edges)) throw new Error('no edges');
  const numbers = edges.map((_, index) =>
    Number(all.get(`catalogReleases.edges.${String(index)}.node.number`)),
  );
  expect(numbers).toEqual(numbers.map((_, index) => numbers.length - index));
  expect(all.get('catalogRelease')).toBeNull();
  const page = await gateway.send(
    '{ catalogReleases(first: 2) { edges { node { number } } pageInfo { endCursor hasNextPage } } }',
  );
  const next = await gateway.send(
    'query ($after: Cursor) { catalogReleases(first: 1, after: $after) { edges { node { number } } } }',
    { after: page.text('catalogReleases.pageInfo.endCursor') },
  );
  expect(next.get('catalogReleases.edges.0.node.number')).toBe(numbers[2]);
  const live = await gateway.send('{ catalogReleases(status: LIVE) { edges { node { number } } } }');
  expect(live.get('catalogReleases.edges')).toEqual([{ node: { number: await liveNumber() } }]);
});

test('releases are changed by operators whose key is for all customers', async () => {
  const document = withFreeProjects(11);
  for (const role of ['READER', 'SERVICE']) {
    const { secret } = await gateway.newKey({ role });
    expect(codeOf(await draft({ document }, secret))[0]).toBe('FORBIDDEN');
    const preview =
      'query ($document: JSONObject) { previewCatalog(document: $document) { changes { path } } }';
    expect((await gateway.send(preview, { document }, secret)).errors).toEqual([]);
  }
  const narrowed = await gateway.newKey({ role: 'OPERATOR', customerIds: ['ada'] });
  expect(codeOf(await draft({ document }, narrowed.secret))[0]).toBe('FORBIDDEN');
  const operator = await gateway.newKey({ role: 'OPERATOR' });
  expect((await draft({ document }, operator.secret)).errors).toEqual([]);
});

test('a publication tells subscribers what it changes for their customer, and its event says by what', async () => {
  await newCustomer(gateway, 'watched', 'free');
  const socket = gateway.socket();
  const stream = socket.iterate({
    query: `subscription { entitlementsChanged(customerId: "watched") {
      changed cause { type subjectId } entitlements { release entitlements { feature limit } } } }`,
  });
  await stream.next();
  const number = await drafted(withFreeProjects(33, { existingSubscriptions: 'now' }));
  await publish(number);
  const { value }: { value?: unknown } = await stream.next();
  expect(at(value, 'data.entitlementsChanged')).toMatchObject({
    changed: ['projects'],
    cause: { type: 'release.published', subjectId: String(number) },
    entitlements: { release: number },
  });
  await rollBack(null);
  const { value: back }: { value?: unknown } = await stream.next();
  expect(at(back, 'data.entitlementsChanged')).toMatchObject({
    changed: ['projects'],
    cause: { type: 'release.rolled_back', subjectId: '1' },
    entitlements: { release: 1 },
  });
  await socket.dispose();
});
