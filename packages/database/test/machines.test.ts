import {
  applyDueBatch,
  type Database,
  executeMachineCommand,
  listMachines,
  loadStates,
  machineIdentity,
  type MachineResult,
  newMachineId,
} from '@licet/database';
import {
  createOwnTenant,
  createTestTenant,
  durationOf,
  issueLicenseTo,
  listedEvents,
  type OwnTenant,
  tenantRows,
} from '@licet/database/testing';
import {
  accountAt,
  type CustomerId,
  decide,
  type Decision,
  type Instant,
  instant,
  type License,
  type IsoDuration,
  type LicenseId,
  type Machine,
  type MachineCommand,
  parseLicenseId,
} from '@licet/domain';

const CATALOG = {
  catalog: 1,
  name: 'Machines',
  features: { desktop: { type: 'boolean' } },
  plans: {
    desk: { model: 'perpetual', machines: { limit: 2, match: 'two' }, entitlements: { desktop: true } },
    turns: { model: 'perpetual', machines: { limit: 9, atOnce: 1 }, entitlements: { desktop: true } },
    rare: {
      model: 'perpetual',
      machines: { limit: 1, deactivations: 1, per: 'P1D', whenFull: 'replaceOldest' },
      entitlements: { desktop: true },
    },
    crowd: { model: 'perpetual', machines: { limit: 90, atOnce: 7 }, entitlements: { desktop: true } },
    free: { model: 'perpetual', entitlements: { desktop: true } },
  },
};

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant(CATALOG);
});
afterAll(() => tenant.close());

let issued = 0;
async function issue(
  plan: string,
  { db, caller } = tenant,
): Promise<{ id: LicenseId; customerId: CustomerId }> {
  issued += 1;
  const { stored } = await issueLicenseTo({ db, caller }, `customer-${String(issued)}`, plan);
  const { id, customerId } = stored.license;
  return { id, customerId };
}

async function run(command: MachineCommand, db: Database = tenant.db): Promise<MachineResult> {
  const result = await executeMachineCommand(db, tenant.caller, command);
  if (!result.ok) throw new Error(result.message);
  return result;
}

interface Named {
  readonly fingerprint?: string;
  readonly components?: readonly string[];
  readonly name?: string | null;
}

function activate(
  licenseId: LicenseId,
  { fingerprint, components = [], ...name }: Named,
): Promise<MachineResult> {
  const identity = machineIdentity(tenant.db, tenant.caller.tenantId, {
    fingerprint: fingerprint ?? null,
    components,
  });
  if (identity.fingerprint === null) throw new Error('a machine names itself');
  const named = { ...identity, fingerprint: identity.fingerprint };
  return run({ kind: 'activateMachine', licenseId, machineId: newMachineId(), ...named, ...name });
}

function deactivate(licenseId: LicenseId, fingerprint: string): Promise<MachineResult> {
  return run({ kind: 'deactivateMachine', licenseId, machine: { fingerprint } });
}

function heartbeat(licenseId: LicenseId, fingerprint: string, ttlText = 'PT1H'): Promise<MachineResult> {
  return run({
    kind: 'heartbeatMachine',
    licenseId,
    machine: { fingerprint },
    ttl: durationOf(ttlText),
  });
}

/** As it is loaded, with what time has done. */
async function loaded(customerId: CustomerId): Promise<License> {
  const { release, accounts, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [customerId]);
  const stored = accounts.get(customerId);
  const [license] = stored ? accountAt(stored.account, release, asOf).licenses : [];
  if (license === undefined) throw new Error('one licence');
  return license;
}

async function codeOf(customerId: CustomerId, fingerprint: string | null): Promise<Decision['code']> {
  const { states, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [customerId]);
  const state = states.get(customerId);
  if (!state) throw new Error('a state for each');
  return decide(state, { feature: 'desktop', quantity: 1, fingerprint }, asOf).code;
}

const count = (text: string) =>
  tenantRows<{ count: number }>(tenant, `select count(*)::int as count from ${text}`).then(
    ([row]) => row?.count,
  );

test('a machine is written, loaded and listed as it was activated, and its event tells what may be told', async () => {
  const { id, customerId } = await issue('desk');
  const made = await activate(id, {
    fingerprint: 'm-1',
    components: ['board', 'disk'],
    name: 'Annas laptop',
  });
  expect(made.decision).toMatchObject({ code: 'ENTITLED', customerId, used: 1, limit: 2 });
  expect((await loaded(customerId)).machines).toEqual([made.machine]);
  expect(
    await listMachines(tenant.db, tenant.caller.tenantId, [id], { first: 5, after: null }),
  ).toMatchObject({
    ok: true,
    pages: [{ total: 1, items: [{ node: made.machine }] }],
  });
  const event = (await listedEvents(tenant, customerId)).at(-1);
  expect(event).toMatchObject({
    ...{ type: 'machine.activated', subjectType: 'machine', subjectId: made.machine?.id, customerId },
    data: {
      license: id,
      before: null,
      after: { id: made.machine?.id, fingerprint: 'm-1', inUseUntil: null },
    },
  });
  expect(JSON.stringify(event?.data)).not.toContain('Annas');
  expect(event?.cursor).toBe(made.revision);
  expect(await codeOf(customerId, 'm-1')).toBe('ENTITLED');
  expect(await codeOf(customerId, 'm-2')).toBe('NOT_ACTIVATED');
});

test('of parts nothing is kept but hashes, which are others for another tenant', async () => {
  const { id } = await issue('desk');
  const { machine } = await activate(id, { components: ['serial-board', 'serial-disk', 'serial-disk'] });
  expect(machine?.components).toHaveLength(2);
  expect(machine?.fingerprint).toMatch(/^parts-[\w-]{22}$/);
  const again = await activate(id, { components: ['serial-disk', 'serial-board'] });
  expect(again).toMatchObject({ machine, decision: { used: 1 } });
  const rows = await tenantRows<{ all: string }>(tenant, 'select m::text as all from machine m');
  expect(rows.map(({ all }) => all).join()).not.toContain('serial');
  const bodies = await tenant.owner.query<{ body: string }>(
    `select convert_from(body, 'UTF8') as body from event`,
  );
  expect(bodies.rows.map(({ body }) => body).join()).not.toContain('serial');
  const other = await createTestTenant(tenant.url, CATALOG);
  const parts = { fingerprint: null, components: ['serial-board'] };
  expect(machineIdentity(other.db, other.caller.tenantId, parts)).not.toEqual(
    machineIdentity(tenant.db, tenant.caller.tenantId, parts),
  );
  await other.close();
});

test('a machine with enough equal parts keeps its row under its new fingerprint', async () => {
  const { id, customerId } = await issue('desk');
  const { machine } = await activate(id, { fingerprint: 'before', components: ['a', 'b', 'c'] });
  const moved = await activate(id, { fingerprint: 'after', components: ['b', 'c', 'd'] });
  expect(moved.machine).toMatchObject({ id: machine?.id, fingerprint: 'after' });
  expect((await loaded(customerId)).machines).toEqual([moved.machine]);
  expect((await listedEvents(tenant, customerId)).at(-1)).toMatchObject({
    type: 'machine.updated',
    data: { before: { fingerprint: 'before' }, after: { fingerprint: 'after' } },
  });
});

test('what changes nothing is answered at the newest revision and writes nothing', async () => {
  const { id } = await issue('desk');
  const first = await activate(id, { fingerprint: 'm-1' });
  const before = [await count('event'), await count('machine')];
  expect(await activate(id, { fingerprint: 'm-1' })).toMatchObject({
    machine: first.machine,
    revision: first.revision,
  });
  await activate(id, { fingerprint: 'm-2' });
  const full = await activate(id, { fingerprint: 'm-3' });
  expect(full).toMatchObject({ machine: null, decision: { allowed: false, code: 'MACHINE_LIMIT_EXCEEDED' } });
  expect(await deactivate(id, 'm-4')).toMatchObject({ machine: null, decision: { code: 'DONE' } });
  expect(await heartbeat(id, 'm-4')).toMatchObject({ machine: null, decision: { code: 'NOT_ACTIVATED' } });
  expect([await count('event'), await count('machine')]).toEqual(before.map((one) => (one ?? 0) + 1));
});

test('deactivated its row goes, the deactivation is kept, and the place is free', async () => {
  const { id, customerId } = await issue('rare');
  await activate(id, { fingerprint: 'm-1' });
  expect(await deactivate(id, 'm-1')).toMatchObject({ decision: { code: 'DONE', used: 0 } });
  expect(await count(`machine where license_id = '${id}'`)).toBe(0);
  await activate(id, { fingerprint: 'm-2' });
  for (const denied of [await deactivate(id, 'm-2'), await activate(id, { fingerprint: 'm-3' })])
    expect(denied.decision).toMatchObject({ allowed: false, code: 'DEACTIVATION_LIMIT_EXCEEDED' });
  expect((await loaded(customerId)).deactivations).toHaveLength(1);
  await tenant.owner.query(
    `update license set deactivations = jsonb_build_array((deactivations ->> 0)::bigint - 86400000) where id = $1`,
    [id],
  );
  expect(await activate(id, { fingerprint: 'm-3' })).toMatchObject({ decision: { code: 'ENTITLED' } });
  expect((await loaded(customerId)).machines.map(({ fingerprint }) => fingerprint)).toEqual(['m-3']);
  expect((await listedEvents(tenant, customerId)).slice(-2).map(({ type }) => type)).toEqual([
    'machine.deactivated',
    'machine.activated',
  ]);
});

/** Moves a place's end, and what is due for its customer, into the past. */
async function endPlaceAt(id: LicenseId, at: Instant): Promise<void> {
  const end = new Date(at);
  await tenant.owner.query(
    'update machine set in_use_until = $2 where license_id = $1 and in_use_until is not null',
    [id, end],
  );
  await tenant.owner.query(
    'update customer set next_due_at = $2 where id = (select customer_id from license where id = $1)',
    [id, end],
  );
}

test('a heartbeat takes a place, its renewals are in the log for caches alone, and the worker frees it', async () => {
  const { id, customerId } = await issue('turns');
  await activate(id, { fingerprint: 'm-1' });
  await activate(id, { fingerprint: 'm-2' });
  const taken = await heartbeat(id, 'm-1');
  expect(taken.machine?.inUseUntil).toBe(taken.asOf + 3_600_000);
  const renewed = await heartbeat(id, 'm-1', 'PT2H');
  expect(renewed.revision).not.toBe(taken.revision);
  expect(await heartbeat(id, 'm-2')).toMatchObject({ decision: { allowed: false, code: 'MACHINE_IN_USE' } });
  expect([await codeOf(customerId, 'm-1'), await codeOf(customerId, 'm-2')]).toEqual([
    'ENTITLED',
    'MACHINE_IN_USE',
  ]);
  const [due] = await tenantRows<{ next_due_at: Date }>(
    tenant,
    `select next_due_at from customer where id = '${customerId}'`,
  );
  expect(due?.next_due_at.getTime()).toBe(renewed.machine?.inUseUntil);
  const past = instant(Date.now() - 1000);
  await endPlaceAt(id, past);
  const shown = await listMachines(tenant.db, tenant.caller.tenantId, [id], { first: 1, after: null });
  expect(shown).toMatchObject({
    pages: [{ total: 2, hasNextPage: true, items: [{ node: { inUseUntil: null } }] }],
  });
  expect(await codeOf(customerId, 'm-2')).toBe('ENTITLED');
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
  expect(await count(`machine where in_use_until is not null and license_id = '${id}'`)).toBe(0);
  const events = await listedEvents(tenant, customerId);
  expect(events.slice(-2)).toMatchObject([
    { type: 'machine.place_taken' },
    { type: 'machine.place_expired', at: past, data: { after: { inUseUntil: null } } },
  ]);
  expect(await count(`event where type = 'machine.seen'`)).toBe(1);
});

test('a place that is over is freed by the next command, and told of before it', async () => {
  const { id, customerId } = await issue('turns');
  await activate(id, { fingerprint: 'm-1' });
  await activate(id, { fingerprint: 'm-2' });
  await heartbeat(id, 'm-1');
  await endPlaceAt(id, instant(Date.now() - 1000));
  expect(await heartbeat(id, 'm-2')).toMatchObject({ decision: { code: 'ENTITLED' } });
  expect((await listedEvents(tenant, customerId)).slice(-2).map(({ type }) => type)).toEqual([
    'machine.place_expired',
    'machine.place_taken',
  ]);
});

test('a licence that is not there is unknown, one of another tenant as well, and one without machines is refused', async () => {
  const unknown = parseLicenseId('lic_none');
  if (unknown === null) throw new Error('an id');
  expect(await activate(unknown, { fingerprint: 'm-1' })).toMatchObject({
    ...{ machine: null, release: 1 },
    decision: { allowed: false, code: 'UNKNOWN_LICENSE', customerId: '' },
  });
  const { id } = await issue('desk');
  const other = await createTestTenant(tenant.url, CATALOG);
  const command = { kind: 'deactivateMachine', licenseId: id, machine: { fingerprint: 'm-1' } } as const;
  expect(await executeMachineCommand(other.db, other.caller, command)).toMatchObject({
    decision: { code: 'UNKNOWN_LICENSE' },
  });
  await other.close();
  const free = await issue('free');
  expect(
    await executeMachineCommand(tenant.db, tenant.caller, { ...command, licenseId: free.id }),
  ).toMatchObject({
    ...{ ok: false, code: 'BAD_USER_INPUT', field: 'licenseId' },
  });
});

test('of 60 heartbeats at once on a licence with more machines than places as many are granted as there are places', async () => {
  const { id, customerId } = await issue('crowd');
  const names = Array.from({ length: 60 }, (_, index) => `m-${String(index)}`);
  for (const fingerprint of names.slice(0, 30)) await activate(id, { fingerprint });
  const results = await Promise.all(
    names.map((name, index) => heartbeat(id, name, index % 2 === 0 ? 'PT1H' : 'PT2H')),
  );
  const codes = results.map(({ decision }) => decision.code);
  expect(codes.filter((code) => code === 'ENTITLED')).toHaveLength(7);
  expect(codes.filter((code) => code === 'MACHINE_IN_USE')).toHaveLength(23);
  expect(codes.filter((code) => code === 'NOT_ACTIVATED')).toHaveLength(30);
  for (const { decision } of results) expect(decision.used).toBe(30);
  const { machines } = await loaded(customerId);
  expect(machines).toHaveLength(30);
  const ends = machines.flatMap(({ inUseUntil }) => inUseUntil ?? []);
  expect(ends).toHaveLength(7);
  const [due] = await tenantRows<{ next_due_at: Date }>(
    tenant,
    `select next_due_at from customer where id = '${customerId}'`,
  );
  expect(due?.next_due_at.getTime()).toBe(Math.min(...ends));
  // Renewed, the ones that end first are others, which nobody has named.
  const first = machines.filter(({ inUseUntil }) => inUseUntil === Math.min(...ends));
  for (const { fingerprint } of first) await heartbeat(id, fingerprint, 'PT20H');
  const later = (await loaded(customerId)).machines.flatMap(({ inUseUntil }) => inUseUntil ?? []);
  const [then] = await tenantRows<{ next_due_at: Date }>(
    tenant,
    `select next_due_at from customer where id = '${customerId}'`,
  );
  expect(then?.next_due_at.getTime()).toBe(Math.min(...later));
});

test('heartbeats that come together are each answered and told of for themselves', async () => {
  const { id } = await issue('crowd');
  await activate(id, { fingerprint: 'm-1' });
  const { machine } = await activate(id, { fingerprint: 'm-2' });
  if (machine === null) throw new Error('it is activated');
  const ttl = durationOf('PT1H');
  const tooLong = durationOf('P2D');
  const ask = (
    named: { id: Machine['id'] } | { fingerprint: string },
    length: IsoDuration,
    requestId: string,
  ) =>
    executeMachineCommand(
      tenant.db,
      { ...tenant.caller, requestId },
      { kind: 'heartbeatMachine', licenseId: id, machine: named, ttl: length },
    );
  const [first, refused, second, again] = await Promise.all([
    ask({ fingerprint: 'm-1' }, ttl, 'one'),
    ask({ fingerprint: 'm-1' }, tooLong, 'two'),
    ask({ id: machine.id }, ttl, 'three'),
    ask({ fingerprint: 'm-1' }, ttl, 'four'),
  ]);
  expect(refused).toMatchObject({ ok: false, code: 'BAD_USER_INPUT', field: 'ttl' });
  expect(second).toMatchObject({ ok: true, machine: { id: machine.id } });
  for (const granted of [first, again])
    expect(granted).toMatchObject({ ok: true, machine: { fingerprint: 'm-1' } });
  const { rows } = await tenant.owner.query<{ type: string; request: string }>(
    `select convert_from(body, 'UTF8')::json ->> 'requestId' as request, type from event
     where type in ('machine.place_taken', 'machine.seen') order by position desc limit 3`,
  );
  expect(rows.map(({ type, request }) => `${request} ${type}`).toSorted()).toEqual([
    'four machine.seen',
    'one machine.place_taken',
    'three machine.place_taken',
  ]);
});

test('pages go on where they ended, and a cursor of another list is refused', async () => {
  const { id } = await issue('turns');
  for (const name of ['m-1', 'm-2', 'm-3']) await activate(id, { fingerprint: name });
  const { tenantId } = tenant.caller;
  const first = await listMachines(tenant.db, tenantId, [id], { first: 2, after: null });
  if (!first.ok) throw new Error(first.message);
  const after = first.pages[0]?.items[1]?.cursor ?? '';
  expect(await listMachines(tenant.db, tenantId, [id], { first: 2, after })).toMatchObject({
    pages: [{ total: 3, hasNextPage: false, items: [{ node: { fingerprint: 'm-3' } }] }],
  });
  expect(await listMachines(tenant.db, tenantId, [id], { first: 2, after: 'x' })).toMatchObject({
    ...{ ok: false, code: 'BAD_USER_INPUT', field: 'after' },
  });
});

test('of 40 activations at once on a licence for 2 machines, two are granted', async () => {
  const { id, customerId } = await issue('desk');
  const names = Array.from({ length: 40 }, (_, index) => ({ fingerprint: `m-${String(index)}` }));
  const results = await Promise.all(names.map((named) => activate(id, named)));
  expect(results.filter(({ decision }) => decision.allowed)).toHaveLength(2);
  expect((await loaded(customerId)).machines).toHaveLength(2);
});
