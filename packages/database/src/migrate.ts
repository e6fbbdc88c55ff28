import 'reflect-metadata';
import { runMigrations as runJobMigrations } from 'graphile-worker';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { ensureAppRole, ensureRecorderRole, ensureRollerRole } from './connection/roles.js';
import type { MasterKey } from './crypto/master-key.js';
import { Grants1764400000000 } from './migrations/1764400000000-grants.js';
import { Licenses1764515000000 } from './migrations/1764515000000-licenses.js';
import { Machines1764520000000 } from './migrations/1764520000000-machines.js';
import { LogEnds1764430000000 } from './migrations/1764430000000-log-ends.js';
import { PublicationTimeZones1764420000000 } from './migrations/1764420000000-publication-time-zones.js';
import { Initial1764000000000 } from './migrations/1764000000000-initial.js';
import { Publications1764100000000 } from './migrations/1764100000000-publications.js';
import { AddOnVersions1764200000000 } from './migrations/1764200000000-add-on-versions.js';
import { FormerReleases1764250000000 } from './migrations/1764250000000-former-releases.js';
import { Pauses1764310000000 } from './migrations/1764310000000-pauses.js';
import { OutcomesAsWritten1764330000000 } from './migrations/1764330000000-outcomes-as-written.js';
import { RuleTurns1764240000000 } from './migrations/1764240000000-rule-turns.js';
import { ScheduledPurchases1764340000000 } from './migrations/1764340000000-scheduled-purchases.js';
import { Credits1764500000000 } from './migrations/1764500000000-credits.js';
import { FailuresBeforeStarts1764450000000 } from './migrations/1764450000000-failures-before-starts.js';
import { PlanMigrations1764440000000 } from './migrations/1764440000000-plan-migrations.js';
import { Prorations1764350000000 } from './migrations/1764350000000-prorations.js';
import { RecordedUsage1764470000000 } from './migrations/1764470000000-recorded-usage.js';
import { Reservations1764490000000 } from './migrations/1764490000000-reservations.js';
import { ReservingMembers1764545000000 } from './migrations/1764545000000-reserving-members.js';
import { RolledUnits1764480000000 } from './migrations/1764480000000-rolled-units.js';
import { SettledReservations1764512000000 } from './migrations/1764512000000-settled-reservations.js';
import { DecisionLog1764570000000 } from './migrations/1764570000000-decision-log.js';
import { Snapshots1764580000000 } from './migrations/1764580000000-snapshots.js';
import { Seats1764540000000 } from './migrations/1764540000000-seats.js';
import { DecisionBlocks1764582000000 } from './migrations/1764582000000-decision-blocks.js';
import { ReportedDecisions1764625000000 } from './migrations/1764625000000-reported-decisions.js';
import { LicenseFiles1764640000000 } from './migrations/1764640000000-license-files.js';
import { QuotaLeases1764650000000 } from './migrations/1764650000000-quota-leases.js';
import { AnswersOfBlocks1764670000000 } from './migrations/1764670000000-answers-of-blocks.js';
import { OwnEndsOfSeats1764690000000 } from './migrations/1764690000000-own-ends-of-seats.js';
import { CustomersOfFlushes1764700000000 } from './migrations/1764700000000-customers-of-flushes.js';
import { PiecesOfBlocks1764710000000 } from './migrations/1764710000000-pieces-of-blocks.js';
import { FileBudgets1764661000000 } from './migrations/1764661000000-file-budgets.js';
import { OutcomesAsText1764516000000 } from './migrations/1764516000000-outcomes-as-text.js';
import { SigningKeys1764510000000 } from './migrations/1764510000000-signing-keys.js';
import { Thresholds1764460000000 } from './migrations/1764460000000-thresholds.js';

/** Any number that no other program uses for its advisory lock in this database. */
const MIGRATION_LOCK = 7_245_318_802;

export const MIGRATIONS = [
  Initial1764000000000,
  Publications1764100000000,
  AddOnVersions1764200000000,
  RuleTurns1764240000000,
  FormerReleases1764250000000,
  Pauses1764310000000,
  OutcomesAsWritten1764330000000,
  ScheduledPurchases1764340000000,
  Prorations1764350000000,
  Grants1764400000000,
  PublicationTimeZones1764420000000,
  LogEnds1764430000000,
  PlanMigrations1764440000000,
  FailuresBeforeStarts1764450000000,
  Thresholds1764460000000,
  RecordedUsage1764470000000,
  RolledUnits1764480000000,
  Reservations1764490000000,
  Credits1764500000000,
  SigningKeys1764510000000,
  SettledReservations1764512000000,
  Licenses1764515000000,
  OutcomesAsText1764516000000,
  Machines1764520000000,
  Seats1764540000000,
  ReservingMembers1764545000000,
  DecisionLog1764570000000,
  Snapshots1764580000000,
  DecisionBlocks1764582000000,
  ReportedDecisions1764625000000,
  LicenseFiles1764640000000,
  QuotaLeases1764650000000,
  FileBudgets1764661000000,
  AnswersOfBlocks1764670000000,
  OwnEndsOfSeats1764690000000,
  CustomersOfFlushes1764700000000,
  PiecesOfBlocks1764710000000,
];

/**
 * Brings the database to this version's schema, as its owner. Several processes may start together: one
 * migrates, the others wait for it and find nothing to do.
 */
export async function migrate(options: { url: string; masterKey: MasterKey }): Promise<void> {
  const client = new Client({ connectionString: options.url });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await ensureAppRole(client, options.masterKey);
    await ensureRecorderRole(client, options.masterKey);
    await ensureRollerRole(client, options.masterKey);
    await runSchemaMigrations(options.url);
    await runJobMigrations({ connectionString: options.url });
  } finally {
    await client.end();
  }
}

async function runSchemaMigrations(url: string): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url,
    migrations: MIGRATIONS,
    migrationsTransactionMode: 'all',
  });
  await source.initialize();
  try {
    await source.runMigrations();
  } finally {
    await source.destroy();
  }
}
