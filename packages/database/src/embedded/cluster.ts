import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.js';
import { runCommand } from './command.js';
import { makePrivateFolder, unusable, type DataHome } from './data-home.js';
import { EmbeddedPostgresError, systemCode } from './errors.js';
import type { NativeFolder } from './native-folder.js';

export interface ClusterOptions {
  readonly home: DataHome;
  readonly native: NativeFolder;
  readonly account: Account | null;
  readonly fsync: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Makes the cluster where there is none, and returns its superuser's password. */
export async function openCluster(options: ClusterOptions): Promise<string> {
  const { home, native } = options;
  if (!existsSync(home.cluster)) return createCluster(options);
  try {
    const made = (await readFile(path.join(home.cluster, 'PG_VERSION'), 'utf8')).trim();
    const brought = native.version.split('.')[0] ?? '';
    if (made !== brought) throw otherVersion(home, made, brought);
    return (await readFile(home.password, 'utf8')).trim();
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    if (systemCode(error) !== 'ENOENT')
      throw unusable(home.folder, 'its files belong to another user', error);
    throw unusable(
      home.folder,
      'it holds a folder `postgres` that this program did not make, or not whole',
      error,
    );
  }
}

function otherVersion(home: DataHome, made: string, brought: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATA_OTHER_VERSION',
    `the data directory \`${home.folder}\` was made by PostgreSQL ${made}, and this program brings ${brought}; ` +
      'move it away to start with an empty one, ' +
      `or set DATABASE_URL to a server of version ${made} that runs on \`${home.cluster}\``,
  );
}

/** The cluster gets its name only when it is whole: a start that is killed here leaves nothing to trip over. */
async function createCluster(options: ClusterOptions): Promise<string> {
  const { home, account } = options;
  const draft = path.join(home.folder, 'postgres.new');
  await rm(draft, { recursive: true, force: true });
  await makePrivateFolder(draft, account);
  const password = randomBytes(24).toString('base64url');
  // Read by initdb as the server's account, which may not see the kept file.
  const handedOver = path.join(draft, 'password');
  await writePrivateFile(handedOver, password, account);
  try {
    await runInitdb(options, path.join(draft, 'cluster'), handedOver);
    await rm(home.password, { force: true });
    await writePrivateFile(home.password, password, null);
    await rename(path.join(draft, 'cluster'), home.cluster);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return password;
}

async function runInitdb(options: ClusterOptions, cluster: string, passwordFile: string): Promise<void> {
  const args = ['-D', cluster, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  args.push('-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  if (!options.fsync) args.push('--no-sync');
  const result = await runCommand(path.join(options.native.folder, 'bin', 'initdb'), args, options);
  options.signal?.throwIfAborted();
  if (result.code === 0) return;
  throw new EmbeddedPostgresError(
    'START_FAILED',
    `a database could not be made in \`${options.home.folder}\`; see why here, or set DATABASE_URL\n` +
      (result.systemCode ?? result.output.trim()),
  );
}

async function writePrivateFile(file: string, text: string, account: Account | null): Promise<void> {
  await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  if (account !== null) await chown(file, account.uid, account.gid);
}
