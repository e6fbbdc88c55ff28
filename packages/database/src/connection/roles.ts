import type { Client } from 'pg';
import { deriveKey, type MasterKey } from '../crypto/master-key.js';

/** The role that the gateway and the worker log in as: owns nothing, cannot bypass row-level security. */
export const APP_ROLE = 'licet_app';

/** The role that records decisions: it inserts for any tenant, and reads nothing. */
export const RECORDER_ROLE = 'licet_recorder';

/** The role that rolls decisions up: it reads and deletes flushes, writes blocks, and appends to the event log. */
export const ROLLER_ROLE = 'licet_roller';

/** The application role's password: derived, so that it need not be kept anywhere. */
export function appRolePassword(masterKey: MasterKey): string {
  return deriveKey(masterKey, 'database-role').toString('base64url');
}

function recorderRolePassword(masterKey: MasterKey): string {
  return deriveKey(masterKey, 'recorder-role').toString('base64url');
}

function rollerRolePassword(masterKey: MasterKey): string {
  return deriveKey(masterKey, 'roller-role').toString('base64url');
}

/** The same database, as the application role. */
export function appUrl(ownerUrl: string, masterKey: MasterKey): string {
  return urlAs(ownerUrl, APP_ROLE, appRolePassword(masterKey));
}

/** The same database, as the role that records decisions. */
export function recorderUrl(ownerUrl: string, masterKey: MasterKey): string {
  return urlAs(ownerUrl, RECORDER_ROLE, recorderRolePassword(masterKey));
}

/** The same database, as the role that rolls decisions up. */
export function rollerUrl(ownerUrl: string, masterKey: MasterKey): string {
  return urlAs(ownerUrl, ROLLER_ROLE, rollerRolePassword(masterKey));
}

function urlAs(ownerUrl: string, role: string, password: string): string {
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = password;
  return url.toString();
}

/**
 * Makes the application role where it is missing and sets its password and time limits: a process that is
 * frozen inside a transaction holds its locks for 5 seconds at most.
 */
export function ensureAppRole(client: Client, masterKey: MasterKey): Promise<void> {
  return ensureRole(client, APP_ROLE, appRolePassword(masterKey));
}

/** Makes the recorder's role where it is missing, with the same limits; what it may do the migrations say. */
export function ensureRecorderRole(client: Client, masterKey: MasterKey): Promise<void> {
  return ensureRole(client, RECORDER_ROLE, recorderRolePassword(masterKey));
}

/** Makes the role that rolls decisions up where it is missing. It may reckon for longer: whom its locks hold up is other roll-ups of the tenant alone. */
export function ensureRollerRole(client: Client, masterKey: MasterKey): Promise<void> {
  return ensureRole(client, ROLLER_ROLE, rollerRolePassword(masterKey), '60s');
}

async function ensureRole(client: Client, role: string, password: string, idle = '5s'): Promise<void> {
  await client.query(`
    do $$ begin
      create role ${role} login nosuperuser nocreatedb nocreaterole nobypassrls;
    exception when duplicate_object or unique_violation then null;
    end $$`);
  await retryWhileContended(() =>
    client.query(`
      alter role ${role} with login password ${client.escapeLiteral(password)};
      alter role ${role} set idle_in_transaction_session_timeout = '${idle}';
      alter role ${role} set lock_timeout = '2s';
      alter role ${role} set statement_timeout = '10s';`),
  );
  const database = await client.query<{ name: string }>('select current_database() as name');
  const name = database.rows[0]?.name ?? '';
  await client.query(`grant connect on database ${client.escapeIdentifier(name)} to ${role}`);
}

/** Roles belong to the whole server: another database's migration may be changing this one right now. */
async function retryWhileContended(run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await run();
      return;
    } catch (error) {
      if (attempt === 20 || !(error instanceof Error) || !error.message.includes('concurrently updated'))
        throw error;
      await new Promise((resolve) => setTimeout(resolve, 25 * attempt));
    }
  }
}
