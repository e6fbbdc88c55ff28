/** Timers of a platform tell no more than this of longer ones. */
const LONGEST = 86_400_000;

/** One appointment at a time, which keeps no process alive. */
export class Timer {
  #handle: ReturnType<typeof setTimeout> | null = null;

  set(milliseconds: number, work: () => void): void {
    this.clear();
    const handle = setTimeout(work, Math.max(0, Math.min(milliseconds, LONGEST)));
    // In browsers it is a number, and no page waits for it.
    if (typeof handle === 'object' && 'unref' in handle) handle.unref();
    this.#handle = handle;
  }

  clear(): void {
    if (this.#handle !== null) clearTimeout(this.#handle);
    this.#handle = null;
  }
}
