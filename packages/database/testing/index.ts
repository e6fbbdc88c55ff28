export { createTestDatabase, type TestDatabase } from './test-database.js';
export {
  createTestCustomer,
  createTestTenant,
  openTestDatabase,
  subscribeTo,
  TEST_CATALOG,
  type TestTenant,
} from './tenant.js';
export { listedEvents, tenantRows } from './events.js';
export { occupySeat, spend } from './spend.js';
export { SwallowingNetwork } from './swallowing-network.js';
export {
  type AskedOfTest,
  carryOut,
  migrationOf,
  planKeyOf,
  problemsOf,
  publish,
  queueMigration,
} from './migrations.js';
