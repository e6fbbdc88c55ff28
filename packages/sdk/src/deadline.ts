/** Nothing came in time. What was asked may still be at it. */
export class Overdue extends Error {}

/**
 * What is asked for, where it comes in time; else throws Overdue, and where `closed` aborts before, that the client is closed. It keeps
 * the process until then, as a request does. Afterwards nothing listens to `closed` any more, which lives as long as the client.
 */
export function within<T>(
  asked: Promise<T>,
  milliseconds: number,
  whom: string,
  closed?: AbortSignal,
): Promise<T> {
  const over = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    const late = setTimeout(() => {
      reject(new Overdue(`${whom} has not answered in ${String(milliseconds)} ms`));
    }, milliseconds);
    over.signal.addEventListener('abort', () => clearTimeout(late));
    const close = (): void => reject(new Error('this client is closed'));
    closed?.addEventListener('abort', close, { signal: over.signal });
    if (closed?.aborted === true) close();
  });
  return Promise.race([asked, ended]).finally(() => over.abort());
}
