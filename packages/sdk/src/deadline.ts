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
  // Without a signal of its own: to abort one takes longer than to read a small file.
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(late);
      closed?.removeEventListener('abort', close);
    };
    const close = (): void => {
      end();
      reject(new Error('this client is closed'));
    };
    const late = setTimeout(() => {
      end();
      reject(new Overdue(`${whom} has not answered in ${String(milliseconds)} ms`));
    }, milliseconds);
    closed?.addEventListener('abort', close);
    asked.finally(end).then(resolve, reject);
    if (closed?.aborted === true) close();
  });
}
