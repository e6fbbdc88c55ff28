import { z } from 'zod';
import { announce, answerParent } from '../processes/answers.js';
import type { Program } from '../processes/program.js';
import { expectedSum, QUESTIONS, type Question } from './questions.js';

const measured = z.strictObject({ nanoseconds: z.number(), calls: z.number(), sum: z.number() });
/** Nanoseconds a call, calls made, and the sum of their results. */
export type Measured = z.infer<typeof measured>;

export interface Contender {
  /** Asks all questions once and returns the sum of the results, so that no call can be left out. */
  pass(questions: readonly Question[]): number | Promise<number>;
  /** What a question adds to the sum, by what was used and what is asked for. */
  readonly worth: (used: number, quantity: number) => number;
}

/** Answers `measure` for so many seconds, in a process that runs nothing else. Rejects when the sum is wrong. */
export function serve(contender: Contender): void {
  answerParent({
    async measure(input) {
      const until = performance.now() + Number(input) * 1000;
      let passes = 0;
      let sum = 0;
      const began = performance.now();
      do {
        sum += await contender.pass(QUESTIONS);
        passes += 1;
      } while (performance.now() < until);
      const took = performance.now() - began;
      const calls = passes * QUESTIONS.length;
      const expected = expectedSum(calls, contender.worth);
      if (sum !== expected) throw new Error(`the results add up to ${String(sum)}, not ${String(expected)}`);
      return { nanoseconds: (took * 1e6) / calls, calls, sum } satisfies Measured;
    },
  });
  announce();
}

export async function askMeasure(program: Program, seconds: number): Promise<Measured> {
  return measured.parse(await program.ask('measure', seconds));
}
