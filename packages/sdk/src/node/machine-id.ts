import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A digest of what the operating system names this machine by: it tells machines apart and says nothing else of one. Null where
 * there is no such name, as in many containers.
 */
export async function machineId(): Promise<string | null> {
  const digest = await (known ??= digestOfName());
  if (digest === null) known = null;
  return digest;
}

/** A machine keeps its name for as long as a process lives. */
let known: Promise<string | null> | null = null;

async function digestOfName(): Promise<string | null> {
  const name = await systemName().catch(() => null);
  const text = name?.trim() ?? '';
  return text === '' ? null : hash('sha256', `licet-sdk ${text}`, 'base64url');
}

async function systemName(): Promise<string | null> {
  switch (process.platform) {
    case 'darwin': {
      const { stdout } = await run('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']);
      return /"IOPlatformUUID" = "([^"]+)"/.exec(stdout)?.[1] ?? null;
    }
    case 'win32': {
      const key = 'HKLM\\SOFTWARE\\Microsoft\\Cryptography';
      const { stdout } = await run('reg', ['query', key, '/v', 'MachineGuid']);
      return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(stdout)?.[1] ?? null;
    }
    default:
      return readFile('/etc/machine-id', 'utf8').catch(() => readFile('/var/lib/dbus/machine-id', 'utf8'));
  }
}
