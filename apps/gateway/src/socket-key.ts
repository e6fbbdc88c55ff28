import type { Access } from './access.js';
import { authenticate } from './access.js';
import type { Services } from './context.js';

/** Longest wait that a timer of Node takes. */
const WAIT_MAX_MILLISECONDS = 2 ** 31 - 1;
const WAIT_MIN_MILLISECONDS = 1000;

/**
 * The key that a socket was opened with, held to account as long as the socket is open: as soon as the key is revoked,
 * or has come to its end, `onEnded` is called.
 */
export class SocketKey {
  #stopListening: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(
    private readonly services: Services,
    /** The `Authorization` header, or what stands in its place. */
    private readonly header: unknown,
    private readonly onEnded: () => void,
  ) {}

  /** What the key allows now; null where it allows nothing, or nothing any more. */
  async access(): Promise<Access | null> {
    const access = await authenticate(this.services.keys, this.header);
    if (access === null) this.onEnded();
    return access;
  }

  /** What the key allows, looked after from now on; null where it allows nothing. */
  async open(): Promise<Access | null> {
    const access = await authenticate(this.services.keys, this.header);
    if (access === null || this.#isClosed) return null;
    this.#stopListening = this.services.keys.onForgotten(access.tenantId, () => void this.#lookAgain());
    this.#waitForEnd(access);
    // It may have ended while nobody listened yet.
    return authenticate(this.services.keys, this.header);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopListening?.();
    if (this.#timer) clearTimeout(this.#timer);
  }

  #waitForEnd({ apiKey: { expiresAt } }: Access): void {
    if (expiresAt !== null) this.#lookAgainIn(expiresAt - this.services.feed.clock.now());
  }

  #lookAgainIn(milliseconds: number): void {
    if (this.#isClosed) return;
    if (this.#timer) clearTimeout(this.#timer);
    const wait = Math.min(Math.max(milliseconds, WAIT_MIN_MILLISECONDS), WAIT_MAX_MILLISECONDS);
    this.#timer = setTimeout(() => void this.#lookAgain(), wait).unref();
  }

  async #lookAgain(): Promise<void> {
    if (this.#isClosed) return;
    try {
      const access = await this.access();
      if (access) this.#waitForEnd(access);
    } catch (error) {
      // Known keys go on while the database is away (docs/decisions/0006), and are looked at when it is back.
      this.services.logger.warn({ err: error }, 'a key on a socket could not be looked at; trying again');
      this.#lookAgainIn(WAIT_MIN_MILLISECONDS);
    }
  }
}
