import { access, constants, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Debian keeps some of them off the path. */
const DEBIAN = '/usr/lib/postgresql';

/** Where a program that comes with PostgreSQL is installed; null where it is not. */
export async function findClientProgram(
  name: 'pgbench' | 'psql',
  folders?: readonly string[],
): Promise<string | null> {
  for (const folder of folders ?? (await usualFolders())) {
    const file = path.join(folder, name);
    if (await isProgram(file)) return file;
  }
  return null;
}

async function usualFolders(): Promise<string[]> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const newestFirst = versions.toSorted((one, other) => Number(other) - Number(one));
  return [
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    ...newestFirst.map((version) => path.join(DEBIAN, version, 'bin')),
  ];
}

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Arguments and environment by which these programs connect. */
export function connectionTo(url: string): {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
} {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    args: ['-h', hostname, '-p', port, '-U', username, pathname.slice(1)],
    env: { ...process.env, PGPASSWORD: password },
  };
}
