import type { JWK } from 'jose';
import { inTurn } from './in-turn.js';
import { isRecord, parseJson } from './json.js';
import type { SeenTimes } from './clock.js';
import type { ClientStorage } from './storage.js';

/** A snapshot as it is kept, with the keys that verify it: they may have retired when it is read again. */
export interface KeptSnapshot {
  readonly token: string;
  readonly keys: readonly JWK[];
  readonly etag: string | null;
  /** Of the storage that it was written to. */
  readonly place: string | null;
}

/** What was seen up to now: kept apart from the snapshot, so that an older one put in its place is noticed. */
export interface Seen extends SeenTimes {
  /** The highest of the customer's snapshots. */
  readonly counter: number;
  /** Whose keys verify; null: none has been seen yet. */
  readonly tenantId: string | null;
  readonly place: string | null;
}

export const NOTHING_SEEN: Seen = { time: 0, skew: 0, starts: 0, counter: 0, tenantId: null, place: null };

/** The two texts of one client in its storage. */
export class Kept {
  constructor(
    private readonly storage: ClientStorage,
    private readonly name: string,
  ) {}

  async snapshot(): Promise<KeptSnapshot | null> {
    return readSnapshotText(await this.storage.read(`${this.name}.snapshot`));
  }

  /** Null: it was never written, or is there no more. */
  async seen(): Promise<Seen | null> {
    return readSeenText(await this.storage.read(`${this.name}.seen`));
  }

  /** The snapshot first: one that is newer than what was seen is good, an older one is not. But none is ever without what was seen. */
  write(snapshot: KeptSnapshot, seen: Seen): Promise<void> {
    return inTurn(this.name, async () => {
      const others = await this.seen();
      if (others === null) await this.#replaceSeen(seen);
      // Another process of this machine may have a newer one.
      if (others === null || others.place !== seen.place || others.counter <= seen.counter)
        await this.storage.write(`${this.name}.snapshot`, JSON.stringify(snapshot));
      await this.#replaceSeen(seen);
    });
  }

  writeSeen(seen: Seen): Promise<void> {
    return inTurn(this.name, () => this.#replaceSeen(seen));
  }

  async #replaceSeen(seen: Seen): Promise<void> {
    const others = await this.seen();
    const all = others !== null && others.place === seen.place ? highest(seen, others) : seen;
    await this.storage.write(`${this.name}.seen`, JSON.stringify(all));
  }
}

/** Time is not among it: a newer snapshot may have put it right. */
function highest(seen: Seen, others: Seen): Seen {
  const isNewer = seen.counter > others.counter;
  return {
    ...seen,
    time: isNewer ? seen.time : Math.max(seen.time, others.time),
    counter: Math.max(seen.counter, others.counter),
    starts: Math.max(seen.starts, others.starts),
  };
}

/** Null for what is no such text: it is as if there was none. */
function parsed(text: string | null): Readonly<Record<string, unknown>> | null {
  const value = text === null ? null : parseJson(text);
  return isRecord(value) ? value : null;
}

function readSnapshotText(text: string | null): KeptSnapshot | null {
  const { token, keys, etag, place } = parsed(text) ?? {};
  if (typeof token !== 'string' || !Array.isArray(keys) || !keys.every(isKey)) return null;
  return { token, keys, etag: textOrNull(etag), place: textOrNull(place) };
}

/** Whether it may be a key of a key set; which one it is the verification tells. */
export function isKey(value: unknown): value is JWK {
  return isRecord(value) && typeof value['kid'] === 'string' && typeof value['kty'] === 'string';
}

function readSeenText(text: string | null): Seen | null {
  const { time, skew, starts, counter, tenantId, place } = parsed(text) ?? {};
  if (!isTime(time) || !isTime(skew) || !isWhole(starts) || !isWhole(counter)) return null;
  return { time, skew, starts, counter, tenantId: textOrNull(tenantId), place: textOrNull(place) };
}

/** Whether a clock can show it, and still does with what is added to it: beyond 8.64e15 there is no time. */
function isTime(value: unknown): value is number {
  return isWhole(value) && Math.abs(value) <= 4e15;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
