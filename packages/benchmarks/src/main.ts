import 'reflect-metadata';
import { type CommandLine, readCommandLine } from './command-line.js';
import { readCommit, readMachine, readVersions } from './harness/machine.js';
import { listed } from './harness/page.js';
import type { Run } from './harness/results.js';
import { withRun } from './harness/runs.js';
import { tableOf } from './harness/table.js';
import { type BenchPostgres, startPostgres } from './processes/postgres.js';
import { EFFORT } from './race.js';
import { RACES } from './races/index.js';
import { PUBLISHED, readResults, SCRATCH, writeResults } from './results-folder.js';
import { runRaces } from './run-races.js';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
  // Whoever read the output may be gone; what was started is still stopped.
  process.stdout.on('error', () => undefined);
  const args = process.argv.slice(2);
  const all = RACES.map((race) => race.name);
  const asked = understood(args, all);
  if (asked === null) return;
  const { names, size, isPublished } = asked;
  const folder = isPublished ? PUBLISHED : (process.env['LICET_BENCH_RESULTS'] ?? SCRATCH);
  const published = isPublished ? readResults(folder) : null;
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
  let written: readonly string[] = [];
  try {
    const run = await runRaces({
      races: RACES.filter((race) => names.length === 0 || names.includes(race.name)),
      setting: { ...EFFORT[size], size, postgres: () => server.start(), say },
      facts: () => ({
        ...begun,
        versions: { ...begun.versions, ...(server.running ? { postgres: server.running.version } : {}) },
        postgresSettings: { ...server.running?.settings },
      }),
      keep: (run) => {
        const results = published ? withRun(published, run) : { runs: [run] };
        if (results !== published) written = writeResults(folder, results, all);
      },
      broken: broken.signal,
    });
    report(run);
    for (const file of written) say(`written: ${file}`);
    const isStrict = process.env['CI'] === 'true';
    if (run.failed.length > 0 || (isStrict && run.skipped.length > 0)) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}

/** Null where it is not, which is said: whoever mistyped wants no stack. */
function understood(args: readonly string[], races: readonly string[]): CommandLine | null {
  try {
    return readCommandLine(args, races);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
    return null;
  }
}

/** One server for all races, started by the first that needs it. */
class LazyPostgres {
  /** Null until then, and where it would not start, which is the failure of each race that needs it. */
  running: BenchPostgres | null = null;
  #starting: Promise<BenchPostgres> | null = null;

  start(): Promise<BenchPostgres> {
    return (this.#starting ??= this.#launch());
  }

  async #launch(): Promise<BenchPostgres> {
    return (this.running = await startPostgres());
  }

  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    await this.running?.stop();
  }
}

function report(run: Run): void {
  const { machine } = run;
  say(`\n${run.command} (${run.commit ?? 'no commit'})`);
  say(
    `${machine.cpu}, ${String(machine.cores)} cores, ${String(machine.memoryGigabytes)} GB, ${machine.system}`,
  );
  say(listed(run.versions));
  say(listed(run.postgresSettings));
  if (run.size === 'smoke') {
    say('figures of so short a run say nothing: none are shown');
  } else {
    say(`\n${tableOf(run.rows)}`);
    const missed = run.rows.filter((row) => row.reached === false);
    say(missed.length === 0 ? 'every goal is reached' : `${String(missed.length)} goals are not reached`);
  }
  for (const { race, reason } of run.skipped) say(`skipped: ${race}: ${reason}`);
  for (const { race, reason } of run.failed) say(`FAILED: ${race}: ${reason}`);
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
