import { DatabaseUnavailableError } from '@licet/database';
import { createOwnTenant, type OwnTenant } from '@licet/database/testing';
import { entityTransaction } from '../src/connection/entities.js';
import { readTransaction, writeTransaction } from '../src/connection/transaction.js';

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant();
});
afterAll(() => tenant.close());

const LIMIT = "set local statement_timeout = '20ms'";
const LONG = 'select pg_sleep(30)';

test('a statement that runs into its time limit is an outage, and is not sent again', async () => {
  const { db, caller } = tenant;
  let runs = 0;
  const attempts = [
    readTransaction(db, caller.tenantId, async (transaction) => {
      runs += 1;
      await transaction.query({ text: LIMIT });
      return transaction.query({ text: LONG });
    }),
    writeTransaction(db, caller.tenantId, (transaction) => {
      runs += 1;
      return transaction
        .query({ text: LIMIT })
        .then(() => ({ value: null, statements: [{ text: LONG }], events: [] }));
    }),
    entityTransaction(db, caller.tenantId, async (manager) => {
      runs += 1;
      await manager.query(LIMIT);
      return manager.query<unknown>(LONG);
    }),
  ];
  for (const outcome of await Promise.allSettled(attempts))
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(DatabaseUnavailableError) });
  expect(runs).toBe(3);
});
