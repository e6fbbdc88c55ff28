import { deleteOldOperations } from '@licet/database';
import { PRESENT } from '@licet/database/testing';
import { readLicenseFile } from '@licet/domain';
import { decodeJwt } from 'jose';
import type { Client } from 'pg';
import { CATALOG } from './catalog.js';
import { at, newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

const BUDGETS = {
  catalog: 1,
  name: 'Budgets',
  features: {
    cad: { type: 'boolean' },
    calls: { type: 'metered', window: 'P1M', notifyAt: [50] },
    projects: { type: 'limit' },
    credits: { type: 'metered', prepaid: true },
    editors: { type: 'seats', kind: 'named' },
    drawings: { type: 'limit', needsSeat: 'editors' },
  },
  plans: {
    shop: {
      model: 'perpetual',
      machines: { limit: 20, offlineFiles: 20 },
      entitlements: { cad: true, calls: 100, projects: 5, editors: 2, drawings: 7 },
    },
  },
};

let gateway: TestGateway;
let owner: Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  ({ owner } = gateway);
  await publish(gateway, { ...CATALOG, ...BUDGETS, transitions: [], rules: [], addOns: {}, scenarios: [] });
});
afterAll(() => gateway.close());

let customers = 0;
async function newLicense(): Promise<{ customerId: string; licenseId: string }> {
  customers += 1;
  const customerId = `customer-${String(customers)}`;
  await gateway.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', {
    id: customerId,
  });
  const issued = await gateway.send(
    'mutation ($input: IssueLicenseInput!) { issueLicense(input: $input) { license { id } } }',
    { input: { customerId, plan: 'shop', idempotencyKey: newIdempotencyKey() } },
  );
  const licenseId = issued.text('issueLicense.license.id');
  await gateway.send(
    'mutation ($input: ActivateMachineInput!) { activateMachine(input: $input) { revision } }',
    { input: { licenseId, fingerprint: 'cellar' } },
  );
  return { customerId, licenseId };
}

const RESULT = `{ revision decision { allowed code message feature limit used reserved } file { id token expiresAt } }`;
type Units = Readonly<Record<string, number>>;

function issueFile(licenseId: string, budgets: Units, more: object = {}): Promise<Answer> {
  return gateway.send(
    `mutation ($input: IssueLicenseFileInput!) { issueLicenseFile(input: $input) ${RESULT} }`,
    {
      input: {
        ...{ licenseId, fingerprint: 'cellar', validFor: 'P90D', idempotencyKey: newIdempotencyKey() },
        budgets: unitsOf(budgets),
        ...more,
      },
    },
  );
}

function settle(fileId: string, spent: Units): Promise<Answer> {
  return gateway.send(
    `mutation ($input: SettleLicenseFileInput!) { settleLicenseFile(input: $input) ${RESULT} }`,
    { input: { fileId, spent: unitsOf(spent) } },
  );
}

function unitsOf(units: Units): object[] {
  return Object.entries(units).map(([feature, quantity]) => ({ feature, quantity }));
}

function consume(customerId: string, quantity: number, feature = 'calls'): Promise<Answer> {
  return gateway.send(
    'mutation ($input: ConsumeInput!) { consume(input: $input) { decision { allowed code used reserved } } }',
    { input: { customerId, feature, quantity, fingerprint: 'cellar', idempotencyKey: newIdempotencyKey() } },
  );
}

function budgetsIn(answer: Answer): Units {
  const reading = readLicenseFile(decodeJwt(answer.text('issueLicenseFile.file.token')));
  if (!reading.ok) throw new Error(`${reading.path}: ${reading.message}`);
  return Object.fromEntries(reading.file.budgets);
}

const fileIdOf = (answer: Answer): string => answer.text('issueLicenseFile.file.id');

async function counter(customerId: string, feature = 'calls'): Promise<unknown> {
  const { rows } = await owner.query<{ used: number; reserved: number }>(
    'select used::int, reserved::int from meter where customer_id = $1 and feature = $2',
    [customerId, feature],
  );
  return rows[0];
}

async function told(customerId: string, ...types: string[]): Promise<unknown[]> {
  const answer = await gateway.send(
    'query ($id: ID!, $types: [String!]) { events(customerId: $id, types: $types, first: 100) { edges { node { type data } } } }',
    { id: customerId, types },
  );
  expect(answer.errors).toEqual([]);
  const edges = answer.get('events.edges');
  return Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node')) : [];
}

/** The customer's file and its budgets have ended so many hours ago. */
async function end(customerId: string, hours: number): Promise<void> {
  await owner.query(
    'update reservation set reserved_at = reserved_at - make_interval(hours => $2 + 48) where customer_id = $1',
    [customerId, hours],
  );
  for (const table of ['reservation', 'license_file'])
    await owner.query(
      `update ${table} set expires_at = date_trunc('second', clock_timestamp()) - make_interval(hours => $2) where customer_id = $1`,
      [customerId, hours],
    );
  // As it is where nobody has looked at the customer since.
  await owner.query(
    `update customer set next_due_at = clock_timestamp() - make_interval(hours => $2),
       turned_until = clock_timestamp() - make_interval(hours => $2 + 1) where id = $1`,
    [customerId, hours],
  );
  await owner.query(
    'update meter set held_until = clock_timestamp() - make_interval(hours => $2) where customer_id = $1 and reserved > 0',
    [customerId, hours],
  );
}

test('a budget is held for the machine, its token says how much, and what was not spent comes back', async () => {
  const { customerId, licenseId } = await newLicense();
  const made = await issueFile(licenseId, { calls: 60, projects: 2 });
  expect(made.errors).toEqual([]);
  expect(made.get('issueLicenseFile.decision')).toMatchObject({ allowed: true, code: 'ENTITLED', used: 1 });
  expect(budgetsIn(made)).toEqual({ calls: 60, projects: 2 });
  expect(await counter(customerId)).toEqual({ used: 0, reserved: 60 });
  expect((await consume(customerId, 41)).get('consume.decision.code')).toBe('LIMIT_EXCEEDED');
  expect((await consume(customerId, 40)).get('consume.decision')).toMatchObject({ used: 40, reserved: 60 });

  const settled = await settle(fileIdOf(made), { calls: 25 });
  expect(settled.get('settleLicenseFile.decision')).toMatchObject({ allowed: true, code: 'DONE', used: 0 });
  expect(await counter(customerId)).toEqual({ used: 65, reserved: 0 });
  expect(await counter(customerId, 'projects')).toEqual({ used: 0, reserved: 0 });
  expect((await consume(customerId, 35)).get('consume.decision.used')).toBe(100);
  expect(await told(customerId, 'quota.leased', 'quota.returned')).toMatchObject([
    { type: 'quota.leased', data: { feature: 'calls', quantity: 60, asked: 60, used: 0, reserved: 60 } },
    { type: 'quota.leased', data: { feature: 'projects', quantity: 2 } },
    { type: 'quota.returned', data: { feature: 'calls', spent: 25, returned: 35, late: false, used: 65 } },
    { type: 'quota.returned', data: { feature: 'projects', spent: 0, returned: 2, used: 0, reserved: 0 } },
  ]);
  expect(await told(customerId, 'usage.threshold_reached')).toMatchObject([{ data: { used: 65 } }]);
});

test('settled again with the same it is answered the same, and nothing is counted twice', async () => {
  const { customerId, licenseId } = await newLicense();
  const id = fileIdOf(await issueFile(licenseId, { calls: 10 }));
  const refused = async (spent: Units): Promise<unknown> =>
    (await settle(id, spent)).errors.map(({ extensions: { code, field } }) => [code, field]);
  expect(await refused({ calls: 11 })).toEqual([['BAD_USER_INPUT', 'input.spent']]);
  const first = await settle(id, { calls: 4 });
  expect((await settle(id, { calls: 4 })).get('settleLicenseFile')).toEqual(first.get('settleLicenseFile'));
  expect(await refused({ calls: 5 })).toEqual([['CONFLICT', 'input.spent']]);
  expect(await counter(customerId)).toEqual({ used: 4, reserved: 0 });
});

test('less is lent where less is left; where nothing is, there is no file, and nothing has changed', async () => {
  const { customerId, licenseId } = await newLicense();
  await consume(customerId, 70);
  const made = await issueFile(licenseId, { calls: 60 });
  expect(budgetsIn(made)).toEqual({ calls: 30 });
  const before = await gateway.countEvents();
  const denied = await issueFile(licenseId, { projects: 1, calls: 1 }, { fingerprint: 'attic' });
  expect(denied.get('issueLicenseFile')).toMatchObject({
    decision: { allowed: false, code: 'LIMIT_EXCEEDED', feature: 'calls', used: 70, reserved: 30 },
    file: null,
  });
  const unknown = await issueFile(licenseId, { nonsense: 1 });
  expect(unknown.get('issueLicenseFile.decision')).toMatchObject({ code: 'UNKNOWN_FEATURE', allowed: false });
  expect(await gateway.countEvents()).toBe(before);
  expect(await counter(customerId, 'projects')).toBeUndefined();
  const machines = await gateway.send(
    'query ($id: ID!) { license(id: $id) { machines { edges { node { fingerprint } } } } }',
    { id: licenseId },
  );
  expect(machines.get('license.machines.edges')).toEqual([{ node: { fingerprint: 'cellar' } }]);
});

test('the same key gets the same file, with the same budgets', async () => {
  const { customerId, licenseId } = await newLicense();
  const key = { idempotencyKey: newIdempotencyKey() };
  const first = await issueFile(licenseId, { calls: 60 }, key);
  const again = await issueFile(licenseId, { calls: 60 }, key);
  expect(again.get('issueLicenseFile')).toEqual(first.get('issueLicenseFile'));
  expect(await counter(customerId)).toEqual({ used: 0, reserved: 60 });
  const other = await issueFile(licenseId, { calls: 61 }, key);
  expect(other.errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.idempotencyKey' });
});

test('many at once, beside spends, never get more than is left', async () => {
  const { customerId, licenseId } = await newLicense();
  const [files, spends] = await Promise.all([
    Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        issueFile(licenseId, { calls: 30 }, { fingerprint: `machine ${String(index)}` }),
      ),
    ),
    Promise.all(Array.from({ length: 6 }, () => consume(customerId, 7))),
  ]);
  const granted = files.filter((answer) => answer.get('issueLicenseFile.decision.allowed') === true);
  const lent = granted.reduce((sum, answer) => sum + (budgetsIn(answer)['calls'] ?? 0), 0);
  const spent = 7 * spends.filter((answer) => answer.get('consume.decision.allowed') === true).length;
  expect(lent + spent).toBeLessThanOrEqual(100);
  expect(lent + spent).toBeGreaterThan(93);
  expect(await counter(customerId)).toEqual({ used: spent, reserved: lent });
});

test('of a file that ends the budget is spent; within a day its settlement corrects that', async () => {
  const { customerId, licenseId } = await newLicense();
  const id = fileIdOf(await issueFile(licenseId, { calls: 60, projects: 3 }));
  await end(customerId, 2);
  expect((await consume(customerId, 41)).get('consume.decision')).toMatchObject({
    ...{ code: 'LIMIT_EXCEEDED', used: 60, reserved: 0 },
  });
  expect(await told(customerId, 'quota.expired', 'usage.threshold_reached')).toHaveLength(3);
  await settle(id, { calls: 10, projects: 1 });
  expect(await counter(customerId)).toEqual({ used: 10, reserved: 0 });
  expect(await counter(customerId, 'projects')).toEqual({ used: 1, reserved: 0 });
  expect(await told(customerId, 'quota.returned')).toMatchObject([
    { data: { feature: 'calls', returned: 50, late: true } },
    { data: { feature: 'projects', returned: 2, late: true } },
  ]);
});

test.each([
  ['that nobody has looked at since is corrected at once', 23, { used: 10, reserved: 0 }],
  ['a day ago stays spent', 25, { used: 60, reserved: 0 }],
])('a file that has ended, %s', async (_name, hours, expected) => {
  const { customerId, licenseId } = await newLicense();
  const id = fileIdOf(await issueFile(licenseId, { calls: 60 }));
  await end(customerId, hours);
  expect((await settle(id, { calls: 10 })).get('settleLicenseFile.decision.code')).toBe('DONE');
  expect(await counter(customerId)).toEqual(expected);
});

const HOURS_UNTIL_DELETED = 37 * 24;

/** A file whose budgets time has spent, so long ago that the worker deletes what is left of them. */
async function longOver(): Promise<{ customerId: string; id: string }> {
  const { customerId, licenseId } = await newLicense();
  const id = fileIdOf(await issueFile(licenseId, { calls: 60 }));
  await end(customerId, HOURS_UNTIL_DELETED);
  expect((await consume(customerId, 1)).get('consume.decision')).toMatchObject({ used: 61, reserved: 0 });
  return { customerId, id };
}

async function expectSettledLate(customerId: string, id: string, settled: Answer): Promise<void> {
  expect(settled.errors).toEqual([]);
  expect(settled.get('settleLicenseFile.decision')).toMatchObject({ allowed: true, code: 'DONE' });
  expect(await counter(customerId)).toEqual({ used: 61, reserved: 0 });
  expect(await told(customerId, 'quota.returned')).toEqual([]);
  expect(await told(customerId, 'license.file_settled')).toHaveLength(1);
  expect((await settle(id, { calls: 10 })).get('settleLicenseFile')).toEqual(
    settled.get('settleLicenseFile'),
  );
  expect((await settle(id, { calls: 11 })).errors[0]?.extensions).toMatchObject({ code: 'CONFLICT' });
}

test('one whose budgets are deleted is settled all the same, and all of them stays spent', async () => {
  const { customerId, id } = await longOver();
  await deleteOldOperations(gateway.services.db, gateway.tenantId);
  const { rows } = await owner.query('select 1 from reservation where file_id = $1', [id]);
  expect(rows).toEqual([]);
  await expectSettledLate(customerId, id, await settle(id, { calls: 10 }));
});

test('so is one whose budgets are deleted while it is settled', async () => {
  const { customerId, id } = await longOver();
  // As the worker does, and it has not committed yet.
  await owner.query('begin');
  await owner.query('delete from reservation where file_id = $1', [id]);
  const settling = settle(id, { calls: 10 });
  await somebodyWaits();
  await owner.query('commit');
  await expectSettledLate(customerId, id, await settling);
});

/** Another transaction waits for what this one has locked. */
async function somebodyWaits(): Promise<void> {
  for (;;) {
    const { rows } = await owner.query<{ waits: boolean }>(
      `select exists (select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))) as waits`,
    );
    if (rows[0]?.waits === true) return;
  }
}

test('it counts in the window of its issue, of which it is a part when that is over', async () => {
  const { customerId, licenseId } = await newLicense();
  const id = fileIdOf(await issueFile(licenseId, { calls: 60 }));
  for (const table of ['meter', 'reservation'])
    await owner.query(
      `update ${table} set window_start = window_start - interval '1 month' where customer_id = $1 and feature = 'calls'`,
      [customerId],
    );
  await owner.query(
    `update meter set window_end = date_trunc('second', clock_timestamp()) - interval '1 hour' where customer_id = $1 and feature = 'calls'`,
    [customerId],
  );
  await owner.query(
    `update customer set next_due_at = ${PRESENT}, turned_until = clock_timestamp() - interval '2 hours' where id = $1`,
    [customerId],
  );
  expect((await consume(customerId, 100)).get('consume.decision')).toMatchObject({ used: 100, reserved: 0 });
  expect(await told(customerId, 'usage.window_closed')).toMatchObject([{ data: { used: 60 } }]);
  expect((await settle(id, { calls: 1 })).get('settleLicenseFile.decision.code')).toBe('DONE');
  expect(await counter(customerId)).toEqual({ used: 100, reserved: 0 });
  expect(await told(customerId, 'quota.returned')).toMatchObject([
    { data: { spent: 1, returned: 0, used: null, reserved: null } },
  ]);
});

test('credit blocks are held for it, and get back what was not spent', async () => {
  const { customerId, licenseId } = await newLicense();
  await gateway.send('mutation ($input: AddCreditsInput!) { addCredits(input: $input) { revision } }', {
    input: {
      customerId,
      feature: 'credits',
      quantity: 50,
      reason: 'a gift',
      idempotencyKey: newIdempotencyKey(),
    },
  });
  const made = await issueFile(licenseId, { credits: 20 });
  const lent = budgetsIn(made)['credits'];
  expect(lent).toBe(20);
  const blocks = async (): Promise<unknown> =>
    (
      await owner.query(
        'select sum(remaining)::int as remaining, sum(held)::int as held from credit_block where customer_id = $1',
        [customerId],
      )
    ).rows[0];
  const [before] = [await blocks()];
  expect(before).toMatchObject({ held: 20 });
  await settle(fileIdOf(made), { credits: 5 });
  expect(await blocks()).toEqual({ remaining: Number(at(before, 'remaining')) - 5, held: 0 });
});

test('what needs the borrowed seat is lent with it, and not without', async () => {
  const { licenseId } = await newLicense();
  const without = await issueFile(licenseId, { drawings: 3 });
  expect(without.get('issueLicenseFile')).toMatchObject({
    ...{ decision: { allowed: false, code: 'NO_SEAT', feature: 'drawings' }, file: null },
  });
  const made = await issueFile(licenseId, { drawings: 3 }, { seatFeature: 'editors', memberId: 'ann' });
  expect(budgetsIn(made)).toEqual({ drawings: 3 });
});

test('neither a suspension nor a return of its own recalls it', async () => {
  const { customerId, licenseId } = await newLicense();
  const id = fileIdOf(await issueFile(licenseId, { calls: 60 }));
  await gateway.send(
    'mutation ($id: ID!) { suspendLicense(licenseId: $id, reason: "unpaid") { revision } }',
    {
      id: licenseId,
    },
  );
  expect(await counter(customerId)).toEqual({ used: 0, reserved: 60 });
  const { rows } = await owner.query<{ id: string }>('select id from reservation where file_id = $1', [id]);
  const back = await gateway.send(
    'mutation ($id: ID!) { returnQuota(leaseId: $id, spent: 0) { consumed } }',
    { id: rows[0]?.id },
  );
  expect(back.errors[0]?.extensions).toMatchObject({ code: 'CONFLICT', field: 'leaseId' });
  expect(back.errors[0]?.message).toMatch(/settleLicenseFile/);
  await settle(id, { calls: 20 });
  expect(await counter(customerId)).toEqual({ used: 20, reserved: 0 });
});

test('why nothing is left is told, and since when: since the file', async () => {
  const { customerId, licenseId } = await newLicense();
  await consume(customerId, 5);
  await issueFile(licenseId, { calls: 95 });
  const why = await gateway.send(
    'query ($input: CheckInput!) { explain(input: $input) { decision { code used reserved } since { type } } }',
    { input: { customerId, feature: 'calls', fingerprint: 'cellar' } },
  );
  expect(why.get('explain')).toEqual({
    decision: { code: 'LIMIT_EXCEEDED', used: 5, reserved: 95 },
    since: { type: 'usage.recorded' },
  });
});

test.each([
  [[{ feature: 'calls', quantity: 0 }], 'input.budgets.0.quantity'],
  [
    [
      { feature: 'calls', quantity: 1 },
      { feature: 'calls', quantity: 2 },
    ],
    'input.budgets.1.feature',
  ],
  [[{ feature: 'cad', quantity: 1 }], 'input.budgets'],
])('bad input is told, and writes nothing: %j', async (budgets, field) => {
  const { licenseId } = await newLicense();
  const before = await gateway.countEvents();
  const answer = await issueFile(licenseId, {}, { budgets });
  expect(answer.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  expect(await gateway.countEvents()).toBe(before);
});

test('each attempt is on record, with what it was asked for', async () => {
  const { customerId, licenseId } = await newLicense();
  const id = fileIdOf(await issueFile(licenseId, { calls: 100 }));
  await issueFile(licenseId, { calls: 1 }, { fingerprint: 'attic' });
  await settle(id, { calls: 30 });
  await gateway.services.decisions.settled();
  const answer = await gateway.send(
    'query ($id: ID!) { decisions(customerId: $id) { edges { node { operation input decision { code feature } } } } }',
    { id: customerId },
  );
  expect(answer.errors).toEqual([]);
  const edges = answer.get('decisions.edges');
  const nodes = Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node')) : [];
  expect(nodes.filter((node) => at(node, 'operation') !== 'activateMachine')).toMatchObject([
    {
      ...{ operation: 'settleLicenseFile', decision: { code: 'DONE', feature: '' } },
      input: { fileId: id, spent: [{ feature: 'calls', quantity: 30 }] },
    },
    {
      ...{ operation: 'issueLicenseFile', decision: { code: 'LIMIT_EXCEEDED', feature: 'calls' } },
      input: { licenseId, budgets: [{ feature: 'calls', quantity: 1 }] },
    },
    {
      ...{ operation: 'issueLicenseFile', decision: { code: 'ENTITLED', feature: '' } },
      input: { licenseId, validFor: 'P90D', budgets: [{ feature: 'calls', quantity: 100 }] },
    },
  ]);
});
