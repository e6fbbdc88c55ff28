import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, Failure } from './failure.js';

/** How a command tells what it has done: for people in words, for machines as JSON. Answers go to stdout, the rest to stderr. */
export interface Output {
  answer(value: object, words: string): void;
  progress(words: string): void;
}

export function outputTo(asJson: boolean): Output {
  return {
    answer: (value, words) => {
      process.stdout.write(`${asJson ? JSON.stringify(value, null, 2) : words}\n`);
    },
    progress: (words) => {
      process.stderr.write(`${words}\n`);
    },
  };
}

/** Runs a command; a failure becomes a sentence on stderr, JSON on stdout where that is wanted, and the exit code. */
export async function run(asJson: boolean, command: (output: Output) => Promise<void> | void): Promise<void> {
  try {
    await command(outputTo(asJson));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { exit, code, message } = error;
    if (asJson) process.stdout.write(`${JSON.stringify({ ok: false, exit, code, message }, null, 2)}\n`);
    process.stderr.write(`licet: ${message}\n`);
    process.exitCode = EXIT[exit];
  }
}

const STDIN = 0;

/** The text of a file; `-` is standard input. `what`: "the licence file". */
export function readText(path: string, what: string): string {
  try {
    return readFileSync(path === '-' ? STDIN : path, 'utf8').trim();
  } catch (error) {
    throw new Failure('USAGE', `${what} cannot be read: ${reasonOf(error)}`);
  }
}

/** For what is done once: a failure now, and not when it is done and what it gave is lost. */
export function mustBeWritable(path: string | undefined, what: string): void {
  if (path === undefined) return;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory() === true) throw new Error(`${path} is a directory`);
    accessSync(there === undefined ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw new Failure('USAGE', `${what} cannot be written: ${reasonOf(error)}; nothing was done`);
  }
}

/** Undefined: nothing is written. */
export function writeText(path: string | undefined, text: string, what: string): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, `${text}\n`);
  } catch (error) {
    throw new Failure('USAGE', `${what} cannot be written: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
