/** Writes what is being done and, when it is, how long it took. */
export async function step<T>(
  write: (line: string) => void,
  name: string,
  work: () => Promise<T>,
  done: (result: T) => string = () => name,
): Promise<T> {
  write(`${name}…`);
  const began = performance.now();
  const result = await work();
  write(`${done(result)}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
}
