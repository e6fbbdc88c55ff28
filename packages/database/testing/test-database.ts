import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { SERVER_URL_VARIABLE, TEMPLATE_DATABASE } from './names.js';

export interface TestDatabase {
  /** As the owner, who is also the server's superuser. */
  readonly url: string;
  /** Ends the connections that are left, and deletes the database. */
  drop(): Promise<void>;
}

/** A migrated, empty database of one's own. Needs the global setup of this folder in the jest configuration. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${process.env['JEST_WORKER_ID'] ?? '0'}_${randomBytes(6).toString('hex')}`;
  const server = serverUrl();
  await execute(server, `create database ${name} template ${TEMPLATE_DATABASE}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.toString(),
    drop: () => execute(server, `drop database if exists ${name} with (force)`),
  };
}

function serverUrl(): string {
  const url = process.env[SERVER_URL_VARIABLE];
  if (url !== undefined) return url;
  throw new Error(
    `${SERVER_URL_VARIABLE} is not set; ` +
      'name `@licet/database/testing/global-setup` and `…/global-teardown` in the jest configuration',
  );
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
