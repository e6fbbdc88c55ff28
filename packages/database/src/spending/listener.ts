import type { Result } from '../result.js';
import type { Verdict } from './request.js';

/** Who is told what has become of the requests of one call, each by its place. */
export interface Listener {
  answer(result: Result<Verdict>, place: number): void;
  fail(error: unknown, place: number): void;
}

/** The answers to a list: one promise for all of them. */
export class ListAnswers implements Listener {
  readonly #answers: (Result<Verdict> | Error)[];
  readonly #done: (answers: readonly (Result<Verdict> | Error)[]) => void;
  #missing: number;

  constructor(length: number, done: (answers: readonly (Result<Verdict> | Error)[]) => void) {
    this.#answers = new Array<Result<Verdict> | Error>(length);
    this.#missing = length;
    this.#done = done;
    if (length === 0) done(this.#answers);
  }

  answer(result: Result<Verdict>, place: number): void {
    this.#take(result, place);
  }

  fail(error: unknown, place: number): void {
    this.#take(asError(error), place);
  }

  #take(answer: Result<Verdict> | Error, place: number): void {
    this.#answers[place] = answer;
    this.#missing -= 1;
    if (this.#missing === 0) this.#done(this.#answers);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
