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

const request = { first: 2, after: null, feature: null };
test.each([
  ['license', listLicenses],
  ['seat', listSeats],
])(
  'a list of each %s that cannot be read is one error, and leaves the process alone',
  async (table, list) => {
    const customerId = await createTestCustomer(tenant, `of ${table}`);
    const unheard: unknown[] = [];
    const hear = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', hear);
    await tenant.owner.query(`alter table ${table} rename to away`);
    await expect(list(tenant.db, tenant.caller.tenantId, [customerId], request)).rejects.toThrow(table);
    await tenant.owner.query(`alter table away rename to ${table}`);
    process.off('unhandledRejection', hear);
    expect(unheard).toEqual([]);
  },
);
