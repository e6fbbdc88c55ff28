import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { interleaved, Side } from '../harness/rounds.js';
import { rowOf } from '../harness/results.js';
import { median } from '../harness/statistics.js';
import type { BenchPostgres } from '../processes/postgres.js';
import { Program, withPrograms } from '../processes/program.js';
import type { Race, Size } from '../race.js';
import { addDueTrials, withTenant } from '../seed/tenant.js';

const DUE: Readonly<Record<Size, number>> = { full: 1_000_000, quick: 200_000, smoke: 2000 };
const STATEMENT = path.resolve(__dirname, '../../sql/apply-due.sql');
const DIGEST = path.resolve(__dirname, '../../sql/transitions-digest.sql');
const SAMPLE_MILLISECONDS = 250;
/** Fewer samples of memory say nothing of its growth. */
const SAMPLES_LEAST = 16;

/** Each run on a fresh copy of one seeded database; what both leave behind must be the same, row for row. */
export const workerRace: Race = {
  name: 'worker',
  question: 'How fast does the worker write down what is due, beside one SQL statement that does?',
  async run(setting) {
    const due = DUE[setting.size];
    const postgres = await setting.postgres();
    return postgres.withDatabase('migrated', async (url) => {
      const tenantId = await withTenant(url, async (tenant) => {
        await addDueTrials(tenant, due);
        return tenant.caller.tenantId;
      });
      const sides = { postgres, url, due, digests: new Set<string>() };
      const own = new Side(() => onCopy(sides, (copy) => runWorker(copy, due)));
      const peer = new Side(() => onCopy(sides, (copy) => runStatement(copy, tenantId)));
      await interleaved(setting.rounds, [own, peer]);
      const rate = ({ seconds }: Run): number => due / seconds;
      const grown = own.results.flatMap(({ memory }) =>
        memory.length < SAMPLES_LEAST ? [] : [quarters(memory)],
      );
      return {
        kind: 'RUN',
        rows: [
          rowOf({
            race: 'worker',
            measure: `${due.toLocaleString('en')} due transitions`,
            unit: 'customers/s',
            own: own.results.map(rate),
            peer: { name: 'one set-based statement', values: peer.results.map(rate) },
            goal: { bound: 'atLeast', ratio: 0.5 },
          }),
          ...(grown.length === 0
            ? []
            : [
                rowOf({
                  race: 'worker',
                  measure: 'memory in the last quarter',
                  unit: 'MB',
                  own: grown.map(({ last }) => last / 1e6),
                  peer: {
                    name: 'the same worker in its second quarter',
                    values: grown.map(({ second }) => second / 1e6),
                  },
                  goal: { bound: 'atMost', ratio: 1.25 },
                }),
              ]),
        ],
      };
    });
  },
};

interface Run {
  readonly seconds: number;
  /** Resident bytes, sampled. */
  readonly memory: readonly number[];
}

interface Copies {
  readonly postgres: BenchPostgres;
  readonly url: string;
  readonly due: number;
  /** Of all runs so far. */
  readonly digests: Set<string>;
}

async function onCopy(
  { postgres, url, due, digests }: Copies,
  run: (copy: string) => Promise<Run>,
): Promise<Run> {
  return postgres.withCopy(url, async (copy) => {
    const result = await run(copy);
    digests.add(await digestOf(copy, due));
    if (digests.size > 1)
      throw new Error(`worker and statement differ in what they wrote: ${[...digests].join('\n')}`);
    return result;
  });
}

async function runWorker(url: string, due: number): Promise<Run> {
  return withPrograms([Program.startApp('worker', url)] as const, async ([worker]) => {
    const began = performance.now();
    const memory: number[] = [];
    let done = 0;
    const finished = new Promise<void>((resolve) => {
      worker.onLine(({ customers }) => {
        done += typeof customers === 'number' ? customers : 0;
        if (done >= due) resolve();
      });
    });
    const sampler = setInterval(() => {
      void worker.memoryBytes().then(
        (bytes) => memory.push(bytes),
        () => undefined,
      );
    }, SAMPLE_MILLISECONDS);
    try {
      await Promise.race([finished, worker.exited]);
      if (done < due) throw new Error('the worker ended before its work did');
      return { seconds: (performance.now() - began) / 1000, memory };
    } finally {
      clearInterval(sampler);
    }
  });
}

async function runStatement(url: string, tenantId: string): Promise<Run> {
  const statement = await readFile(STATEMENT, 'utf8');
  return withClient(url, async (client) => {
    const began = performance.now();
    await client.query(statement, [tenantId]);
    return { seconds: (performance.now() - began) / 1000, memory: [] };
  });
}

async function digestOf(url: string, due: number): Promise<string> {
  const query = await readFile(DIGEST, 'utf8');
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ events: string; positions: string; hashed: boolean }>(query);
    const [row] = rows;
    if (Number(row?.events) !== due || Number(row?.positions) !== due || row?.hashed !== true)
      throw new Error(
        `the log does not tell of ${String(due)} transitions, each once: ${JSON.stringify(row)}`,
      );
    return JSON.stringify(row);
  });
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function quarters(memory: readonly number[]): { second: number; last: number } {
  const quarter = Math.floor(memory.length / 4);
  return { second: median(memory.slice(quarter, 2 * quarter)), last: median(memory.slice(-quarter)) };
}
