import { newCustomer } from './customers.js';
import { at, newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
  await newCustomer(gateway, 'ada', 'free');
});
afterEach(async () => {
  await gateway.close();
});

const DECISION =
  '{ id allowed code message customerId feature limit used reserved remaining sources { id } release revision asOf }';

/** Everything on record, newest first. */
async function log(variables: Record<string, unknown> = {}): Promise<unknown[]> {
  await gateway.services.decisions.settled();
  const answer = await gateway.send(
    `query ($id: ID, $code: DecisionCode) { decisions(id: $id, code: $code) { edges { node { operation input at actor { kind id } decision ${DECISION} } } } }`,
    variables,
  );
  expect(answer.errors).toEqual([]);
  const edges = answer.get('decisions.edges');
  return Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node')) : [];
}

async function run(
  query: string,
  variables: Record<string, unknown> = {},
  key?: string | null,
): Promise<Answer> {
  const answer = await gateway.send(query, variables, key);
  expect(answer.errors).toEqual([]);
  return answer;
}

test('each spend is on record with what it was asked for and the counters as it left them', async () => {
  const consume = `mutation ($input: ConsumeInput!) { consume(input: $input) { decision ${DECISION} } }`;
  const input = {
    ...{ customerId: 'ada', feature: 'projects', quantity: 1, context: { why: 'x' } },
    ...{ memberId: 'ann', fingerprint: 'AA-1' },
  };
  const keyed = { ...input, idempotencyKey: 'the key of a client' };
  const first = await run(consume, { input: keyed });
  const again = await run(consume, { input: keyed });
  const many = await run(
    `mutation ($inputs: [ConsumeInput!]!) { consumeMany(inputs: $inputs) { decision ${DECISION} } }`,
    {
      inputs: [1, 99].map((quantity) => ({
        customerId: 'ada',
        feature: 'projects',
        quantity,
        idempotencyKey: newIdempotencyKey(),
      })),
    },
  );
  const back = await run(
    `mutation { releaseUsage(input: { customerId: "ada", feature: "projects", idempotencyKey: "back" }) { decision ${DECISION} } }`,
  );
  const logged = await log();
  expect(logged).toHaveLength(5);
  const of = (id: unknown): unknown[] => logged.filter((node) => at(node, 'decision.id') === id);
  // The first answer, given twice: two attempts, one decision.
  expect(again.get('consume.decision.id')).toBe(first.get('consume.decision.id'));
  expect(
    of(first.get('consume.decision.id'))
      .map((node) => at(node, 'input'))
      .reverse(),
  ).toEqual([
    { ...input, replayed: false },
    { ...input, replayed: true },
  ]);
  for (const [operation, decision] of [
    ['consume', first.get('consume.decision')],
    ['consumeMany', many.get('consumeMany.0.decision')],
    ['consumeMany', many.get('consumeMany.1.decision')],
    ['releaseUsage', back.get('releaseUsage.decision')],
  ] as const)
    expect(of(at(decision, 'id'))[0]).toMatchObject({ operation, decision });
  expect(at(many.get('consumeMany.1.decision'), 'code')).toBe('LIMIT_EXCEEDED');
  expect(JSON.stringify(logged)).not.toContain('the key of a client');
});

test('a reservation is on record as it is made, committed and released', async () => {
  const reserve = (key: string): Promise<Answer> =>
    run(
      `mutation { reserve(input: { customerId: "ada", feature: "projects", quantity: 1, ttl: "PT1M", idempotencyKey: "${key}" }) { reservation { id } decision ${DECISION} } }`,
    );
  const [one, other] = [await reserve('one'), await reserve('other')];
  const oneId = one.text('reserve.reservation.id');
  const otherId = other.text('reserve.reservation.id');
  await run(`mutation { commitReservation(reservationId: "${oneId}") { consumed } }`);
  await run(`mutation { releaseReservation(reservationId: "${otherId}") { revision } }`);
  const logged = await log();
  const asked = { customerId: 'ada', feature: 'projects' };
  const facts = { context: null, memberId: null, fingerprint: null };
  const reserved = { ...facts, quantity: 1, ttl: 'PT1M', replayed: false };
  expect(logged.map((node) => [at(node, 'operation'), at(node, 'input')])).toEqual([
    ['releaseReservation', { ...asked, quantity: 0, reservationId: otherId, replayed: false }],
    ['commitReservation', { ...asked, quantity: 1, reservationId: oneId, replayed: false }],
    ['reserve', { ...asked, ...reserved }],
    ['reserve', { ...asked, ...reserved }],
  ]);
  expect(at(logged[3], 'decision')).toEqual(one.get('reserve.decision'));
});

test('a quota lease is on record as it is asked for and returned', async () => {
  await newCustomer(gateway, 'lea', 'pro');
  const made = await run(
    `mutation { leaseQuota(input: { customerId: "lea", feature: "projects", quantity: 2, ttl: "PT1M", idempotencyKey: "lea" }) { lease { id } decision ${DECISION} } }`,
  );
  const id = made.text('leaseQuota.lease.id');
  await run(`mutation { returnQuota(leaseId: "${id}", spent: 1) { consumed } }`);
  const logged = (await log()).slice(0, 2);
  const asked = { customerId: 'lea', feature: 'projects' };
  const facts = { context: null, memberId: null, fingerprint: null };
  expect(logged.map((node) => [at(node, 'operation'), at(node, 'input')])).toEqual([
    ['returnQuota', { ...asked, quantity: 1, leaseId: id, replayed: false }],
    ['leaseQuota', { ...asked, ...facts, quantity: 2, ttl: 'PT1M', replayed: false }],
  ]);
  expect(at(logged[1], 'decision')).toEqual(made.get('leaseQuota.decision'));
});

test('seats are on record as they are asked for and given back', async () => {
  await newCustomer(gateway, 'cy', 'pro');
  const seat = { customerId: 'cy', feature: 'editors', memberId: 'ann' };
  const assigned = await run(
    `mutation ($input: SeatInput!) { assignSeat(input: $input) { decision ${DECISION} } }`,
    { input: seat },
  );
  await run('mutation ($input: SeatInput!) { releaseSeat(input: $input) { revision } }', { input: seat });
  const logged = await log();
  expect(logged.map((node) => [at(node, 'operation'), at(node, 'input')])).toEqual([
    ['releaseSeat', seat],
    ['assignSeat', { ...seat, fingerprint: null }],
  ]);
  expect(at(logged[1], 'decision')).toEqual(assigned.get('assignSeat.decision'));
});

test('a validation is on record by itself and for each feature, without the key that was shown', async () => {
  const issued = await run(
    'mutation { issueLicense(input: { customerId: "ada", plan: "boxed", idempotencyKey: "boxed" }) { key license { id } } }',
  );
  const key = issued.text('issueLicense.key');
  const licenseId = issued.text('issueLicense.license.id');
  const validate = `mutation ($input: ValidateLicenseInput!) { validateLicense(input: $input) { valid code decisions { id } } }`;
  const asked = {
    key,
    features: ['sso'],
    memberId: 'ann',
    fingerprint: 'studio',
    components: ['a board'],
    productVersion: '1.0',
  };
  const valid = await run(validate, { input: asked }, null);
  const logged = await log();
  expect(logged).toHaveLength(2);
  expect(new Set(logged.map((node) => at(node, 'decision.feature')))).toEqual(new Set(['', 'sso']));
  for (const node of logged)
    expect(node).toMatchObject({
      operation: 'validateLicense',
      input: { licenseId, memberId: 'ann', fingerprint: 'studio', productVersion: '1.0' },
    });
  const itself = logged.find((node) => at(node, 'decision.feature') === '');
  expect(itself).toMatchObject({
    decision: { allowed: valid.get('validateLicense.valid'), code: valid.get('validateLicense.code') },
  });
  // Opened by nothing: of the tenant whose API key asks.
  const unknown = await run(
    `mutation { validateLicense(input: { key: "2TYB-2TYB", features: ["sso"] }) { decisions ${DECISION} } }`,
  );
  expect(await log({ code: 'UNKNOWN_LICENSE' })).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ decision: unknown.get('validateLicense.decisions.0') }),
      expect.objectContaining({ input: expect.objectContaining({ licenseId: null, features: [] }) }),
    ]),
  );
  expect(JSON.stringify(await log())).not.toMatch(new RegExp(`${key}|a board|2TYB`));
});

test('a machine and an explanation are on record, and their decisions are found by their ids', async () => {
  const issued = await run(
    'mutation { issueLicense(input: { customerId: "ada", plan: "boxed", idempotencyKey: "boxed" }) { license { id } } }',
  );
  const input = { licenseId: issued.text('issueLicense.license.id'), fingerprint: 'studio' };
  const activated = await run(
    `mutation ($input: ActivateMachineInput!) { activateMachine(input: $input) { decision ${DECISION} } }`,
    { input },
  );
  const unknown = await run(
    `mutation { activateMachine(input: { licenseId: "none", fingerprint: "studio" }) { decision ${DECISION} } }`,
  );
  const explained = await run(
    `{ explain(input: { customerId: "ada", feature: "projects" }) { decision ${DECISION} } }`,
  );
  for (const [operation, decision] of [
    ['activateMachine', activated.get('activateMachine.decision')],
    ['activateMachine', unknown.get('activateMachine.decision')],
    ['explain', explained.get('explain.decision')],
  ] as const)
    expect(await log({ id: at(decision, 'id') })).toMatchObject([{ operation, decision }]);
});

test('`strict` answers when it is on record: nobody has to wait to read it', async () => {
  const strict = await startTestGateway({ decisionLog: 'strict' });
  try {
    await newCustomer(strict, 'ada', 'free');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        strict.send('{ check(input: { customerId: "ada", feature: "projects" }) { id } }'),
      ),
    );
    const answer = await strict.send(
      '{ decisions(first: 100, feature: "projects") { edges { node { decision { id } } } } }',
    );
    const edges = answer.get('decisions.edges');
    const ids = Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node.decision.id')) : [];
    expect(new Set(ids)).toEqual(new Set(answers.map((one) => one.get('check.id'))));
  } finally {
    await strict.close();
  }
});

test('`strict` gives no answer that it cannot put on record; `async` answers all the same', async () => {
  const strict = await startTestGateway({ decisionLog: 'strict' });
  try {
    const ask = '{ check(input: { customerId: "ada", feature: "projects" }) { id } }';
    for (const one of [strict, gateway]) {
      await newCustomer(one, 'bea', 'free');
      await one.send(ask);
      await one.services.decisions.settled();
      await one.services.db.recorder.end();
    }
    const refused = await strict.send(ask);
    expect(refused.get('check')).toBeUndefined();
    expect(refused.errors[0]?.extensions.code).toBe('UNAVAILABLE');
    expect((await gateway.send(ask)).errors).toEqual([]);
  } finally {
    await strict.close();
  }
});
