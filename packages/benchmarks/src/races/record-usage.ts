import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Row, rowOf } from '../harness/results.js';
import { interleaved, Side } from '../harness/rounds.js';
import { RECORDS_IN_LIST } from '../load/spend.js';
import { findClientProgram } from '../processes/client-programs.js';
import { GATEWAY_NODE, Program, withPrograms } from '../processes/program.js';
import { type Psql, withPsql } from '../processes/psql.js';
import type { Race, Setting, Size } from '../race.js';
import { addCustomers, withTenant } from '../seed/tenant.js';
import { type PerSecond, spendsOf } from './spends.js';

const TABLE = path.resolve(__dirname, '../../sql/copy-table.sql');
const COLUMNS =
  'tenant_id, key, kind, request_hash, customer_id, feature, quantity, used_after, outcome, batch_id, at, used_at';
const CUSTOMERS = 1_000;
/** Lists on their way at once. */
const CALLERS: Readonly<Record<Size, number>> = { full: 8, quick: 8, smoke: 2 };
/** That are copied in turn. */
const LISTS: Readonly<Record<Size, number>> = { full: 20, quick: 20, smoke: 2 };
/** How often all of them stand in what is copied in one go. */
const TIMES: Readonly<Record<Size, number>> = { full: 5, quick: 5, smoke: 1 };

/** The rival copies the very rows that were written, and decides nothing. */
export const recordUsage: Race = {
  name: 'record-usage',
  question: 'How many usage events are recorded, beside the same rows that are only copied?',
  async run(setting) {
    const program = await findClientProgram('psql');
    if (program === null)
      return {
        kind: 'SKIPPED',
        reason: 'psql is not installed (Debian: apt-get install postgresql-client)',
      };
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', (ownUrl) =>
      postgres.withDatabase('empty', (peerUrl) =>
        withTenant(ownUrl, async (tenant) => {
          await addCustomers(tenant, CUSTOMERS);
          const starting = [Program.start('load/spender', { nodeArgs: GATEWAY_NODE })] as const;
          return withPrograms(starting, async ([spender]) => {
            const asked = { callers: CALLERS[setting.size], counters: CUSTOMERS };
            const own = spendsOf(tenant, ownUrl, spender)({ ...asked, work: 'records' });
            await own(setting.warmSeconds);
            return withFolder(async (folder) => {
              const lists = await exportLists(program, ownUrl, folder, setting.size);
              return withPsql(program, peerUrl, async (psql) => {
                await psql.tell(`\\i '${TABLE}'`, 'CREATE TABLE');
                return { kind: 'RUN', rows: await race(setting, own, { psql, ...lists }) };
              });
            });
          });
        }),
      ),
    );
  },
};

interface Copied {
  /** One connection: on a small machine two are no faster. */
  readonly psql: Psql;
  /** Files of 1,000 rows each. */
  readonly lists: readonly RowFile[];
  /** All of them, several times. */
  readonly whole: RowFile;
}
interface RowFile {
  readonly file: string;
  readonly rows: number;
}

async function race(
  { rounds, seconds, warmSeconds }: Setting,
  own: PerSecond,
  { psql, lists, whole }: Copied,
): Promise<Row[]> {
  const byLists = copies(psql, lists);
  const atOnce = copies(psql, [whole]);
  const sides = [own, byLists, atOnce].map((side) => new Side(() => side(seconds)));
  if (warmSeconds > 0) for (const warm of [byLists, atOnce]) await warm(warmSeconds);
  await interleaved(rounds, sides);
  const [ours = [], ofLists = [], ofWhole = []] = sides.map((side) => side.results);
  const figures = {
    race: 'record-usage',
    measure: 'lists of 1,000, 1,000 counters',
    unit: 'records/s',
    own: ours,
  };
  return [
    rowOf({
      ...figures,
      peer: { name: 'COPY of the same lists, one after the other', values: ofLists },
      goal: { bound: 'atLeast', ratio: 0.5 },
    }),
    rowOf({
      ...figures,
      peer: { name: `COPY of ${whole.rows.toLocaleString('en')} of the same rows at once`, values: ofWhole },
    }),
  ];
}

/** One file after the other, each durable before the next. */
function copies(psql: Psql, files: readonly RowFile[]): PerSecond {
  return async (seconds) => {
    await psql.tell('truncate usage_record;', 'TRUNCATE TABLE');
    let done = 0;
    const began = performance.now();
    const until = began + seconds * 1000;
    do
      for (const { file, rows } of files) {
        await psql.tell(`\\copy usage_record from '${file}'`, `COPY ${String(rows)}`);
        done += rows;
        if (performance.now() >= until) break;
      }
    while (performance.now() < until);
    const took = (performance.now() - began) / 1000;
    await psql.tell('select count(*) from usage_record;', String(done));
    return done / took;
  };
}

/** Rows as COPY reads and writes them: one on each line. */
async function exportLists(
  program: string,
  url: string,
  folder: string,
  size: Size,
): Promise<Pick<Copied, 'lists' | 'whole'>> {
  const all = path.join(folder, 'all');
  const count = LISTS[size] * RECORDS_IN_LIST;
  const rows = `select ${COLUMNS} from operation where kind = 'record' limit ${String(count)}`;
  await withPsql(program, url, (psql) => psql.tell(`\\copy (${rows}) to '${all}'`, `COPY ${String(count)}`));
  const lines = (await readFile(all, 'utf8')).split('\n').slice(0, -1);
  const write = async (name: string, written: readonly string[]): Promise<RowFile> => {
    const file = path.join(folder, name);
    await writeFile(file, `${written.join('\n')}\n`);
    return { file, rows: written.length };
  };
  const lists: RowFile[] = [];
  for (let from = 0; from < count; from += RECORDS_IN_LIST)
    lists.push(await write(`list-${String(from)}`, lines.slice(from, from + RECORDS_IN_LIST)));
  const whole = await write('whole', Array.from({ length: TIMES[size] }, () => lines).flat());
  return { lists, whole };
}

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'licet-copy-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
