import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Where nats-server is installed; null where it is not. Debian keeps it in a folder that is not on everybody's path. */
export function findNatsServer(): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin'];
  return folders.map((folder) => path.join(folder, 'nats-server')).find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A real nats-server on a port of its own, which may be killed and comes back at the same address. */
export class NatsServer {
  #child: ChildProcess | null = null;
  #port = -1;

  private constructor(private readonly program: string) {}

  static async start(program: string): Promise<NatsServer> {
    const server = new NatsServer(program);
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${String(this.#port)}`;
  }

  /** After `kill`: at the same address. */
  async start(): Promise<void> {
    const folder = mkdtempSync(path.join(tmpdir(), 'licet-nats-'));
    try {
      const args = ['-a', '127.0.0.1', '-p', String(this.#port), '--ports_file_dir', folder];
      this.#child = spawn(this.program, args, { stdio: 'ignore' });
      for (let file = portsFile(folder); ; file = portsFile(folder)) {
        const port = file === null ? null : portIn(readFileSync(file, 'utf8'));
        if (port !== null) {
          this.#port = port;
          return;
        }
        if (this.#child.exitCode !== null) throw new Error('nats-server did not start');
        await delay(10);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

function portsFile(folder: string): string | null {
  const name = readdirSync(folder).find((one) => one.endsWith('.ports'));
  return name === undefined ? null : path.join(folder, name);
}

/** Null while the file is being written. */
function portIn(text: string): number | null {
  const found = /nats:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}
