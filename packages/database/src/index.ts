export { type Database, type DatabaseOptions, openDatabase } from './connection/database.js';
export { DatabaseUnavailableError } from './connection/errors.js';
export {
  APP_ROLE,
  appRolePassword,
  appUrl,
  RECORDER_ROLE,
  recorderUrl,
  ROLLER_ROLE,
  rollerUrl,
} from './connection/roles.js';
export { type MasterKey, MasterKeyError, parseMasterKey } from './crypto/master-key.js';
export { newApiKey, type Role, ROLES } from './crypto/api-key.js';
export {
  type LicenseKey,
  licenseKeyDigest,
  licenseKeyHint,
  makeLicenseKey,
  parseLicenseKey,
} from './crypto/license-key.js';
export { migrate } from './migrate.js';
export { type Refused, type Result } from './result.js';
export { type Actor, type ActorKind, type Caller, leafHashOf } from './event-log/append.js';
export { EventFeed, type FeedFollower } from './event-log/event-feed.js';
export { Turns } from './event-log/turns.js';
export { type NatsServers, parseNatsUrl } from './event-log/nats-looks.js';
export { type Followed, LostHistoryError, SlowFollowerError } from './event-log/follower.js';
export {
  checkRevision,
  currentRevision,
  type EventFilter,
  listEvents,
  type StoredEvent,
} from './event-log/read.js';
export { ORIGIN, parseRevision, positionOf, type Revision } from './event-log/revision.js';
export {
  type ApiKey,
  type Authenticated,
  authenticateApiKey,
  listApiKeys,
  touchApiKey,
} from './repositories/api-keys.js';
export {
  type Customer,
  type CustomerSearch,
  findCustomers,
  listCustomers,
} from './repositories/customers.js';
export { creditBlockOwners, type CreditBlockSearch, listCreditBlocks } from './repositories/credit-blocks.js';
export { type OwnedBlock } from './mapping/credit-block.js';
export { type CreditRequest, type CreditResult, executeCreditCommand } from './commands/execute-credits.js';
export { grantOwners, type GrantSearch, listGrants } from './repositories/grants.js';
export { type StoredGrant } from './mapping/grant.js';
export {
  digestOfKey,
  findLicenseKey,
  findLicenses,
  type LicenseOfKey,
  listLicenses,
  newLicenseKey,
} from './repositories/licenses.js';
export { listMachines } from './repositories/machines.js';
export {
  executeMachineCommand,
  type MachineResult,
  unknownLicenseResult,
} from './commands/execute-machine.js';
export {
  executeIssueFile,
  executeSettleFile,
  type FileResult,
  type IssueFileRequest,
  unknownFileResult,
} from './commands/execute-license-file.js';
export { type FileAnswer, type StoredFile } from './mapping/license-file.js';
export { licenseFileOwner, listRevocations } from './repositories/license-files.js';
export {
  type FileProblem,
  signLicenseFile,
  signRevocationList,
  verifyLicenseFile,
  verifyRevocationList,
} from './signing/license-file-token.js';
export { type KnownIdentity, machineIdentity } from './crypto/machine-identity.js';
export { type StoredLicense } from './mapping/license.js';
export {
  executeLicenseCommand,
  type LicenseRequest,
  type LicenseResult,
} from './commands/execute-license.js';
export {
  findPlanMigration,
  listMigrationProblems,
  listPlanMigrations,
  type MigrationProblem,
  type ProblemSearch,
} from './repositories/plan-migrations.js';
export { type JobStatus, type StoredMigration } from './mapping/plan-migration.js';
export { type MeterKey } from './repositories/meters.js';
export { type CountedPage, type Page, type PageRequest } from './repositories/page.js';
export { closedWindows, type LoadedStates, loadStates, type UsageBucket } from './repositories/states.js';
export {
  findRelease,
  listReleases,
  liveRelease,
  type ReleaseSearch,
  type ReleaseStatus,
  type StoredRelease,
  storedLiveRelease,
} from './repositories/stored-releases.js';
export { type SigningKey, type SigningKeyStatus } from './repositories/signing-keys.js';
export { publicKeys, signingKeys, tokenSigner } from './signing/tenant-keys.js';
export { type CustomerToken, isCustomerToken } from './signing/customer-token.js';
export { type PrivateKey, type PublicJwk, SealedKeyError } from './signing/key-pair.js';
export {
  signToken,
  TOKEN_LIFE_MAX,
  TOKEN_TYPES,
  type TokenContent,
  type TokenType,
} from './signing/sign-token.js';
export {
  type TokenProblem,
  type VerifiedToken,
  verifyToken,
  type WantedToken,
} from './signing/verify-token.js';
export { ApiKeyStore } from './states/api-key-store.js';
export { CustomerTokenStore } from './states/customer-token-store.js';
export { LicenseKeyStore } from './states/license-key-store.js';
export { TokenSigners } from './signing/token-signers.js';
export { countSnapshot } from './commands/count-snapshot.js';
export {
  type SnapshotContent,
  type SnapshotProblem,
  signSnapshot,
  type VerifiedSnapshot,
  verifySnapshot,
} from './signing/snapshot-token.js';
export { installationKey, INSTALLATION_ISSUER, type InstallationKey } from './signing/installation-key.js';
export { atUsage } from './states/kept-state.js';
export {
  type AnswerNow,
  type AnswersNow,
  answersSince,
  answersTurnedAfter,
  type TurningEvent,
} from './history/answer-since.js';
export { explainRecord, isExplained } from './history/explain-record.js';
export {
  type ReadState,
  type StampedState,
  StateStore,
  type StateStoreOptions,
} from './states/state-store.js';
export { findSubscriptions, subscriptionsOf } from './repositories/subscriptions.js';
export { updateTenant, type UpdateTenant } from './commands/update-tenant.js';
export { isPublication } from './event-log/publication-events.js';
export { allTenants, findTenant, soleTenant, type Tenant } from './repositories/tenants.js';
export { applyDueBatch, type DueBatch, type DueFailure, dueTenants } from './commands/apply-due.js';
export { createApiKey, type CreateApiKey, type CreatedApiKey } from './commands/create-api-key.js';
export {
  createCustomerToken,
  type CreateCustomerToken,
  type CreatedCustomerToken,
} from './commands/create-customer-token.js';
export { createTenant, ensureAdminKey, type NewTenant } from './commands/create-tenant.js';
export { deleteOldOperations } from './commands/delete-old-operations.js';
export { type CommandRequest, type CommandResult, executeCommand } from './commands/execute-command.js';
export { toldOf } from './repositories/told-of.js';
export { executeGrantCommand, type GrantRequest, type GrantResult } from './commands/execute-grant.js';
export { draftRelease, type DraftRelease } from './commands/draft-release.js';
export { previewCatalog } from './commands/preview-release.js';
export { publishRelease, rollbackRelease } from './commands/publish-release.js';
export { type ReleaseChange } from './commands/release-changes.js';
export { tellOfRelease } from './commands/tell-of-release.js';
export { cancelPlanMigration } from './commands/cancel-plan-migration.js';
export { migratePlan, type MigratePlan } from './commands/migrate-plan.js';
export { migrateBatch, migratingTenants, type MigrationStep } from './commands/migrate-batch.js';
export { type MigrationChange } from './commands/migration-changes.js';
export { withdrawRelease } from './commands/withdraw-release.js';
export { rotateSigningKey, type RotateSigningKey } from './commands/rotate-signing-key.js';
export { revokeApiKey } from './commands/revoke-api-key.js';
export { upsertCustomer, type UpsertCustomer } from './commands/upsert-customer.js';
export {
  type LendRequest,
  type ReserveRequest,
  type ReturnRequest,
  seatRequest,
  type SpendRequest,
  usageEventKey,
  type Verdict,
} from './spending/request.js';
export { listSeats, type SeatSearch } from './repositories/seats.js';
export { type OwnedSeat } from './mapping/seat.js';
export { leaseIdOf } from './spending/quota-leases.js';
export { type MadeHold, type MadeReservation, reservationOf } from './spending/reservations.js';
export { SpendQueue, type SpendQueueOptions } from './spending/spend-queue.js';
export {
  newCreditBlockId,
  newGrantId,
  newLicenseId,
  newLeaseId,
  newLicenseFileId,
  newMachineId,
  newSeatId,
  newSubscriptionId,
} from './ids.js';
export {
  type DecisionFilter,
  lastDecision,
  listDecisions,
  type SoughtDecision,
} from './decision-log/list-decisions.js';
export { type AnsweredDecision, type AnsweredSource, type DecisionRecord } from './decision-log/record.js';
export {
  type DecisionLogMode,
  DecisionRecorder,
  type DecisionRecorderOptions,
} from './decision-log/recorder.js';
export {
  decisionsKept,
  deleteOldDecisions,
  dropEmptyDecisionDays,
  makeDecisionDays,
} from './decision-log/retention.js';
export { NOTHING_PERSONAL, parsePersonalFields, type PersonalFields } from './decision-log/personal-names.js';
export { DecisionReports, REPORTED } from './decision-log/decision-reports.js';
export { type RolledUp, rollingTenants, rollUpDecisions } from './decision-log/roll-up.js';
export { Spool } from './decision-log/spool.js';
