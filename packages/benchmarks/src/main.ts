import 'reflect-metadata';
import { readCommandLine } from './command-line.js';
import { readCommit, readMachine, readVersions } from './harness/machine.js';
import { listed } from './harness/page.js';
import type { Results } from './harness/results.js';
import { tableOf } from './harness/table.js';
import { type BenchPostgres, startPostgres } from './processes/postgres.js';
import { publish } from './publish.js';
import { EFFORT, type Outcome, type Race, type Setting } from './race.js';
import { RACES } from './races/index.js';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
  // Whoever read the output may be gone; what was started is still stopped.
  process.stdout.on('error', () => undefined);
  const args = process.argv.slice(2);
  const { names, size } = readCommandLine(
    args,
    RACES.map((race) => race.name),
  );
  const races = RACES.filter((race) => names.length === 0 || names.includes(race.name));
  const server = new LazyPostgres();
  const broken = new AbortController();
  stopOnSignal(() => {
    broken.abort();
    return server.stop();
  });
  const begun = {
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    size,
    startedAt: new Date().toISOString(),
    commit: await readCommit(),
    machine: readMachine(),
    versions: await readVersions(),
  };
  try {
    const setting = { ...EFFORT[size], size, postgres: () => server.start(), say };
    const outcomes = await runAll(races, setting, broken.signal);
    const postgres = await server.started;
    const results: Results = {
      ...begun,
      versions: { ...begun.versions, ...(postgres ? { postgres: postgres.version } : {}) },
      postgresSettings: { ...postgres?.settings },
      ...gathered(outcomes),
    };
    await report(results, names.length === 0);
    const isStrict = process.env['CI'] === 'true';
    if (results.failed.length > 0 || (isStrict && results.skipped.length > 0)) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}

/** One server for all races, started by the first that needs it. */
class LazyPostgres {
  started: Promise<BenchPostgres> | null = null;

  start(): Promise<BenchPostgres> {
    return (this.started ??= startPostgres());
  }

  async stop(): Promise<void> {
    const server = await this.started;
    await server?.stop();
  }
}

/** A race that fails does not take the others' figures with it. */
async function runAll(
  races: readonly Race[],
  setting: Setting,
  broken: AbortSignal,
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (const race of races) {
    if (broken.aborted) break;
    const began = performance.now();
    say(`\n${race.name}: ${race.question}`);
    const outcome = await race.run(setting).catch(failed);
    outcomes.set(race.name, outcome);
    say(described(outcome, setting));
    say(`(${((performance.now() - began) / 1000).toFixed(1)} s)`);
  }
  return outcomes;
}

function failed(error: unknown): Outcome {
  return { kind: 'FAILED', reason: error instanceof Error ? error.message : String(error) };
}

function described(outcome: Outcome, { size }: Setting): string {
  switch (outcome.kind) {
    case 'SKIPPED':
      return `skipped: ${outcome.reason}`;
    case 'FAILED':
      return `FAILED: ${outcome.reason}`;
    case 'RUN':
      return size === 'smoke' ? 'every body was right' : tableOf(outcome.rows);
  }
}

type Gathered = Pick<Results, 'rows' | 'curves' | 'skipped' | 'failed'>;

function gathered(outcomes: ReadonlyMap<string, Outcome>): Gathered {
  const all: Gathered = { rows: [], curves: [], skipped: [], failed: [] };
  for (const [race, outcome] of outcomes) {
    if (outcome.kind === 'RUN') {
      all.rows.push(...outcome.rows);
      all.curves.push(...(outcome.curves ?? []));
    } else {
      all[outcome.kind === 'SKIPPED' ? 'skipped' : 'failed'].push({ race, reason: outcome.reason });
    }
  }
  return all;
}

async function report(results: Results, isWhole: boolean): Promise<void> {
  const { machine } = results;
  say(`\n${results.command} (${results.commit ?? 'no commit'})`);
  say(
    `${machine.cpu}, ${String(machine.cores)} cores, ${String(machine.memoryGigabytes)} GB, ${machine.system}`,
  );
  say(listed(results.versions));
  say(listed(results.postgresSettings));
  if (results.size === 'smoke') {
    say('figures of so short a run say nothing: none are shown');
  } else {
    say(`\n${tableOf(results.rows)}`);
    const missed = results.rows.filter((row) => row.reached === false);
    say(missed.length === 0 ? 'every goal is reached' : `${String(missed.length)} goals are not reached`);
  }
  for (const { race, reason } of results.skipped) say(`skipped: ${race}: ${reason}`);
  for (const { race, reason } of results.failed) say(`FAILED: ${race}: ${reason}`);
  for (const file of await publish(results, isWhole && results.failed.length === 0)) say(`written: ${file}`);
}

function stopOnSignal(stop: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      void stop().finally(() => process.exit(1));
    });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
