import { hash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ClientStorage } from '../storage.js';
import { machineId } from './machine-id.js';
import { readText } from './read-text.js';

export interface FileStorageOptions {
  /** What tells this machine from others; by default what its operating system names it by. Null: copies are not noticed. */
  readonly place?: string | null;
}

/** In a directory that is made where it is missing; each text a file, replaced by renaming. */
export function fileStorage(directory: string, { place }: FileStorageOptions = {}): ClientStorage {
  return {
    async read(name) {
      try {
        return await readText(fileOf(directory, name));
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async write(name, text) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const file = fileOf(directory, name);
      const next = `${file}.${randomUUID()}`;
      try {
        await writeFile(next, text, { mode: 0o600, flush: true });
        await rename(next, file);
      } catch (error) {
        await rm(next, { force: true });
        throw error;
      }
    },
    place: () => (place === undefined ? machineId() : Promise.resolve(place)),
  };
}

/** Names hold ids, which may be longer than a file's name and not for everybody to read. */
function fileOf(directory: string, name: string): string {
  return path.join(directory, hash('sha256', name, 'base64url'));
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
