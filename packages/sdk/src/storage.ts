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
