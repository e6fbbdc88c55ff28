const last = new Map<string, Promise<unknown>>();

/**
 * Does it when what was asked for before under this name has ended, well or not. Who reads a text of a storage to put another one in its
 * place would else undo what another client of this process puts there meanwhile.
 */
export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = last.get(name) ?? Promise.resolve();
  const turn = before.then(work, work);
  last.set(name, turn);
  try {
    return await turn;
  } finally {
    if (last.get(name) === turn) last.delete(name);
  }
}
