import {
  applyDueBatch,
  digestOfKey,
  executeLicenseCommand,
  findLicenseKey,
  findLicenses,
  type LicenseKey,
  type LicenseResult,
  listLicenses,
  loadStates,
  newLicenseKey,
} from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  issueLicenseTo,
  type IssueOfTest,
  listedEvents,
  type OwnTenant,
  spend,
  subscribeTo,
  tenantRows,
} from '@licet/database/testing';
import {
  type CustomerId,
  decide,
  type Decision,
  type Instant,
  instant,
  type License,
  type LicenseCommand,
  licenseStatus,
} from '@licet/domain';

const CATALOG = {
  catalog: 1,
  name: 'Licences',
  expiringSoon: ['P7D'],
  features: {
    desktop: { type: 'boolean', versions: { '4.0': '2025-02-01', '9.0': '2050-01-01' } },
    renders: { type: 'metered', window: 'P1M', anchor: 'subscription' },
    credits: { type: 'metered', prepaid: true },
  },
  plans: {
    forever: { model: 'perpetual', maintenance: 'P1Y', entitlements: { desktop: true, renders: 10 } },
    term: { model: 'subscription', period: 'P1M', grace: 'P7D', entitlements: { renders: 5 } },
    pool: {
      model: 'usage',
      period: 'P1M',
      entitlements: { credits: { blocks: [{ quantity: 100, given: 'everyPeriod' }] } },
    },
  },
};

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant(CATALOG);
});
afterAll(() => tenant.close());

const hence = (days: number): Instant => instant(Date.now() + days * 86_400_000);

const issue = (customer: string, plan: string, asked?: IssueOfTest): Promise<LicenseResult> =>
  issueLicenseTo(tenant, customer, plan, asked);

async function perform(
  command: Exclude<LicenseCommand, { kind: 'issueLicense' }>,
  key: LicenseKey | null = null,
) {
  const result = await executeLicenseCommand(tenant.db, tenant.caller, {
    ...{ command, key, customerId: null, idempotencyKey: null },
    reason: 'a test',
  });
  if (!result.ok) throw new Error(result.message);
  return result;
}

async function codeOf(id: string, feature: string, productVersion?: string): Promise<Decision['code']> {
  const customerId = await createTestCustomer(tenant, id);
  const { states, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [customerId]);
  const state = states.get(customerId);
  if (!state) throw new Error('a state for each');
  return decide(state, { feature, quantity: 1, productVersion: productVersion ?? null }, asOf).code;
}

async function stored(license: License): Promise<License> {
  const found = await findLicenses(tenant.db, tenant.caller.tenantId, [license.id]);
  const one = found.get(license.id);
  if (!one) throw new Error('the licence is there');
  return one.license;
}

/** Moves all of the licence's times by days into the past, as if it had been issued then. */
async function age({ id, customerId }: License, days: number): Promise<void> {
  await tenant.owner.query(
    `update license set starts_at = starts_at - $2 * interval '1 day', expires_at = expires_at - $2 * interval '1 day',
       maintenance_until = maintenance_until - $2 * interval '1 day', grace_ends_at = grace_ends_at - $2 * interval '1 day'
     where id = $1`,
    [id, days],
  );
  await tenant.owner.query(
    `update customer set version = version + 1, next_due_at = next_due_at - $2 * interval '1 day',
       turned_until = turned_until - $2 * interval '1 day' where id = $1`,
    [customerId, days],
  );
}

test('a licence gives what its plan lists, its key opens it, and its events do not hold the key', async () => {
  const { stored: made, key } = await issue('issued', 'forever');
  const { license } = made;
  expect(licenseStatus(license)).toBe('ACTIVE');
  expect(license.maintenanceUntil).not.toBeNull();
  if (key === null) throw new Error('a new licence shows its key');
  expect(await findLicenseKey(tenant.db, digestOfKey(tenant.db, key))).toEqual({
    tenantId: tenant.caller.tenantId,
    customerId: license.customerId,
    licenseId: license.id,
  });
  expect(await codeOf('issued', 'desktop')).toBe('ENTITLED');
  expect(await codeOf('issued', 'desktop', '4.0')).toBe('ENTITLED');
  expect(await codeOf('issued', 'desktop', '9.0')).toBe('VERSION_NOT_COVERED');
  const events = await listedEvents(tenant, license.customerId);
  expect(events.map(({ type }) => type)).toEqual(['customer.created', 'license.issued', 'license.started']);
  expect(JSON.stringify(events)).not.toContain(key);
  expect(JSON.stringify(await tenantRows(tenant, 'select * from license order by id'))).not.toContain(key);
});

test('units of a licence are spent, and no more than those', async () => {
  await issue('spender', 'forever');
  const codes: string[] = [];
  for (const quantity of [10, 1]) {
    const [result] = await spend(tenant.db, tenant.caller, [
      {
        kind: 'consume',
        customerId: 'spender',
        feature: 'renders',
        quantity,
        idempotencyKey: `spend ${String(quantity)}`,
      },
    ]);
    if (!result?.ok) throw new Error('a spend has a verdict');
    codes.push(result.decision.code);
  }
  expect(codes).toEqual(['ENTITLED', 'LIMIT_EXCEEDED']);
});

test('a repeated issue answers with the same licence and without its key; another input is CONFLICT', async () => {
  const first = await issue('twice', 'forever', { idempotencyKey: 'once' });
  const again = await issue('twice', 'forever', { idempotencyKey: 'once' });
  expect(again).toEqual({ ...first, key: null, replayed: true });
  await expect(issue('twice', 'term', { idempotencyKey: 'once' })).rejects.toThrow(/key/);
});

test('a rotated key opens the licence, the one before no longer', async () => {
  const { stored: made, key: old } = await issue('rotated', 'forever');
  const { key, known } = newLicenseKey(tenant.db);
  const { stored: after } = await perform(
    { kind: 'rotateLicenseKey', licenseId: made.license.id, ...known },
    key,
  );
  expect(after.license.keyHint).toBe(known.keyHint);
  if (old === null) throw new Error('a new licence shows its key');
  expect(await findLicenseKey(tenant.db, digestOfKey(tenant.db, old))).toBeNull();
  expect(await findLicenseKey(tenant.db, digestOfKey(tenant.db, key))).toMatchObject({
    licenseId: made.license.id,
  });
});

test('a term ends with grace, then expires, and is renewed: each is told of when it was due', async () => {
  const { stored: made } = await issue('term', 'term');
  await age(made.license, 33);
  expect(await codeOf('term', 'renders')).toBe('ENTITLED_GRACE');
  expect(licenseStatus(await stored(made.license))).toBe('GRACE');
  await age(made.license, 8);
  expect(await codeOf('term', 'renders')).toBe('LICENSE_EXPIRED');
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  const expired = await stored(made.license);
  expect(licenseStatus(expired)).toBe('EXPIRED');
  const told = (await listedEvents(tenant, expired.customerId)).slice(3);
  expect(told.map(({ type }) => type)).toEqual(['license.grace_started', 'license.expired']);
  const expiresAt = hence(30);
  const { stored: renewed } = await perform({
    ...{ kind: 'renewLicense', licenseId: made.license.id, maintenanceUntil: null, quantities: null },
    expiresAt,
  });
  expect(renewed.license).toMatchObject({ expiresAt, term: { phase: 'ACTIVE' } });
  expect(await codeOf('term', 'renders')).toBe('ENTITLED');
});

test('time runs on while it is suspended; reinstated it is what its dates say', async () => {
  const { stored: made } = await issue('suspended', 'term');
  const { id: licenseId } = made.license;
  await perform({ kind: 'suspendLicense', licenseId });
  expect(await codeOf('suspended', 'renders')).toBe('LICENSE_SUSPENDED');
  await age(made.license, 45);
  expect(await codeOf('suspended', 'renders')).toBe('LICENSE_EXPIRED');
  expect(licenseStatus(await stored(made.license))).toBe('SUSPENDED');
  const { stored: after } = await perform({ kind: 'reinstateLicense', licenseId });
  expect(licenseStatus(after.license)).toBe('EXPIRED');
  await perform({ kind: 'revokeLicense', licenseId });
  expect(await codeOf('suspended', 'renders')).toBe('LICENSE_REVOKED');
});

test('a pool is given its credits with each period of its plan', async () => {
  const { stored: made } = await issue('pool', 'pool', { expiresAt: hence(365) });
  const added = async (): Promise<number> =>
    (await listedEvents(tenant, made.license.customerId)).filter(({ type }) => type === 'credits.added')
      .length;
  expect(await added()).toBe(1);
  await age(made.license, 62);
  await tenant.owner.query(
    `update license set credits_given = (select jsonb_object_agg(k, (v::text)::bigint - 62 * 86400000::bigint)
    from jsonb_each(credits_given) e(k, v)) where id = $1`,
    [made.license.id],
  );
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  expect(await added()).toBe(3);
});

test('licences and a subscription together: what is sold twice adds up', async () => {
  await issue('both', 'forever');
  await subscribeTo(tenant, 'both', 'term');
  const customerId: CustomerId = await createTestCustomer(tenant, 'both');
  const { states, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [customerId]);
  const state = states.get(customerId);
  if (!state) throw new Error('a state for each');
  const decision = decide(state, { feature: 'renders', quantity: 1 }, asOf);
  expect(decision).toMatchObject({ code: 'ENTITLED', limit: 15 });
  expect(decision.sources.map(({ kind }) => kind)).toEqual(['SUBSCRIPTION', 'LICENSE']);
});

test('the licences of a customer are listed, page by page, with their number', async () => {
  const made = [
    await issue('lister', 'forever'),
    await issue('lister', 'term'),
    await issue('lister', 'pool'),
  ];
  const customerId = await createTestCustomer(tenant, 'lister');
  const page = async (after: string | null) => {
    const listed = await listLicenses(tenant.db, tenant.caller.tenantId, [customerId], { first: 2, after });
    const [first] = listed.ok ? listed.pages : [];
    if (!first) throw new Error('a page for each customer');
    return first;
  };
  const first = await page(null);
  const second = await page(first.items[1]?.cursor ?? null);
  expect([...first.items, ...second.items].map(({ node }) => node.license.id)).toEqual(
    made.map(({ stored: { license } }) => license.id),
  );
  expect([first, second].map(({ total, hasNextPage }) => ({ total, hasNextPage }))).toEqual([
    { total: 3, hasNextPage: true },
    { total: 3, hasNextPage: false },
  ]);
});

test('what a licence cannot be is refused, and writes nothing', async () => {
  const before = await tenantRows(tenant, 'select * from license order by id');
  await expect(issue('refused', 'nowhere')).rejects.toThrow('there is no plan `nowhere`');
  await expect(issue('refused', 'forever', { machineLimit: 2 })).rejects.toThrow('not bound to machines');
  await expect(issue('refused', 'term', { expiresAt: hence(-1) })).rejects.toThrow(
    'does not lie after the start',
  );
  expect(await tenantRows(tenant, 'select * from license order by id')).toEqual(before);
});
