import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Instant, instant } from '@licet/domain';
import { Client } from 'pg';
import { rowOf, type Row } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { median, percentile } from '../harness/statistics.js';
import { askNewest, type NewestOrder } from '../load/newest.js';
import { GATEWAY_NODE, Program, withPrograms } from '../processes/program.js';
import type { Race, Setting, Size } from '../race.js';
import { CUSTOMERS, customerOf, decisionAt, decisionId, recordDecisions } from '../seed/decisions.js';
import { type BenchTenant, customerName, withTenant } from '../seed/tenant.js';

const TABLE = path.resolve(__dirname, '../../sql/decision-row.sql');
const DECISIONS: Readonly<Record<Size, number>> = { full: 10_000_000, quick: 1_000_000, smoke: 12_000 };
/** In each round, one after the other, each of another customer. */
const QUERIES: Readonly<Record<Size, number>> = { full: 500, quick: 500, smoke: 20 };
const PAGE = 50;
/** A customer's newest decisions are asked for, in milliseconds. */
const GOAL = 10;
/** Rows that are inserted into the whole table, in a statement for as many as a flush holds, to tell what one costs. */
const INSERTED: Readonly<Record<Size, number>> = { full: 51_200, quick: 51_200, smoke: 1_024 };
const IN_STATEMENT = 512;

/** Each answer must be the very decisions that the customer was given last, newest first. */
export const decisionsQuery: Race = {
  name: 'decisions-query',
  question: "How long does it take to find one customer's newest decisions, beside a row for each decision?",
  async run(setting) {
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (url) =>
      postgres.withDatabase('empty', (peerUrl) =>
        withTenant(url, (tenant) =>
          withPeer(peerUrl, async (peer) => {
            const count = DECISIONS[setting.size];
            const begin = tomorrow();
            const own = await record(setting, tenant, count, begin);
            const rows = await insertRows(setting, peer, tenant, count, begin);
            // A process of its own, with the gateway's options: it is the gateway that is asked.
            const starting = [Program.start('load/decision-reader', { nodeArgs: GATEWAY_NODE })] as const;
            return withPrograms(starting, async ([reader]) => {
              const sides = { reader, tenant, url, peerUrl, count, own, rows };
              return { kind: 'RUN', rows: await race(setting, sides) };
            });
          }),
        ),
      ),
    );
  },
};

/** The next day has a partition of its own. */
function tomorrow(): Instant {
  const day = 86_400_000;
  return instant((Math.floor(Date.now() / day) + 1) * day);
}

async function withPeer<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Bytes for each decision, on disk and with indexes, and microseconds to write one. */
interface Cost {
  readonly bytes: number;
  readonly microseconds: number;
}

async function record(setting: Setting, tenant: BenchTenant, count: number, begin: Instant): Promise<Cost> {
  const began = performance.now();
  await recordDecisions(tenant, count, begin, (recorded) => {
    if (recorded % (16 * 65_536) === 0) setting.say(`  ${recorded.toLocaleString('en')} recorded`);
  });
  const microseconds = ((performance.now() - began) * 1000) / count;
  // As autovacuum does in time: flushes that were rolled up leave their room.
  await tenant.owner.query('vacuum analyze');
  const { rows } = await tenant.owner.query<{ bytes: string; blocks: number; rolled: number; tail: number }>(
    `select (select sum(pg_total_relation_size(relid)) from pg_partition_tree('decision_block') where isleaf) as bytes,
       (select count(*)::int from decision_block) as blocks, (select sum(records)::int from decision_block) as rolled,
       (select coalesce(sum(records), 0)::int from decision_flush) as tail`,
  );
  const [found] = rows;
  if (!found || found.rolled + found.tail !== count)
    throw new Error(`the log does not hold ${String(count)} decisions`);
  const bytes = Number(found.bytes) / found.rolled;
  setting.say(
    `  decision_block: ${Number(found.bytes).toLocaleString('en')} bytes in ${found.blocks.toLocaleString('en')} rows for ${found.rolled.toLocaleString('en')} decisions; not rolled up: ${String(found.tail)}`,
  );
  return { bytes, microseconds };
}

/** All but the last ones are made by the server itself, and get their indexes when they are in. */
async function insertRows(
  setting: Setting,
  peer: Client,
  { caller }: BenchTenant,
  count: number,
  begin: Instant,
): Promise<Cost> {
  await peer.query(await readFile(TABLE, 'utf8'));
  const inserted = Math.min(count, INSERTED[setting.size]);
  const copied = 65_536;
  const insert = (from: number, to: number): Promise<unknown> => {
    const records = Array.from({ length: to - from }, (_, n) => decisionAt(from + n, begin));
    return peer.query({
      name: 'insert-rows',
      text: `insert into decision_row select $1, id, to_timestamp(at / 1000), customer_id, feature, allowed, code, request_id, body
             from unnest($2::text[], $3::float8[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::text[], $9::text[])
               as r (id, at, customer_id, feature, allowed, code, request_id, body)`,
      values: [
        caller.tenantId,
        records.map(({ decision }) => decision.id),
        records.map(({ at }) => at),
        records.map(({ decision }) => decision.customerId),
        records.map(({ decision }) => decision.feature),
        records.map(({ decision }) => decision.allowed),
        records.map(({ decision }) => decision.code),
        records.map(({ requestId }) => requestId),
        records.map(bodyOf),
      ],
    });
  };
  // The same bodies over and over: a row is as large as it is.
  const first = Math.min(copied, count - inserted);
  for (let from = 0; from < first; from += IN_STATEMENT * 8)
    await insert(from, Math.min(first, from + IN_STATEMENT * 8));
  await peer.query('create table model as select row_number() over () - 1 as n, body from decision_row');
  for (let from = first; from < count - inserted; from += copied) {
    const to = Math.min(count - inserted, from + copied);
    const numbers = Array.from({ length: to - from }, (_, n) => from + n);
    await peer.query(
      `insert into decision_row select $1, r.id, to_timestamp(r.at / 1000), r.customer, 'calls-01', true, 'ENTITLED', r.id, m.body
       from unnest($2::text[], $3::float8[], $4::text[]) with ordinality as r (id, at, customer, place) join model m on m.n = r.place - 1`,
      [
        caller.tenantId,
        numbers.map((n) => decisionId(n)),
        numbers.map((n) => decisionAt(n, begin).at),
        numbers.map((n) => customerName(customerOf(n))),
      ],
    );
  }
  await peer.query('drop table model');
  await peer.query('alter table decision_row add primary key (tenant_id, id)');
  await peer.query('create index on decision_row (tenant_id, customer_id, at)');
  await peer.query('create index on decision_row (tenant_id, at)');
  await peer.query('checkpoint');
  const began = performance.now();
  for (let from = count - inserted; from < count; from += IN_STATEMENT)
    await insert(from, Math.min(count, from + IN_STATEMENT));
  const microseconds = ((performance.now() - began) * 1000) / inserted;
  await peer.query('vacuum analyze decision_row');
  const { rows } = await peer.query<{ bytes: string; rows: number }>(
    `select pg_total_relation_size('decision_row') as bytes, (select count(*)::int from decision_row) as rows`,
  );
  const [found] = rows;
  if (found?.rows !== count) throw new Error(`the peer does not hold ${String(count)} decisions`);
  setting.say(
    `  decision_row: ${Number(found.bytes).toLocaleString('en')} bytes in ${found.rows.toLocaleString('en')} rows`,
  );
  return { bytes: Number(found.bytes) / count, microseconds };
}

function bodyOf({ operation, input, actor, decision }: ReturnType<typeof decisionAt>): string {
  const { id: _id, customerId: _customer, feature: _feature, code: _code, ...answer } = decision;
  return JSON.stringify({ operation, input, actor, answer });
}

interface Sides {
  readonly reader: Program;
  readonly tenant: BenchTenant;
  readonly url: string;
  readonly peerUrl: string;
  readonly count: number;
  readonly own: Cost;
  readonly rows: Cost;
}

async function race(setting: Setting, sides: Sides): Promise<Row[]> {
  const { reader, tenant, url, peerUrl, count } = sides;
  const { tenantId } = tenant.caller;
  const newest = newestOf(count);
  let asked = 0;
  const timed = (of: Pick<NewestOrder, 'from' | 'url'>) => async (): Promise<number[]> => {
    const numbers = Array.from({ length: QUERIES[setting.size] }, () => customerOf((asked += 1)));
    const customers = numbers.map(customerName);
    const { times, ids } = await askNewest(reader, { ...of, tenantId, customers, most: PAGE });
    numbers.forEach((customer, query) => {
      if (ids[query]?.join() !== (newest.get(customer) ?? []).join())
        throw new Error(`these are not the newest decisions of ${customerName(customer)}`);
    });
    return times;
  };
  const queries = [timed({ from: 'log', url }), timed({ from: 'rows', url: peerUrl })] as const;
  const [own, rows] = [new Side(queries[0]), new Side(queries[1])];
  if (setting.warmSeconds > 0) for (const side of [queries[0], queries[1]]) await side();
  await interleaved(setting.rounds, [own, rows]);
  const figures = { race: 'decisions-query', unit: 'ms' };
  const peerOf = (values: readonly number[]) => ({ name: 'a row for each decision', values });
  const measured = `newest ${String(PAGE)} of one customer among ${count.toLocaleString('en')}`;
  const p = (side: Side<number[]>, share: number): number[] =>
    side.results.map((times) => percentile(times, share));
  return [
    rowOf({
      ...figures,
      measure: `${measured}, p99`,
      own: p(own, 0.99),
      peer: { name: `the goal: ${String(GOAL)} ms`, values: [GOAL] },
      goal: { bound: 'atMost', ratio: 1 },
    }),
    rowOf({ ...figures, measure: `${measured}, p99`, own: p(own, 0.99), peer: peerOf(p(rows, 0.99)) }),
    rowOf({
      ...figures,
      measure: `${measured}, p50`,
      own: own.results.map(median),
      peer: peerOf(rows.results.map(median)),
    }),
    rowOf({
      ...figures,
      measure: 'bytes of a decision, indexes included',
      unit: 'bytes',
      own: [sides.own.bytes],
      peer: peerOf([sides.rows.bytes]),
    }),
    rowOf({
      ...figures,
      measure: 'recorded, packed and rolled up, one process',
      unit: 'us',
      own: [sides.own.microseconds],
      peer: { ...peerOf([sides.rows.microseconds]), name: `INSERT of ${String(IN_STATEMENT)} rows each` },
    }),
  ];
}

/** The ids of each customer's newest decisions. */
function newestOf(count: number): ReadonlyMap<number, readonly string[]> {
  const newest = new Map<number, string[]>();
  let full = 0;
  for (let n = count - 1; n >= 0 && full < CUSTOMERS; n -= 1) {
    const customer = customerOf(n);
    const ids = newest.get(customer) ?? [];
    newest.set(customer, ids);
    if (ids.length === PAGE) continue;
    ids.push(decisionId(n));
    if (ids.length === PAGE) full += 1;
  }
  return newest;
}
