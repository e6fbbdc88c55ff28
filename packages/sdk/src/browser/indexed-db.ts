import type { ClientStorage } from '../storage.js';

const TEXTS = 'texts';
const KEYS = 'keys';
const OWN = 'own';

/**
 * In the browser, for pages and workers of one origin. Its place is told by a key that cannot be exported: a script that copies
 * the texts elsewhere leaves it behind. Who copies the browser's whole profile takes it along.
 */
export function indexedDbStorage(name = 'licet'): ClientStorage {
  const database = lazily(() => open(name));
  return {
    async read(key) {
      const text: unknown = await done((await database()).transaction(TEXTS).objectStore(TEXTS).get(key));
      return typeof text === 'string' ? text : null;
    },
    async write(key, text) {
      // Not flushed to the disk: a page writes every few seconds, and what a power cut takes along is fetched, or sent, again.
      const transaction = (await database()).transaction(TEXTS, 'readwrite');
      transaction.objectStore(TEXTS).put(text, key);
      await committed(transaction);
    },
    async place() {
      const key = await ownKey(await database());
      const mark = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode('licet'));
      return [...new Uint8Array(mark)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    },
  };
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(TEXTS);
    request.result.createObjectStore(KEYS);
  };
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser keeps nothing for this page'));
  });
}

/** That a request has succeeded says little: where there is no space left, its transaction is taken back. An error ends in that, too. */
function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the browser has not kept it'));
  });
}

async function ownKey(database: IDBDatabase): Promise<CryptoKey> {
  const known: unknown = await done(database.transaction(KEYS).objectStore(KEYS).get(OWN));
  if (known instanceof CryptoKey) return known;
  const made = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  // Once for each browser, and without it nothing that is kept can be read.
  const transaction = database.transaction(KEYS, 'readwrite', { durability: 'strict' });
  const store = transaction.objectStore(KEYS);
  // Another page may have made one meanwhile: that one stays.
  const other: unknown = await done(store.get(OWN));
  if (other instanceof CryptoKey) return other;
  store.put(made, OWN);
  await committed(transaction);
  return made;
}
