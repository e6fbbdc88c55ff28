import { newCustomer } from './customers.js';
import { type Answer, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

const RULED = `
catalog: 1
name: Ruled
features:
  api-calls: { type: metered, window: P1M }
  hosting: { type: boolean }
  beta: { type: boolean }
plans:
  free:
    model: subscription
    entitlements: { api-calls: 10 }
    rules:
      - { name: EU only, feature: hosting, when: customer.attributes.country == "DE", then: allow }
      - { name: testers, feature: beta, when: context.tester, then: allow }
      - { name: express, feature: api-calls, when: has(context.lane) && context.lane == "express", then: { limit: 20 } }
`;
const PREVIEW = '{ problems { path line column message severity } }';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const drafted = await gateway.send(
    'mutation ($yaml: String!) { draftRelease(yaml: $yaml) { release { number } } }',
    { yaml: RULED },
  );
  await gateway.send('mutation ($release: Int!) { publishRelease(release: $release) { revision } }', {
    release: drafted.get('draftRelease.release.number'),
  });
  await newCustomer(gateway, 'ada', 'free');
});
afterAll(() => gateway.close());

const check = (feature: string, context?: unknown, quantity = 1): Promise<Answer> =>
  gateway.send('query ($input: CheckInput!) { check(input: $input) { allowed code message limit } }', {
    input: { customerId: 'ada', feature, quantity, ...(context === undefined ? {} : { context }) },
  });

test('a fact of the request decides, in both lanes and through a customer', async () => {
  // The third visit of a document is compiled; each request is answered for itself.
  for (const [context, code] of [
    [{ tester: true }, 'ENTITLED'],
    [{ tester: false }, 'CONDITION_NOT_MET'],
    [{ tester: true }, 'ENTITLED'],
    [undefined, 'CONDITION_NOT_MET'],
    [{ tester: true }, 'ENTITLED'],
  ] as const)
    expect((await check('beta', context)).get('check.code')).toBe(code);
  const through = await gateway.send(
    'query ($context: JSONObject) { customer(id: "ada") { check(feature: "beta", context: $context) { code } entitlements { entitlements { feature code } } } }',
    { context: { tester: true } },
  );
  expect(through.get('customer.check.code')).toBe('ENTITLED');
  expect(through.get('customer.entitlements.entitlements')).toContainEqual({
    feature: 'beta',
    code: 'CONDITION_NOT_MET',
  });
});

test('a denial names the fact that is missing, and is an allowance once it is there', async () => {
  const before = await check('hosting');
  expect(before.get('check')).toMatchObject({ allowed: false, code: 'CONDITION_NOT_MET' });
  expect(before.text('check.message')).toMatch(/^`customer.attributes.country` is missing/);
  const told = await gateway.send(
    'mutation { upsertCustomer(input: { id: "ada", attributes: { country: "DE" } }) { revision } }',
  );
  const after = await gateway.send('query ($input: CheckInput!) { check(input: $input) { allowed code } }', {
    input: { customerId: 'ada', feature: 'hosting', atLeast: told.text('upsertCustomer.revision') },
  });
  expect(after.get('check')).toEqual({ allowed: true, code: 'ENTITLED' });
});

test('a spend is held to what its own request is given', async () => {
  const consume = (quantity: number, context?: object): Promise<Answer> =>
    gateway.send(
      'mutation ($input: ConsumeInput!) { consume(input: $input) { consumed decision { code limit used } } }',
      {
        input: {
          customerId: 'ada',
          feature: 'api-calls',
          quantity,
          context,
          idempotencyKey: newIdempotencyKey(),
        },
      },
    );
  expect((await consume(10)).get('consume.decision')).toMatchObject({ code: 'ENTITLED', limit: 10 });
  expect((await consume(1)).get('consume.decision.code')).toBe('LIMIT_EXCEEDED');
  expect((await consume(10, { lane: 'express' })).get('consume.decision')).toEqual({
    code: 'ENTITLED',
    limit: 20,
    used: 20,
  });
  expect((await consume(1, { lane: 'express' })).get('consume.decision.code')).toBe('LIMIT_EXCEEDED');
});

test('facts beyond 65,536 characters are refused, and the field is named', async () => {
  const { errors } = await check('beta', { text: 'x'.repeat(70_000) });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'input.context' } }]);
});

test('what is wrong with a condition is told where it stands in it', async () => {
  const yaml = RULED.replace('context.tester', 'contxt.tester');
  const answer = await gateway.send(`query ($yaml: String!) { previewCatalog(yaml: $yaml) ${PREVIEW} }`, {
    yaml,
  });
  expect(answer.get('previewCatalog.problems')).toEqual([
    {
      path: '/plans/free/rules/1/when',
      line: 14,
      column: 47,
      message: 'there is no `contxt`; did you mean `context`?',
      severity: 'ERROR',
    },
  ]);
});
