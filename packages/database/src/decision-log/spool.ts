import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { instant, parseTenantId } from '@licet/domain';
import { errorCode } from '../connection/errors.js';
import type { Flush } from './flush.js';

const ENDING = '.flushes';
/** What could not be read: left for somebody to look at. */
const UNREADABLE = '.unreadable';
const OWNER_ONLY = 0o600;
const MOST_BYTES = 1024 * 1024 * 1024;
/** A disk that has refused is not asked again for so long: all that waits would be written out anew for each look. */
const REFUSED_FOR_MS = 250;

interface SpoolFile {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Flushes on disk while the database is away. Each file holds what was put aside together; it is complete or not there,
 * and goes when its flushes are in the database. What an earlier process has left is delivered, too; where two processes
 * share the directory both may deliver a file, which changes nothing.
 */
export class Spool {
  #bytes: number;
  /** By `performance.now()`. */
  #asksAgainAt = 0;

  private constructor(
    private readonly directory: string,
    private readonly files: SpoolFile[],
    private readonly mostBytes: number,
  ) {
    this.#bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Makes the directory where it is missing; rejects where nothing can be written there. */
  static async open(directory: string, mostBytes = MOST_BYTES): Promise<Spool> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const names = (await readdir(directory)).filter((name) => name.endsWith(ENDING)).sort();
    const files: SpoolFile[] = [];
    for (const name of names) files.push({ name, bytes: (await stat(path.join(directory, name))).size });
    const spool = new Spool(directory, files, mostBytes);
    // Others may be trying the same.
    const probe = `probe-${randomUUID()}`;
    await spool.#write(probe, '');
    await rm(path.join(directory, probe));
    return spool;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.files.length === 0;
  }

  /** Puts flushes on the disk; when it answers true they are there for good. False: there is no room, or the disk refuses. */
  async put(flushes: readonly Flush[]): Promise<boolean> {
    if (performance.now() < this.#asksAgainAt) return false;
    const least = flushes.reduce((sum, { body }) => sum + body.length, 0);
    if (this.#bytes + least > this.mostBytes) return false;
    const text = JSON.stringify(flushes.map((flush) => ({ ...flush, body: flush.body.toString('base64') })));
    const bytes = Buffer.byteLength(text);
    if (this.#bytes + bytes > this.mostBytes) return false;
    // In the order in which they were put, whoever reads them.
    const name = `${String(Date.now()).padStart(15, '0')}-${randomUUID()}${ENDING}`;
    try {
      await this.#write(name, text);
    } catch {
      this.#asksAgainAt = performance.now() + REFUSED_FOR_MS;
      return false;
    }
    this.files.push({ name, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** The flushes of the oldest file; empty where it could not be read, and was set aside. Null: there is none. */
  async oldest(): Promise<readonly Flush[] | null> {
    const [file] = this.files;
    if (!file) return null;
    const whole = path.join(this.directory, file.name);
    const text = await readFile(whole, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    });
    // Another process has delivered it.
    if (text === null) return [];
    const flushes = readFlushes(text);
    if (flushes === null) await rename(whole, whole + UNREADABLE);
    return flushes ?? [];
  }

  /** The oldest file has been delivered. */
  async dropOldest(): Promise<void> {
    const file = this.files.shift();
    if (!file) return;
    this.#bytes -= file.bytes;
    await rm(path.join(this.directory, file.name), { force: true });
  }

  /** Under another name until it is complete and on the disk; where it fails nothing is left. */
  async #write(name: string, text: string): Promise<void> {
    const whole = path.join(this.directory, name);
    const part = `${whole}.part`;
    try {
      await writeDurably(part, text);
      await rename(part, whole);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    const directory = await open(this.directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', OWNER_ONLY);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Null where it is not what `put` writes. */
function readFlushes(text: string): Flush[] | null {
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return null;
    return list.map((one: unknown) => readFlush(one));
  } catch {
    return null;
  }
}

function readFlush(one: unknown): Flush {
  if (typeof one !== 'object' || one === null) throw new TypeError('a flush is an object');
  const fields = new Map<string, unknown>(Object.entries(one));
  const tenantId = parseTenantId(textOf(fields.get('tenantId')));
  if (tenantId === null) throw new TypeError('a flush is of a tenant');
  return {
    tenantId,
    gatewayId: textOf(fields.get('gatewayId')),
    seq: numberOf(fields.get('seq')),
    firstAt: instant(numberOf(fields.get('firstAt'))),
    lastAt: instant(numberOf(fields.get('lastAt'))),
    records: numberOf(fields.get('records')),
    customers: numbersOrNull(fields.get('customers')),
    body: Buffer.from(textOf(fields.get('body')), 'base64'),
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('a field of a flush is text');
}

/** Files of earlier versions do not have them. */
function numbersOrNull(value: unknown): number[] | null {
  return value === undefined || value === null ? null : numbersOf(value);
}

function numbersOf(value: unknown): number[] {
  if (Array.isArray(value)) return value.map(numberOf);
  throw new TypeError('a field of a flush is a list of numbers');
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new TypeError('a field of a flush is a number');
}
