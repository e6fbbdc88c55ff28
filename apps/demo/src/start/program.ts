import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit, PartFailedError, remember, type Part, type PartExit } from './part.js';

/** A Node program that tells its parent `ready` over its IPC channel. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Must answer 200, besides, before the program counts as ready. */
  readonly readyUrl?: string;
}

export interface RunningProgram extends Part {
  readonly ready: Promise<void>;
}

export interface ProgramOptions {
  readonly write: (line: string) => void;
  /** Between SIGTERM and SIGKILL. */
  readonly stopWithinMilliseconds: number;
  readonly readyWithinMilliseconds: number;
}

/**
 * Starts a program in a process group of its own, so that Ctrl-C reaches it only through `stop`. If this process
 * is killed, the program's IPC channel closes (`disconnect`), and it is to end by itself.
 */
export function startProgram(program: Program, options: ProgramOptions): RunningProgram {
  const child = spawn(program.command, program.args, {
    env: program.env ?? {},
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      remember(lastLines, line);
      options.write(`${program.name} | ${line}`);
    });
  }
  const exited = exitOf(child);
  let stopping: Promise<void> | undefined;
  const part: Part = {
    name: program.name,
    lastLines,
    exited,
    stop: () => (stopping ??= stopChild(child, exited, options.stopWithinMilliseconds)),
  };
  const ready = untilReady(child, part, program, options);
  // Whoever awaits it is told; nobody may.
  ready.catch(() => undefined);
  return { ...part, ready };
}

/** Waits for the last output, too, but not for descendants that hold on to the pipes. */
function exitOf(child: ChildProcess): Promise<PartExit> {
  return new Promise((resolve) => {
    child.on('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
    child.on('close', (code, signal) => {
      resolve({ code, signal });
    });
    child.on('exit', (code, signal) => {
      setTimeout(resolve, 500, { code, signal });
    });
  });
}

async function stopChild(
  child: ChildProcess,
  exited: Promise<PartExit>,
  withinMilliseconds: number,
): Promise<void> {
  child.kill('SIGTERM');
  const force = setTimeout(() => {
    killGroup(child);
  }, withinMilliseconds);
  await exited;
  clearTimeout(force);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, 'SIGKILL');
}

async function untilReady(
  child: ChildProcess,
  part: Part,
  program: Program,
  options: ProgramOptions,
): Promise<void> {
  const called = new AbortController();
  const told = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve();
    });
  });
  const ready = told.then(() =>
    program.readyUrl === undefined ? undefined : untilOk(program.readyUrl, called.signal),
  );
  const failed = part.exited.then((exit) => {
    throw new PartFailedError(part, describeExit(exit));
  });
  const late = sleep(options.readyWithinMilliseconds, undefined, { signal: called.signal }).then(() => {
    throw new PartFailedError(
      part,
      `did not get ready within ${String(options.readyWithinMilliseconds / 1000)} s`,
    );
  });
  late.catch(() => undefined);
  try {
    await Promise.race([ready, failed, late]);
  } finally {
    called.abort();
  }
}

async function untilOk(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) }).catch(
      () => null,
    );
    await answer?.body?.cancel();
    if (answer?.status === 200) return;
    await sleep(50);
  }
}
