import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { interleaved, Side } from '../harness/rounds.js';
import { rowOf, type Row } from '../harness/results.js';
import { askSpend } from '../load/spend.js';
import { findPgbench, runPgbench } from '../processes/pgbench.js';
import { GATEWAY_NODE, Program, withPrograms } from '../processes/program.js';
import type { Race, Setting, Size } from '../race.js';
import { UNITS } from '../seed/catalog.js';
import { addCustomers, type BenchTenant, withTenant } from '../seed/tenant.js';

const TABLES = path.resolve(__dirname, '../../sql/pgbench-tables.sql');
const COUNTERS = 10_000;
/** Two batches' worth: as many as a busy gateway has waiting. */
const CALLERS: Readonly<Record<Size, number>> = { full: 2048, quick: 2048, smoke: 128 };

/** Both count in the end what the database holds: each grant is a unit and a record, each transaction too. */
export const consumeStorage: Race = {
  name: 'consume-storage',
  question: 'How many durable spends does the storage layer do, beside plain transactions?',
  async run(setting) {
    const program = await findPgbench();
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
                const own = ownSpends(setting, tenant, ownUrl, spender);
                const plain = plainTransactions(peer, peerUrl, program);
                const rows = [
                  await race(setting, 'one hot counter', 25, { own: own(1), plain: plain(1) }),
                  await race(setting, '10,000 counters', 4, { own: own(COUNTERS), plain: plain(COUNTERS) }),
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

/** Spends or transactions a second, over so many seconds. */
type PerSecond = (seconds: number) => Promise<number>;

async function race(
  { rounds, seconds, warmSeconds }: Setting,
  measure: string,
  goal: number,
  { own, plain }: { own: PerSecond; plain: PerSecond },
): Promise<Row> {
  const [ours, peers] = [new Side(() => own(seconds)), new Side(() => plain(seconds))];
  if (warmSeconds > 0) for (const warm of [own, plain]) await warm(warmSeconds);
  await interleaved(rounds, [ours, peers]);
  return rowOf({
    race: 'consume-storage',
    measure,
    unit: 'spends/s',
    own: ours.results,
    peer: { name: 'pgbench, 32 clients, BEGIN, INSERT, UPDATE, COMMIT', values: peers.results },
    goal: { bound: 'atLeast', ratio: goal },
  });
}

function ownSpends(
  setting: Setting,
  { caller, owner }: BenchTenant,
  url: string,
  spender: Program,
): (counters: number) => PerSecond {
  let seed = 0;
  return (counters) => async (seconds) => {
    const before = await spent(owner);
    const order = { url, tenantId: caller.tenantId, callers: CALLERS[setting.size], counters, seconds };
    const report = await askSpend(spender, { ...order, seed: (seed += 1) });
    const after = await spent(owner);
    for (const [name, count] of [
      ['units', after.units - before.units],
      ['records', after.records - before.records],
    ])
      if (count !== report.granted)
        throw new Error(
          `${String(report.granted)} were granted, and the database has ${String(count)} ${String(name)} more`,
        );
    return report.granted / report.seconds;
  };
}

async function spent(owner: Client): Promise<{ units: number; records: number }> {
  const { rows } = await owner.query<{ units: string; records: string }>(
    `select (select sum(used) from meter where feature = $1) as units, (select count(*) from operation where kind = 'consume') as records`,
    [UNITS],
  );
  return { units: Number(rows[0]?.units), records: Number(rows[0]?.records) };
}

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
