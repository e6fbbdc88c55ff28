import { existsSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, mkdtemp, realpath, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.js';
import { runCommand } from './command.js';
import { EmbeddedPostgresError, messageOf, systemCode } from './errors.js';

/** Where root keeps data that the server's account could not reach in the data directory itself. */
const ELSEWHERE = '/var/lib/licet';

/** Paths of one server's files. */
export interface DataHome {
  readonly folder: string;
  /** Postgres's own data directory. */
  readonly cluster: string;
  readonly password: string;
  /** Names the process that runs the server. */
  readonly owner: string;
}

/**
 * Opens the data directory, made where it is missing. A directory that the server's account cannot reach (below
 * `/root`, say) holds a link `elsewhere` to one that it can; deleting the directory still starts afresh.
 */
export async function openDataHome(
  dataDir: string,
  account: (existingCluster: string | null) => Account | null,
): Promise<{ home: DataHome; account: Account | null }> {
  try {
    await mkdir(dataDir, { recursive: true });
    const link = path.join(dataDir, 'elsewhere');
    const folder = await realpath((await linkedFolderExists(link)) ? link : dataDir);
    const home = pathsIn(folder);
    const chosen = account(existsSync(home.cluster) ? home.cluster : null);
    if (chosen === null || (await canReach(chosen, folder))) return { home, account: chosen };
    return { home: pathsIn(await makeElsewhere(link, chosen)), account: chosen };
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS' && code !== 'ENOTDIR' && code !== 'EEXIST')
      throw error;
    throw unusable(dataDir, messageOf(error), error);
  }
}

/** False, and the link gone, where it leads nowhere. */
async function linkedFolderExists(link: string): Promise<boolean> {
  if (existsSync(link)) return true;
  if (await lstat(link).catch(() => null)) await unlink(link);
  return false;
}

export function unusable(dataDir: string, reason: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATA_UNUSABLE',
    `the data directory \`${dataDir}\` cannot be used: ${reason}; ` +
      'start as the user who owns it, or set LICET_DATA_DIR to another directory',
    { cause },
  );
}

function pathsIn(folder: string): DataHome {
  return {
    folder,
    cluster: path.join(folder, 'postgres'),
    password: path.join(folder, 'postgres-password'),
    owner: path.join(folder, 'owner'),
  };
}

async function canReach(account: Account, folder: string): Promise<boolean> {
  const result = await runCommand('/bin/sh', ['-c', 'cd "$0"', folder], { account });
  return result.code === 0;
}

async function makeElsewhere(link: string, account: Account): Promise<string> {
  await mkdir(ELSEWHERE, { recursive: true });
  const folder = await mkdtemp(path.join(ELSEWHERE, 'data-'));
  await chmod(folder, 0o711);
  if (!(await canReach(account, folder))) {
    throw unusable(
      path.dirname(link),
      `the account \`${account.name}\` can reach neither it nor \`${folder}\``,
    );
  }
  await symlink(folder, link);
  return folder;
}

/** Makes a folder that only the account can enter. */
export async function makePrivateFolder(folder: string, account: Account | null): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  if (account !== null) await chown(folder, account.uid, account.gid);
}
