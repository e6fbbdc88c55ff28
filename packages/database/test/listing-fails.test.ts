import { listLicenses, listSeats } from '@licet/database';
import { createOwnTenant, createTestCustomer, type OwnTenant } from '@licet/database/testing';

const CATALOG = {
  catalog: 1,
  name: 'Listed',
  features: { editors: { type: 'seats', kind: 'named' } },
  plans: {},
};

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant(CATALOG);
});
afterAll(() => tenant.close());

/** Runs what cannot be read, and answers with what nobody has heard of. */
async function unheard(read: () => Promise<unknown>, message: string): Promise<unknown[]> {
  const found: unknown[] = [];
  const hear = (reason: unknown): void => void found.push(reason);
  process.on('unhandledRejection', hear);
  await expect(read()).rejects.toThrow(message);
  process.off('unhandledRejection', hear);
  return found;
}

test('a list of licences that cannot be read is one error, and leaves the process alone', async () => {
  const customerId = await createTestCustomer(tenant, 'licensed');
  const read = () => listLicenses(tenant.db, tenant.caller.tenantId, [customerId], { first: 2, after: null });
  await tenant.owner.query('alter table license rename to away');
  const found = await unheard(read, 'license');
  await tenant.owner.query('alter table away rename to license');
  expect(found).toEqual([]);
});

test('a list of seats that cannot be read is one error, and leaves the process alone', async () => {
  const customerId = await createTestCustomer(tenant, 'seated');
  // No text of the database.
  const request = { first: 2, after: null, feature: String.fromCodePoint(0) };
  const read = () => listSeats(tenant.db, tenant.caller.tenantId, [customerId], request);
  expect(await unheard(read, 'invalid byte sequence')).toEqual([]);
});
