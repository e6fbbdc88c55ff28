import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import type { Row } from '../harness/results.js';
import { findClientProgram } from '../processes/client-programs.js';
import { runPgbench } from '../processes/pgbench.js';
import { GATEWAY_NODE, Program, withPrograms } from '../processes/program.js';
import type { Race, Size } from '../race.js';
import { addCustomers, withTenant } from '../seed/tenant.js';
import { type PerSecond, raceOf, spendsOf } from './spends.js';

const TABLES = path.resolve(__dirname, '../../sql/pgbench-tables.sql');
const COUNTERS = 10_000;
/** Two batches' worth: as many as a busy gateway has waiting. */
const CALLERS: Readonly<Record<Size, number>> = { full: 2048, quick: 2048, smoke: 128 };
const FIGURES = {
  race: 'consume-storage',
  unit: 'spends/s',
  against: 'pgbench, 32 clients, BEGIN, INSERT, UPDATE, COMMIT',
};

/** Both count in the end what the database holds: each grant is a unit and a record, each transaction too. */
export const consumeStorage: Race = {
  name: 'consume-storage',
  question: 'How many durable spends does the storage layer do, beside plain transactions?',
  async run(setting) {
    const program = await findClientProgram('pgbench');
    if (program === null)
      return {
        kind: 'SKIPPED',
        reason: 'pgbench is not installed (Debian: apt-get install postgresql-contrib)',
      };
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (ownUrl) =>
      postgres.withDatabase('empty', (peerUrl) =>
        withTenant(ownUrl, async (tenant) => {
          await addCustomers(tenant, COUNTERS);
          return withPeerTables(peerUrl, (peer) =>
            withPrograms(
              [Program.start('load/spender', { nodeArgs: GATEWAY_NODE })] as const,
              async ([spender]) => {
                const callers = CALLERS[setting.size];
                const spends = spendsOf(tenant, ownUrl, spender);
                const plain = plainTransactions(peer, peerUrl, program);
                const race = (measure: string, goal: number, counters: number): Promise<Row> =>
                  raceOf(
                    setting,
                    { ...FIGURES, measure, goal },
                    spends({ work: 'consume', callers, counters }),
                    plain(counters),
                  );
                const rows = [
                  await race('one hot counter', 25, 1),
                  await race('10,000 counters', 4, COUNTERS),
                ];
                return { kind: 'RUN', rows };
              },
            ),
          );
        }),
      ),
    );
  },
};

async function withPeerTables<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const statement of (await readFile(TABLES, 'utf8')).split(';\n')) await client.query(statement);
    return await work(client);
  } finally {
    await client.end();
  }
}

function plainTransactions(client: Client, url: string, program: string): (counters: number) => PerSecond {
  return (counters) => async (seconds) => {
    const before = await counted(client);
    const { perSecond, transactions } = await runPgbench(program, { url, counters, seconds });
    const after = await counted(client);
    if (after.used - before.used !== transactions || after.events - before.events !== transactions)
      throw new Error(`pgbench has lost some of ${String(transactions)} transactions`);
    return perSecond;
  };
}

async function counted(client: Client): Promise<{ used: number; events: number }> {
  const { rows } = await client.query<{ used: string; events: string }>(
    'select (select sum(used) from counter) as used, (select count(*) from usage_event) as events',
  );
  return { used: Number(rows[0]?.used), events: Number(rows[0]?.events) };
}
