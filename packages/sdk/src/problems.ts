import type { Problem, ProblemKind } from './status.js';

/** What is wrong now, at most one of each kind. */
export class Problems {
  #all: readonly Problem[] = [];

  get all(): readonly Problem[] {
    return this.#all;
  }

  /** Whether that is news. */
  report(kind: ProblemKind, message: string, at: number): boolean {
    const known = this.#all.find((one) => one.kind === kind);
    if (known?.message === message) return false;
    const since = known?.at ?? at;
    this.#all = [...this.#all.filter((one) => one !== known), { kind, message, at: since }];
    return true;
  }

  solve(...kinds: readonly ProblemKind[]): boolean {
    const left = this.#all.filter(({ kind }) => !kinds.includes(kind));
    const isNews = left.length < this.#all.length;
    if (isNews) this.#all = left;
    return isNews;
  }
}
