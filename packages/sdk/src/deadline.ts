/** Nothing came in time. What was asked may still be at it. */
export class Overdue extends Error {}

/** What is asked for, where it comes in time; else throws Overdue. It keeps the process until then, as a request does. */
export function within<T>(asked: Promise<T>, milliseconds: number, whom: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Overdue(`${whom} has not answered in ${String(milliseconds)} ms`));
    }, milliseconds);
    const inTime = (): void => clearTimeout(late);
    void asked.finally(inTime).then(resolve, reject);
  });
}
