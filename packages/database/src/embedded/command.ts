import { spawn } from 'node:child_process';
import { spawnIdentity, type Account } from './account.js';
import { systemCode } from './errors.js';

export interface CommandResult {
  /** Null where the program could not be started or was ended by a signal. */
  readonly code: number | null;
  /** Why it could not be started, such as `EACCES`. */
  readonly systemCode: string | null;
  readonly output: string;
}

/** The environment of every server program: nothing of the caller's `PG…` and locale settings reaches it. */
export const SERVER_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

/**
 * Runs a program to its end as an account, in a process group of its own, so that Ctrl-C reaches it only through
 * `signal`; its group is then ended.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: { account: Account | null; signal?: AbortSignal | undefined },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      ...spawnIdentity(options.account),
      // The caller's own folder may be out of the account's reach.
      cwd: '/',
      env: SERVER_ENVIRONMENT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const read = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    const end = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    };
    options.signal?.addEventListener('abort', end, { once: true });
    const finish = (result: Omit<CommandResult, 'output'>): void => {
      options.signal?.removeEventListener('abort', end);
      resolve({ ...result, output });
    };
    child.on('error', (error) => {
      finish({ code: null, systemCode: systemCode(error) ?? error.message });
    });
    child.on('close', (code) => {
      finish({ code, systemCode: null });
    });
  });
}
