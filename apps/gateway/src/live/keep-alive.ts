/** Less than the shortest idle time of usual proxies, 60 s; an answer costs some memory, and there may be many sockets. */
const PING_EVERY_MILLISECONDS = 30_000;
/** So that tens of thousands of sockets are not asked at one moment. */
const TURNS = 120;

export interface Probed {
  /** Asks whether the other side is there. */
  probe(): void;
}

/** Asks every socket in its turn whether the other side is still there: one timer for all of them. */
export class KeepAlive {
  readonly #turns: readonly Set<Probed>[] = Array.from({ length: TURNS }, () => new Set());
  readonly #timer: NodeJS.Timeout;
  #turn = 0;

  constructor() {
    this.#timer = setInterval(() => {
      this.#next();
    }, PING_EVERY_MILLISECONDS / TURNS).unref();
  }

  add(socket: Probed): void {
    this.#turns[this.#turn]?.add(socket);
  }

  leave(socket: Probed): void {
    for (const turn of this.#turns) if (turn.delete(socket)) return;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #next(): void {
    this.#turn = (this.#turn + 1) % TURNS;
    for (const socket of this.#turns[this.#turn] ?? []) socket.probe();
  }
}
