import { randomUUID } from 'node:crypto';

/** Four of a UUID's five groups, of 74 random bits. */
const HEAD = '01234567-0123-0123-0123-'.length;
const DIGITS = 12;

/**
 * Names the decisions of one batch: a random name for all of them, and a number for each. Reservations are named after
 * their decisions, so that those of a batch lie side by side in the index by which they are found.
 */
export class DecisionIds {
  readonly #head = `dec_${randomUUID().slice(0, HEAD)}`;
  #made = 0;

  next(): string {
    return this.#head + (this.#made++).toString(16).padStart(DIGITS, '0');
  }
}
