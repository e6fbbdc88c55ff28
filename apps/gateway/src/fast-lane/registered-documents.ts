import { LRUCache } from 'lru-cache';

const REGISTERED_CHARACTERS_MAX = 4 * 1024 * 1024;
/** What the GraphQL server puts before the hashes that it asks for. */
const KEY_PREFIX = /^apq:/;

/** Documents by the hexadecimal SHA-256 of their text: those given at start, and those that clients register. */
export class RegisteredDocuments {
  /** Registered by clients, by sending text and hash together once. */
  private readonly registered = new LRUCache<string, string>({
    maxSize: REGISTERED_CHARACTERS_MAX,
    sizeCalculation: (text) => text.length + 1,
  });

  /** `trusted`: given at start, kept for ever. */
  constructor(private readonly trusted: ReadonlyMap<string, string>) {}

  find(hash: string): string | undefined {
    return this.trusted.get(hash) ?? this.registered.get(hash);
  }

  // The GraphQL server keeps its persisted queries here.

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.find(key.replace(KEY_PREFIX, '')));
  }

  set(key: string, text: string): Promise<void> {
    this.registered.set(key.replace(KEY_PREFIX, ''), text);
    return Promise.resolve();
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.registered.delete(key.replace(KEY_PREFIX, '')));
  }
}
