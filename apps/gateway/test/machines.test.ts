import { CATALOG } from './catalog.js';
import { check } from './customers.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

const MACHINES = {
  catalog: 1,
  name: 'Machines',
  features: { cad: { type: 'boolean' }, renders: { type: 'limit' } },
  plans: {
    desk: {
      model: 'perpetual',
      machines: { limit: 2, match: 'two', deactivations: 1, per: 'P30D' },
      entitlements: { cad: true, renders: 5 },
    },
    turns: { model: 'perpetual', machines: { limit: 9, atOnce: 1 }, entitlements: { cad: true } },
    free: { model: 'perpetual', entitlements: { cad: true } },
  },
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await publish(gateway, { ...CATALOG, ...MACHINES, transitions: [], rules: [], addOns: {}, scenarios: [] });
});
afterAll(async () => {
  await gateway.close();
});

async function issue(customerId: string, plan: string): Promise<string> {
  await gateway.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', {
    id: customerId,
  });
  const issued = await gateway.send(
    'mutation ($input: IssueLicenseInput!) { issueLicense(input: $input) { license { id } } }',
    { input: { customerId, plan, idempotencyKey: newIdempotencyKey() } },
  );
  return issued.text('issueLicense.license.id');
}

const RESULT = `{ revision
  decision { id allowed code message customerId feature limit used remaining validUntil release revision asOf stale
    sources { kind id key } }
  machine { id fingerprint components name activatedAt lastSeenAt inUseUntil } }`;
const ACTIVATE = `mutation ($input: ActivateMachineInput!) { activateMachine(input: $input) ${RESULT} }`;
const DEACTIVATE = `mutation ($input: MachineInput!) { deactivateMachine(input: $input) ${RESULT} }`;
const HEARTBEAT = `mutation ($input: MachineInput!, $ttl: Duration) {
  heartbeatMachine(input: $input, ttl: $ttl) ${RESULT} }`;

const activate = (input: object, key?: string): Promise<Answer> => gateway.send(ACTIVATE, { input }, key);
const deactivate = (input: object, key?: string): Promise<Answer> => gateway.send(DEACTIVATE, { input }, key);
function heartbeat(input: object, ttl?: string, key?: string): Promise<Answer> {
  return gateway.send(HEARTBEAT, { input, ...(ttl === undefined ? {} : { ttl }) }, key);
}
function machinesOf(id: string, page = ''): Promise<Answer> {
  return gateway.send(
    `query ($id: ID!) { license(id: $id) { machineLimit machines${page} { totalCount pageInfo { hasNextPage endCursor }
       edges { cursor node { id fingerprint name inUseUntil } } } } }`,
    { id },
  );
}
function explain(input: object): Promise<Answer> {
  return gateway.send(
    `query ($input: CheckInput!) { explain(input: $input) { decision { code } reasons { code }
       remedies { kind plan availableAt } since { type data } } }`,
    { input },
  );
}
function refusalOf({ errors }: Answer): unknown {
  return errors.map(({ extensions: { code, field } }) => [code, field ?? null]);
}

test('a machine is activated, checked by its fingerprint on the same revision, listed, and given back', async () => {
  const licenseId = await issue('ada', 'desk');
  const made = await activate({ licenseId, fingerprint: 'm-1', name: 'studio' });
  expect(made.errors).toEqual([]);
  expect(made.get('activateMachine.decision')).toMatchObject({
    ...{ allowed: true, code: 'ENTITLED', message: 'allowed', customerId: 'ada', feature: '' },
    ...{ limit: 2, used: 1, remaining: 1, validUntil: null, release: 2, stale: false },
    revision: made.get('activateMachine.revision'),
    sources: [{ kind: 'LICENSE', id: licenseId, key: 'desk' }],
  });
  const atLeast = made.text('activateMachine.revision');
  const codeOf = async (asked: object) =>
    (await check(gateway, { customerId: 'ada', feature: 'cad', atLeast, ...asked })).get('check.code');
  expect(await codeOf({ fingerprint: 'm-1' })).toBe('ENTITLED');
  expect(await codeOf({ fingerprint: 'm-2' })).toBe('NOT_ACTIVATED');
  expect(await codeOf({})).toBe('NOT_ACTIVATED');
  expect((await machinesOf(licenseId)).get('license')).toMatchObject({
    machineLimit: 2,
    machines: { totalCount: 1, edges: [{ node: { fingerprint: 'm-1', name: 'studio', inUseUntil: null } }] },
  });
  const machineId = made.text('activateMachine.machine.id');
  const gone = await deactivate({ licenseId, machineId });
  expect(gone.get('deactivateMachine')).toMatchObject({
    decision: { allowed: true, code: 'DONE', used: 0 },
    machine: { id: machineId, fingerprint: 'm-1' },
  });
  expect((await deactivate({ licenseId, machineId })).get('deactivateMachine')).toMatchObject({
    decision: { allowed: true, code: 'DONE' },
    machine: null,
  });
});

test('a machine is not activated with the components of another one, which stay told apart', async () => {
  const licenseId = await issue('mixed', 'desk');
  await activate({ licenseId, fingerprint: 'm-1', components: ['board-1', 'disk-1'] });
  await activate({ licenseId, fingerprint: 'm-2', components: ['board-2', 'disk-2'] });
  const before = await machinesOf(licenseId);
  const mixed = await activate({ licenseId, fingerprint: 'm-1', components: ['disk-2', 'board-2'] });
  expect(refusalOf(mixed)).toEqual([['CONFLICT', 'input.components']]);
  expect(mixed.errors[0]?.message).toContain('deactivate that one, or leave the components out');
  expect((await machinesOf(licenseId)).get('license')).toEqual(before.get('license'));
  const known = await activate({ licenseId, components: ['board-2', 'disk-2'] });
  expect(known.get('activateMachine.machine.fingerprint')).toBe('m-2');
});

test('a spend that names no machine is given nothing by a licence that is bound to machines', async () => {
  const licenseId = await issue('spender', 'desk');
  await activate({ licenseId, fingerprint: 'm-1' });
  const spend = async (asked: object): Promise<unknown> => {
    const idempotencyKey = newIdempotencyKey();
    const spent = await gateway.send(
      'mutation ($input: ConsumeInput!) { consume(input: $input) { consumed decision { code } } }',
      { input: { customerId: 'spender', feature: 'renders', idempotencyKey, ...asked } },
    );
    return spent.get('consume');
  };
  expect(await spend({})).toEqual({ consumed: 0, decision: { code: 'NOT_ACTIVATED' } });
  expect(await spend({ fingerprint: 'm-1' })).toEqual({ consumed: 1, decision: { code: 'ENTITLED' } });
});

test('a machine may name its parts alone, and is known again by enough of them', async () => {
  const licenseId = await issue('bob', 'desk');
  const made = await activate({ licenseId, components: ['board', 'disk', 'nic'] });
  expect(made.get('activateMachine.machine.components')).toHaveLength(3);
  expect(JSON.stringify(made.get('activateMachine'))).not.toContain('board');
  const former = made.text('activateMachine.machine.fingerprint');
  const repaired = await activate({ licenseId, components: ['disk', 'board', 'new nic'] });
  expect(repaired.get('activateMachine')).toMatchObject({
    decision: { used: 1 },
    machine: { id: made.get('activateMachine.machine.id') },
  });
  const fingerprint = repaired.text('activateMachine.machine.fingerprint');
  const cleared = await activate({ licenseId, fingerprint, name: null });
  expect(cleared.get('activateMachine.machine')).toMatchObject({ name: null });
  const asked = { customerId: 'bob', feature: 'cad', atLeast: repaired.text('activateMachine.revision') };
  expect((await check(gateway, { ...asked, fingerprint })).get('check.code')).toBe('ENTITLED');
  expect((await check(gateway, { ...asked, fingerprint: former })).get('check.code')).toBe('NOT_ACTIVATED');
});

test('machines beyond the limit, and deactivations beyond theirs, are denied with what to do', async () => {
  const licenseId = await issue('cy', 'desk');
  for (const fingerprint of ['m-1', 'm-2']) await activate({ licenseId, fingerprint });
  const over = await activate({ licenseId, fingerprint: 'm-3' });
  expect(over.errors).toEqual([]);
  expect(over.get('activateMachine')).toMatchObject({
    decision: {
      allowed: false,
      code: 'MACHINE_LIMIT_EXCEEDED',
      message: expect.stringContaining('deactivate one'),
    },
    machine: null,
  });
  await deactivate({ licenseId, fingerprint: 'm-1' });
  const denied = await deactivate({ licenseId, fingerprint: 'm-2' });
  expect(denied.get('deactivateMachine')).toMatchObject({
    decision: {
      ...{ allowed: false, code: 'DEACTIVATION_LIMIT_EXCEEDED', validUntil: expect.any(String) },
      message: expect.stringContaining('machineLimit'),
    },
    machine: { fingerprint: 'm-2' },
  });
});

test('machines take turns: the second waits until the first has gone, and is told why', async () => {
  const licenseId = await issue('dan', 'turns');
  for (const fingerprint of ['m-1', 'm-2']) await activate({ licenseId, fingerprint });
  const taken = await heartbeat({ licenseId, fingerprint: 'm-1' });
  const minutes = (text: unknown) => (Date.parse(String(text)) - Date.parse(String(at(taken)))) / 60_000;
  const at = (answer: Answer) => answer.get('heartbeatMachine.machine.lastSeenAt');
  expect(minutes(taken.get('heartbeatMachine.machine.inUseUntil'))).toBe(10);
  const waits = await heartbeat({ licenseId, fingerprint: 'm-2' }, 'PT1M');
  expect(waits.get('heartbeatMachine')).toMatchObject({
    decision: {
      ...{ allowed: false, code: 'MACHINE_IN_USE' },
      validUntil: taken.get('heartbeatMachine.machine.inUseUntil'),
    },
    machine: { fingerprint: 'm-2', inUseUntil: null },
  });
  const renewed = await heartbeat({ licenseId, fingerprint: 'm-1' }, 'PT24H');
  const until = renewed.get('heartbeatMachine.machine.inUseUntil');
  const asked = {
    ...{ customerId: 'dan', feature: 'cad', fingerprint: 'm-2' },
    atLeast: renewed.text('heartbeatMachine.revision'),
  };
  // A renewal is not listed, and reaches what gateways keep all the same.
  expect((await check(gateway, asked)).get('check')).toMatchObject({
    code: 'MACHINE_IN_USE',
    validUntil: until,
  });
  expect((await explain(asked)).get('explain')).toMatchObject({
    reasons: [{ code: 'MACHINE_IN_USE' }],
    remedies: [{ kind: 'WAIT', availableAt: until }],
    since: { type: 'machine.place_taken', data: { license: licenseId, before: { inUseUntil: null } } },
  });
  const gone = await deactivate({ licenseId, fingerprint: 'm-1' });
  const now = { ...asked, atLeast: gone.text('deactivateMachine.revision') };
  expect((await explain(now)).get('explain')).toMatchObject({
    decision: { code: 'ENTITLED' },
    since: { type: 'machine.deactivated', data: { after: null } },
  });
  const events = await gateway.send('{ events(customerId: "dan", first: 100) { edges { node { type } } } }');
  expect(JSON.stringify(events.get('events'))).toContain('machine.place_taken');
  expect(JSON.stringify(events.get('events'))).not.toContain('machine.seen');
});

test('a machine that is not activated is told so, and that it can be', async () => {
  const licenseId = await issue('eve', 'desk');
  const asked = { customerId: 'eve', feature: 'cad', fingerprint: 'm-1' };
  expect((await explain(asked)).get('explain')).toMatchObject({
    reasons: [{ code: 'NOT_ACTIVATED' }],
    remedies: [{ kind: 'ACTIVATE_MACHINE', plan: 'desk' }],
    since: { type: 'license.started' },
  });
  const made = await activate({ licenseId, fingerprint: 'm-1' });
  const atLeast = made.text('activateMachine.revision');
  expect((await explain({ ...asked, atLeast })).get('explain')).toMatchObject({
    decision: { code: 'ENTITLED' },
    since: { type: 'machine.activated' },
  });
});

test('a licence that is not there, or of another tenant, or no id at all, is an unknown one', async () => {
  const none = { allowed: false, code: 'UNKNOWN_LICENSE' };
  for (const licenseId of ['lic_none', 'sub_1', '']) {
    const named = { licenseId, fingerprint: 'm-1' };
    expect((await activate(named)).get('activateMachine.decision')).toMatchObject(none);
    expect((await deactivate(named)).get('deactivateMachine.decision')).toMatchObject(none);
    expect((await heartbeat(named)).get('heartbeatMachine.decision')).toMatchObject(none);
  }
  expect(
    (await activate({ licenseId: 'lic_none', fingerprint: 'm-1' })).get('activateMachine'),
  ).toMatchObject({
    decision: { allowed: false, code: 'UNKNOWN_LICENSE', customerId: '', feature: '', sources: [] },
    machine: null,
  });
});

test('bad input names the field and writes nothing', async () => {
  const licenseId = await issue('fay', 'desk');
  const turns = await issue('fay', 'turns');
  const free = await issue('fay', 'free');
  await activate({ licenseId: turns, fingerprint: 'm-1' });
  const before = await gateway.countEvents();
  const long = 'x'.repeat(256);
  const asked: [Promise<Answer>, string][] = [
    [activate({ licenseId }), 'input.fingerprint'],
    [activate({ licenseId, components: [] }), 'input.components'],
    [activate({ licenseId, fingerprint: 'known', components: [] }), 'input.components'],
    [activate({ licenseId, fingerprint: '' }), 'input.fingerprint'],
    [activate({ licenseId, fingerprint: long }), 'input.fingerprint'],
    [activate({ licenseId, fingerprint: 'a\0b' }), 'input.fingerprint'],
    [activate({ licenseId, components: ['a', ''] }), 'input.components.1'],
    [activate({ licenseId, components: [long] }), 'input.components.0'],
    [activate({ licenseId, components: Array.from({ length: 33 }, String) }), 'input.components'],
    [activate({ licenseId, fingerprint: 'm-1', name: 'x'.repeat(1001) }), 'input.name'],
    [activate({ licenseId, fingerprint: 'm-1', name: '\ud800' }), 'input.name'],
    [activate({ licenseId: free, fingerprint: 'm-1' }), 'input.licenseId'],
    [deactivate({ licenseId: free, fingerprint: 'm-1' }), 'input.licenseId'],
    [deactivate({ licenseId }), 'input.fingerprint'],
    [deactivate({ licenseId, fingerprint: 'm-1', machineId: 'mach_1' }), 'input.fingerprint'],
    [deactivate({ licenseId, fingerprint: '' }), 'input.fingerprint'],
    [heartbeat({ licenseId: turns }), 'input.fingerprint'],
    [heartbeat({ licenseId: turns, fingerprint: 'm-1' }, 'PT24H0.001S'), 'ttl'],
    [heartbeat({ licenseId: turns, fingerprint: 'm-1' }, 'P2D'), 'ttl'],
    [heartbeat({ licenseId: free, fingerprint: 'm-1' }), 'input.licenseId'],
    [check(gateway, { customerId: 'fay', feature: 'cad', fingerprint: '' }), 'input.fingerprint'],
    [check(gateway, { customerId: 'fay', feature: 'cad', fingerprint: long }), 'input.fingerprint'],
    [machinesOf(licenseId, '(first: 0)'), 'first'],
    [machinesOf(licenseId, '(after: "x")'), 'after'],
  ];
  for (const [answer, field] of asked) expect(refusalOf(await answer)).toEqual([['BAD_USER_INPUT', field]]);
  expect(await gateway.countEvents()).toBe(before);
});

test.each([
  ['PT0.0001S', /too short.*at least `PT0\.001S`/],
  ['PT24H0.001S', /too long.*at most `PT24H`/],
  ['P1000000Y', /too long.*at most `PT24H`/],
])('a heartbeat for %s is refused, and what is wrong with the time is said', async (ttl, message) => {
  const { errors } = await heartbeat({ licenseId: 'lic_1', fingerprint: 'm-1' }, ttl);
  expect(errors).toMatchObject([{ message: expect.stringMatching(message), extensions: { field: 'ttl' } }]);
});

test('machines are a matter of services: readers list them, and narrowed keys reach their own alone', async () => {
  const licenseId = await issue('gus', 'desk');
  const reader = (await gateway.newKey({ role: 'READER' })).secret;
  const narrowed = (await gateway.newKey({ role: 'SERVICE', customerIds: ['gus'] })).secret;
  const stranger = (await gateway.newKey({ role: 'SERVICE', customerIds: ['ada'] })).secret;
  const named = { licenseId, fingerprint: 'm-1' };
  for (const key of [reader, stranger])
    for (const answer of [
      await activate(named, key),
      await deactivate(named, key),
      await heartbeat(named, undefined, key),
    ])
      expect(refusalOf(answer)).toEqual([['FORBIDDEN', null]]);
  expect((await activate(named, narrowed)).get('activateMachine.decision.allowed')).toBe(true);
  // As another customer's: nobody learns what others have.
  for (const licenseId of ['lic_none', 'none'])
    expect((await activate({ ...named, licenseId }, narrowed)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  const listed = await gateway.send(
    'query ($id: ID!) { license(id: $id) { machines { totalCount } } }',
    { id: licenseId },
    reader,
  );
  expect(listed.get('license.machines.totalCount')).toBe(1);
});

test('pages of machines go on where they ended', async () => {
  const licenseId = await issue('hal', 'turns');
  for (const fingerprint of ['m-1', 'm-2', 'm-3']) await activate({ licenseId, fingerprint });
  const first = await machinesOf(licenseId, '(first: 2)');
  expect(first.get('license.machines')).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
  const rest = await machinesOf(licenseId, `(after: "${first.text('license.machines.pageInfo.endCursor')}")`);
  expect(rest.get('license.machines')).toMatchObject({
    pageInfo: { hasNextPage: false },
    edges: [{ node: { fingerprint: 'm-3' } }],
  });
});
