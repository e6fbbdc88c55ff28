import { Overdue, within } from './deadline.js';

/** Where a client keeps what it needs to start without a network. */
export interface ClientStorage {
  /** The text under this name; null: there is none. */
  read(name: string): Promise<string | null>;
  /** Replaces the text as a whole: who reads meanwhile finds the one before. */
  write(name: string, text: string): Promise<void>;
  /** Tells this place from a copy of it elsewhere; null: nothing here does, and copies are not noticed. */
  place(): Promise<string | null>;
}

/** Forgotten with the process. */
export function memoryStorage(): ClientStorage {
  const texts = new Map<string, string>();
  return {
    read: (name) => Promise.resolve(texts.get(name) ?? null),
    write: (name, text) => {
      texts.set(name, text);
      return Promise.resolve();
    },
    place: () => Promise.resolve(null),
  };
}

/**
 * A storage that has not answered in time has failed, and is asked nothing more until it does answer: what it is still at could end up
 * in the place of what comes after it.
 */
export function boundedStorage(storage: ClientStorage, milliseconds: number): ClientStorage {
  const overdue = new Set<Promise<unknown>>();
  async function ask<T>(work: () => Promise<T>): Promise<T> {
    if (overdue.size > 0) throw new Overdue('the storage still has not answered');
    const asked = work();
    const answered = (): void => void overdue.delete(asked);
    asked.then(answered, answered);
    try {
      return await within(asked, milliseconds, 'the storage');
    } catch (error) {
      if (error instanceof Overdue) overdue.add(asked);
      throw error;
    }
  }
  return {
    read: (name) => ask(() => storage.read(name)),
    write: (name, text) => ask(() => storage.write(name, text)),
    place: async () => readPlace(await ask(() => storage.place())),
  };
}

/** Programs without types have other things to say for none, and what is kept is compared with what is told at the next start. */
function readPlace(place: unknown): string | null {
  if (place === undefined || place === null) return null;
  if (typeof place === 'string') return place;
  throw new Error(`the storage tells its place by a text, or null, and not by the type ${typeof place}`);
}
