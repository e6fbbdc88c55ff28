export { createTestDatabase, type TestDatabase } from './test-database.js';
export {
  createOwnTenant,
  createTestCustomer,
  createTestTenant,
  durationOf,
  openTestDatabase,
  type OwnTenant,
  subscribeTo,
  TEST_CATALOG,
  type TestTenant,
} from './tenant.js';
export {
  customerOf,
  decisionIds,
  decisionOf,
  EVERY_DECISION,
  listedDecisions,
  putDecisions,
} from './decisions.js';
export { storedDecisions } from './stored-decisions.js';
export { listedEvents, tenantRows } from './events.js';
export { type IssueOfTest, issueLicenseTo } from './licenses.js';
export { occupySeat, spend, spendOne } from './spend.js';
export { counterOf, letPass } from './holds.js';
export { PRESENT } from './present.js';
export { addCredits, blocksOf } from './credits.js';
export { findNatsServer, NatsServer } from './nats-server.js';
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
