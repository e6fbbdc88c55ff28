import type { Instant } from '@licet/domain';
import type { Access } from '../access.js';
import { authenticate } from '../access.js';
import type { Services } from '../context.js';

/** Longest wait that a timer of Node takes. */
const WAIT_MAX_MILLISECONDS = 2 ** 31 - 1;
const RETRY_MILLISECONDS = 1000;
/** Where the clocks differ by a little, an end is waited for again. */
const SOON_MILLISECONDS = 10;

/** What rests on a credential, a key or a token. */
export interface KeyHolder {
  /** It is revoked, or has come to its end. */
  keyEnded(): void;
}

/** The keys that sockets are open with. Sockets with the same key share one: it is looked at once for all of them. */
export class SocketKeys {
  readonly #keys = new Map<string, SocketKey>();

  constructor(private readonly services: Services) {}

  /**
   * The key that a header names, held to account from now on, until the holder leaves it. `header`: the
   * `Authorization` header, or what stands in its place. Whether it allows anything is for `SocketKey.open` to say.
   */
  hold(header: unknown, holder: KeyHolder): SocketKey {
    const name = typeof header === 'string' ? header : '';
    const known = this.#keys.get(name);
    const key =
      known ??
      new SocketKey(this.services, name, () => {
        this.#keys.delete(name);
      });
    if (!known) this.#keys.set(name, key);
    key.add(holder);
    return key;
  }
}

/** One key, held to account as long as a socket is open with it. */
export class SocketKey {
  readonly #holders = new Set<KeyHolder>();
  #stopListening: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #expiresAt: Instant | null = null;

  constructor(
    private readonly services: Services,
    private readonly header: string,
    private readonly onUnused: () => void,
  ) {}

  add(holder: KeyHolder): void {
    this.#holders.add(holder);
  }

  leave(holder: KeyHolder): void {
    if (!this.#holders.delete(holder) || this.#holders.size > 0) return;
    this.#stopListening?.();
    if (this.#timer) clearTimeout(this.#timer);
    this.onUnused();
  }

  /** What the key allows now; null where it allows nothing, or nothing any more. */
  async access(): Promise<Access | null> {
    const access = await authenticate(this.services, this.header);
    if (access === null) this.#endAll();
    return access;
  }

  #endAll(): void {
    for (const holder of [...this.#holders]) holder.keyEnded();
  }

  /** What the key allows, looked after from now on; null where it allows nothing. */
  async open(): Promise<Access | null> {
    const access = await authenticate(this.services, this.header);
    if (access === null || this.#isUnused) return null;
    if (this.#stopListening !== null) return access;
    this.#stopListening = this.#listen(access);
    this.#waitForEnd(access);
    // It may have ended while nobody listened yet.
    return authenticate(this.services, this.header);
  }

  /** To what may end the credential before its time. */
  #listen({ isRevocable, tenantId }: Access): () => void {
    if (!isRevocable) return () => undefined;
    return this.services.keys.onForgotten(tenantId, () => void this.#lookAgain());
  }

  get #isUnused(): boolean {
    return this.#holders.size === 0;
  }

  #waitForEnd({ expiresAt }: Access): void {
    this.#expiresAt = expiresAt;
    if (expiresAt !== null) this.#lookAgainIn(expiresAt - this.services.feed.clock.now(), SOON_MILLISECONDS);
  }

  #lookAgainIn(milliseconds: number, atLeast: number): void {
    if (this.#isUnused) return;
    if (this.#timer) clearTimeout(this.#timer);
    const wait = Math.min(Math.max(milliseconds, atLeast), WAIT_MAX_MILLISECONDS);
    this.#timer = setTimeout(() => void this.#lookAgain(), wait).unref();
  }

  async #lookAgain(): Promise<void> {
    if (this.#isUnused) return;
    // What has ended by itself has ended, whether the database can be asked or not.
    if (this.#expiresAt !== null && this.#expiresAt <= this.services.feed.clock.now()) {
      this.#endAll();
      return;
    }
    try {
      const access = await this.access();
      if (access) this.#waitForEnd(access);
    } catch (error) {
      // Known keys go on while the database is away (docs/decisions/0006), and are looked at when it is back.
      this.services.logger.warn({ err: error }, 'a key on sockets could not be looked at; trying again');
      this.#lookAgainIn(RETRY_MILLISECONDS, RETRY_MILLISECONDS);
    }
  }
}
