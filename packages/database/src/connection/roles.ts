import type { Client } from 'pg';
import { deriveKey, type MasterKey } from '../crypto/master-key.js';

/** The role that the gateway and the worker log in as: owns nothing, cannot bypass row-level security. */
export const APP_ROLE = 'licet_app';

/** The application role's password: derived, so that it need not be kept anywhere. */
export function appRolePassword(masterKey: MasterKey): string {
  return deriveKey(masterKey, 'database-role').toString('base64url');
}

/** The same database, as the application role. */
export function appUrl(ownerUrl: string, masterKey: MasterKey): string {
  const url = new URL(ownerUrl);
  url.username = APP_ROLE;
  url.password = appRolePassword(masterKey);
  return url.toString();
}

/**
 * Makes the application role where it is missing and sets its password and time limits: a process that is
 * frozen inside a transaction holds its locks for 5 seconds at most.
 */
export async function ensureAppRole(client: Client, masterKey: MasterKey): Promise<void> {
  await client.query(`
    do $$ begin
      create role ${APP_ROLE} login nosuperuser nocreatedb nocreaterole nobypassrls;
    exception when duplicate_object or unique_violation then null;
    end $$`);
  const password = client.escapeLiteral(appRolePassword(masterKey));
  await retryWhileContended(() =>
    client.query(`
      alter role ${APP_ROLE} with login password ${password};
      alter role ${APP_ROLE} set idle_in_transaction_session_timeout = '5s';
      alter role ${APP_ROLE} set lock_timeout = '2s';
      alter role ${APP_ROLE} set statement_timeout = '10s';`),
  );
  const database = await client.query<{ name: string }>('select current_database() as name');
  const name = database.rows[0]?.name ?? '';
  await client.query(`grant connect on database ${client.escapeIdentifier(name)} to ${APP_ROLE}`);
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
