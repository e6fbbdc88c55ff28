import type { Instant, TenantId } from '@licet/domain';
import { type Access, authenticate } from '../access.js';
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

/** What a credential is held to. */
export interface Held {
  readonly tenantId: TenantId;
  /** When it ends by itself; null: never. */
  readonly expiresAt: Instant | null;
  /** Whether it may end before its time. */
  readonly isRevocable: boolean;
}

/** Keys that something is open with. Those who hold the same one share it: it is looked at once for all of them. */
export class HeldKeys<Allowed extends Held> {
  readonly #keys = new Map<string, SocketKey<Allowed>>();

  constructor(private readonly services: Services) {}

  /**
   * The key of that name, held to account from now on, until the holder leaves it. `look`: what it allows now; null: nothing, or nothing any
   * more. Whether it allows anything is for `SocketKey.open` to say.
   */
  hold(name: string, look: () => Promise<Allowed | null>, holder: KeyHolder): SocketKey<Allowed> {
    const known = this.#keys.get(name);
    const key =
      known ??
      new SocketKey(this.services, look, () => {
        this.#keys.delete(name);
      });
    if (!known) this.#keys.set(name, key);
    key.add(holder);
    return key;
  }
}

/** The credentials that sockets are open with. */
export class SocketKeys {
  readonly #keys: HeldKeys<Access>;

  constructor(private readonly services: Services) {
    this.#keys = new HeldKeys(services);
  }

  /** As `HeldKeys.hold`. `header`: the `Authorization` header, or what stands in its place. */
  hold(header: unknown, holder: KeyHolder): SocketKey {
    const name = typeof header === 'string' ? header : '';
    return this.#keys.hold(name, () => authenticate(this.services, name), holder);
  }
}

/** One key, held to account as long as a socket, or a stream, is open with it. */
export class SocketKey<Allowed extends Held = Access> {
  readonly #holders = new Set<KeyHolder>();
  #stopListening: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #expiresAt: Instant | null = null;

  constructor(
    private readonly services: Services,
    private readonly look: () => Promise<Allowed | null>,
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
  async access(): Promise<Allowed | null> {
    const access = await this.look();
    if (access === null) this.#endAll();
    return access;
  }

  #endAll(): void {
    for (const holder of [...this.#holders]) holder.keyEnded();
  }

  /** What the key allows, looked after from now on; null where it allows nothing. */
  async open(): Promise<Allowed | null> {
    const access = await this.look();
    if (access === null || this.#isUnused) return null;
    if (this.#stopListening !== null) return access;
    this.#stopListening = this.#listen(access);
    this.#waitForEnd(access);
    // It may have ended while nobody listened yet.
    return this.look();
  }

  /** To what may end the credential before its time. */
  #listen({ isRevocable, tenantId }: Held): () => void {
    if (!isRevocable) return () => undefined;
    return this.services.keys.onForgotten(tenantId, () => void this.#lookAgain());
  }

  get #isUnused(): boolean {
    return this.#holders.size === 0;
  }

  #waitForEnd({ expiresAt }: Held): void {
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
