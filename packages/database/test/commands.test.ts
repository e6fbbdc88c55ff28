import {
  type CommandResult,
  executeCommand,
  newSubscriptionId,
  type Result,
  revokeApiKey,
  createApiKey,
  authenticateApiKey,
  ensureAdminKey,
  upsertCustomer,
} from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  listedEvents,
  type OwnTenant,
  spend,
  subscribeTo,
  tenantRows,
} from '@licet/database/testing';
import { type CustomerId, parsePlanKey, type SubscriptionCommand } from '@licet/domain';

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant();
});
afterAll(() => tenant.close());

const FREE = parsePlanKey('free')!;
const PRO = parsePlanKey('pro')!;

function run(
  command: SubscriptionCommand,
  customerId: CustomerId | null,
  key: string | null,
): Promise<Result<CommandResult>> {
  return executeCommand(tenant.db, tenant.caller, { command, customerId, idempotencyKey: key, reason: null });
}

function subscribe(): SubscriptionCommand {
  return {
    kind: 'subscribe',
    subscriptionId: newSubscriptionId(),
    plan: PRO,
    addOns: [],
    quantities: new Map(),
    trial: true,
    startsAt: null,
  };
}

async function eventCount(): Promise<number> {
  const [row] = await tenantRows<{ count: number }>(tenant, 'select count(*)::int as count from event');
  return row!.count;
}

test('subscribe writes the subscription and one event that carries actor, request, before and after', async () => {
  const customerId = await createTestCustomer(tenant, 'one');
  const result = await run(subscribe(), customerId, 'one');
  if (!result.ok) throw new Error(result.message);
  expect(result.subscription).toMatchObject({ status: 'TRIALING', planVersion: { version: 1 } });
  const events = await listedEvents(tenant, customerId);
  expect(events.map((event) => event.type)).toEqual(['customer.created', 'subscription.started']);
  expect(events[1]).toMatchObject({
    revision: result.revision,
    subjectId: result.subscription.id,
    actor: tenant.caller.actor,
    requestId: 'req-test',
    data: { before: null, after: { plan: 'pro', planVersion: 1, status: 'TRIALING' } },
  });
});

test('the same key returns the first answer although things have moved on; another request under it is CONFLICT', async () => {
  const customerId = await createTestCustomer(tenant, 'replay');
  const first = await run(subscribe(), customerId, 'replay');
  if (!first.ok) throw new Error(first.message);
  await run({ kind: 'cancel', subscriptionId: first.subscription.id, timing: 'NOW', at: null }, null, null);
  const before = await eventCount();
  expect(await run(subscribe(), customerId, 'replay')).toEqual({ ...first, replayed: true });
  expect(
    await run({ ...subscribe(), trial: false } as SubscriptionCommand, customerId, 'replay'),
  ).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    field: 'idempotencyKey',
  });
  expect(await eventCount()).toBe(before);
});

test('a command that changes nothing answers with the same revision again, whatever has happened since', async () => {
  const id = await createTestCustomer(tenant, 'unchanged');
  const { id: subscriptionId } = await subscribeTo(tenant, 'unchanged', 'pro');
  const events = (await listedEvents(tenant, id)).length;
  const nothing: SubscriptionCommand = {
    kind: 'adjust',
    subscriptionId,
    addOns: null,
    quantities: null,
    timing: 'NOW',
    at: null,
  };
  const first = await run(nothing, null, 'unchanged-1');
  expect(first).toMatchObject({ ok: true, replayed: false });
  expect(await listedEvents(tenant, id)).toHaveLength(events);
  await run({ kind: 'pause', subscriptionId }, id, null);
  expect(await run(nothing, null, 'unchanged-1')).toEqual({ ...first, replayed: true });
});

test('two calls with one key at once subscribe once', async () => {
  const customerId = await createTestCustomer(tenant, 'twice');
  const results = await Promise.all([
    run(subscribe(), customerId, 'twice'),
    run(subscribe(), customerId, 'twice'),
  ]);
  const ids = results.map((result) => (result.ok ? result.subscription.id : result.code));
  expect(ids[0]).toBe(ids[1]);
  expect(results.map((result) => result.ok && result.replayed).sort()).toEqual([false, true]);
});

test('one key for two customers at once: one subscribes, the other is CONFLICT', async () => {
  const [one, other] = await Promise.all([
    createTestCustomer(tenant, 'key-a'),
    createTestCustomer(tenant, 'key-b'),
  ]);
  const results = await Promise.all([run(subscribe(), one, 'shared'), run(subscribe(), other, 'shared')]);
  expect(results.map((result) => (result.ok ? 'ok' : result.code)).sort()).toEqual(['CONFLICT', 'ok']);
});

test('a refusal has written nothing', async () => {
  const customerId = await createTestCustomer(tenant, 'refused');
  await subscribeTo(tenant, 'refused', 'pro');
  const before = await eventCount();
  expect(await run(subscribe(), customerId, 'refused-2')).toMatchObject({ ok: false, code: 'CONFLICT' });
  expect(
    await run(
      { ...subscribe(), plan: parsePlanKey('gold')! } as SubscriptionCommand,
      customerId,
      'refused-3',
    ),
  ).toMatchObject({
    ok: false,
    code: 'NOT_FOUND',
    field: 'plan',
  });
  expect(await eventCount()).toBe(before);
  const kept = await tenantRows(
    tenant,
    `select 1 from operation where kind = 'subscribe' and outcome::json->>'customer_id' = 'refused'`,
  );
  expect(kept).toHaveLength(1);
});

test('a change writes the new limit into the counters that exist', async () => {
  await createTestCustomer(tenant, 'limit');
  const subscription = await subscribeTo(tenant, 'limit', 'pro');
  await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId: 'limit', feature: 'calls', quantity: 40, idempotencyKey: 'limit-1' },
  ]);
  const meters = () =>
    tenantRows<{ lim: number; used: number }>(
      tenant,
      `select lim, used from meter where customer_id = 'limit'`,
    );
  expect(await meters()).toEqual([{ lim: 100, used: 40 }]);
  const changed = await run(
    {
      kind: 'changePlan',
      subscriptionId: subscription.id,
      plan: FREE,
      from: null,
      addOns: null,
      quantities: null,
      timing: 'NOW',
      at: null,
    },
    null,
    'limit-change',
  );
  expect(changed).toMatchObject({ ok: true, subscription: { status: 'ACTIVE' } });
  expect(await meters()).toEqual([{ lim: 10, used: 40 }]);
});

test('upsertCustomer changes what is given, and asking for what already is so makes no event', async () => {
  const change = (input: Parameters<typeof upsertCustomer>[2]) =>
    upsertCustomer(tenant.db, tenant.caller, input);
  await change({ id: 'profile', name: 'Acme', attributes: { country: 'DE' }, timeZone: 'Europe/Berlin' });
  const before = await eventCount();
  expect(await change({ id: 'profile', name: 'Acme' })).toMatchObject({
    customer: { attributes: { country: 'DE' }, timeZone: 'Europe/Berlin' },
  });
  expect(await eventCount()).toBe(before);
  expect(await change({ id: 'profile', name: null, timeZone: null })).toMatchObject({
    customer: { name: null, timeZone: 'UTC' },
  });
  expect(await eventCount()).toBe(before + 1);
  expect(await change({ id: 'profile', timeZone: 'Mars/Olympus' })).toMatchObject({
    ok: false,
    code: 'BAD_USER_INPUT',
    field: 'timeZone',
  });
  expect(await change({ id: '' })).toMatchObject({ ok: false, code: 'BAD_USER_INPUT', field: 'id' });
});

test('an API key opens its tenant until it is revoked; its secret is shown once', async () => {
  const input = {
    name: 'ci',
    role: 'SERVICE' as const,
    operations: [],
    customerIds: [],
    expiresAt: null,
    idempotencyKey: 'ci-key',
  };
  const created = await createApiKey(tenant.db, tenant.caller, input);
  if (!created.ok || created.secret === null) throw new Error('no key was made');
  expect(await createApiKey(tenant.db, tenant.caller, input)).toEqual({ ...created, secret: null });
  expect(await authenticateApiKey(tenant.db, created.secret)).toMatchObject({
    tenantId: tenant.caller.tenantId,
    apiKey: { role: 'SERVICE' },
  });
  expect(await authenticateApiKey(tenant.db, `${created.secret.slice(0, -1)}x`)).toBeNull();
  expect(await authenticateApiKey(tenant.db, 'a'.repeat(40))).toBeNull();
  expect(await revokeApiKey(tenant.db, tenant.caller, created.apiKey.id)).toMatchObject({ ok: true });
  expect(await authenticateApiKey(tenant.db, created.secret)).toBeNull();
  expect(await revokeApiKey(tenant.db, tenant.caller, 'key_none')).toMatchObject({
    ok: false,
    code: 'NOT_FOUND',
  });
  const [stored] = await tenantRows<{ text: string }>(
    tenant,
    `select row_to_json(k)::text as text from api_key k where name = 'ci'`,
  );
  expect(stored!.text).not.toContain(created.secret);
});

test('an admin key is made once; one that was revoked is refused with the way out', async () => {
  const { tenantId } = tenant.caller;
  const secret = `bootstrap-${'k'.repeat(32)}`;
  await ensureAdminKey(tenant.db, tenantId, secret);
  await ensureAdminKey(tenant.db, tenantId, secret);
  const key = await authenticateApiKey(tenant.db, secret);
  if (!key) throw new Error('no key was made');
  await revokeApiKey(tenant.db, tenant.caller, key.apiKey.id);
  await expect(ensureAdminKey(tenant.db, tenantId, secret)).rejects.toThrow('LICET_BOOTSTRAP_KEY');
});

test('commands on a subscription that ended long ago answer as on any that ended', async () => {
  const customerId = await createTestCustomer(tenant, 'long-ago');
  const { id: subscriptionId } = await subscribeTo(tenant, 'long-ago', 'pro');
  const cancel: SubscriptionCommand = { kind: 'cancel', subscriptionId, timing: 'NOW', at: null };
  await run(cancel, null, null);
  await tenantRows(
    tenant,
    `update subscription set ended_at = ended_at - interval '93 days' where id = '${subscriptionId}'`,
  );
  const before = await eventCount();
  expect(await run(cancel, null, null)).toMatchObject({ ok: true, subscription: { status: 'CANCELED' } });
  expect(await run({ kind: 'uncancel', subscriptionId }, null, null)).toMatchObject({
    ok: false,
    code: 'CONFLICT',
  });
  expect(await run(subscribe(), customerId, 'long-ago')).toMatchObject({ ok: true });
  expect(await eventCount()).toBe(before + 1);
});
