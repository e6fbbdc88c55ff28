import { bitsFor, isLoose } from './block.js';

/** What was written together, of one hour: so many records, in as many blocks as they are worth. */
export interface Roll {
  readonly roll: number;
  readonly records: number;
}

/** So many of one size, of which the new one is one, become one of the next. */
const ROLLS_OF_SIZE = 4;
/** What is rewritten at once stays in memory. */
const MOST_RECORDS = 128 * 1024;

/**
 * Which rolls of the hour are taken up in a new one. Who asks little makes a roll every ten seconds, too small to be divided by
 * customer: they are merged as they become many, the small ones first, so that few are left and each record is rewritten
 * some times at most.
 */
export function takenUp(records: number, loose: readonly Roll[]): readonly Roll[] {
  let taken: readonly Roll[] = [];
  let sum = records;
  for (;;) {
    const bits = bitsFor(sum);
    const left = loose.filter((roll) => !taken.includes(roll));
    const alike = left.filter((roll) => bitsFor(roll.records) <= bits);
    const merged = alike.reduce((all, roll) => all + roll.records, sum);
    if (!isLoose(bits) || alike.length < ROLLS_OF_SIZE - 1 || merged > MOST_RECORDS) return taken;
    taken = [...taken, ...alike];
    sum = merged;
  }
}
