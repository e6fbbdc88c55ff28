import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Machine } from './results.js';

const PEERS = [
  '@apollo/server',
  'mercurius',
  'graphql-jit',
  '@launchdarkly/node-server-sdk',
  'ws',
  'graphql',
  'fastify',
];
const PACKAGE = path.resolve(__dirname, '../../package.json');

export function readMachine(): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGigabytes: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    loadBefore: os.loadavg()[0] ?? 0,
  };
}

const packageJson = z.object({ dependencies: z.record(z.string(), z.string()) });

/** Of Node and of the peers, as they are pinned. */
export async function readVersions(): Promise<Record<string, string>> {
  const text = await readFile(PACKAGE, 'utf8');
  const { dependencies } = packageJson.parse(JSON.parse(text));
  const versions: Record<string, string> = { node: process.versions.node, v8: process.versions.v8 };
  for (const name of PEERS) versions[name] = dependencies[name] ?? 'unknown';
  return versions;
}

/** What a run itself writes, and what is no part of what it measures. */
const NOT_MEASURED = 'docs/benchmarks';

/** The commit that is measured; null outside a repository, marked where files differ from it. */
export async function readCommit(folder = __dirname): Promise<string | null> {
  const git = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: folder })).stdout.trim();
  try {
    const commit = await git('rev-parse', '--short=12', 'HEAD');
    const differing = await git('diff', '--name-only', 'HEAD', '--', ':/', `:(top,exclude)${NOT_MEASURED}`);
    return differing === '' ? commit : `${commit}-dirty`;
  } catch {
    return null;
  }
}
