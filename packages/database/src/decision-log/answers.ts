import { hash } from 'node:crypto';

/** What decisions are asked for by, besides whose they are and when they were made. */
export interface Answer {
  readonly feature: string;
  readonly code: string;
  readonly allowed: boolean;
}

/** Null: whatever it is. */
export type AnswerSought = { readonly [Name in keyof Answer]: Answer[Name] | null };

export const ANY_ANSWER: AnswerSought = { feature: null, code: null, allowed: null };

/** As a block's row names it, in 4 bytes, signed: something else may have the same. What lacks one of them holds no such answer. */
export function answerHashes({ feature, code, allowed }: AnswerSought): number[] {
  return Object.entries({ feature, code, allowed }).flatMap(([name, value]) =>
    value === null ? [] : [hashOf(name, value)],
  );
}

/** Of all of them, each once, in order. */
export function answersOf(answers: Iterable<Answer>): number[] {
  const [features, codes, verdicts] = [new Set<string>(), new Set<string>(), new Set<boolean>()];
  for (const { feature, code, allowed } of answers) {
    features.add(feature);
    codes.add(code);
    verdicts.add(allowed);
  }
  const hashes = [
    ...[...features].map((feature) => hashOf('feature', feature)),
    ...[...codes].map((code) => hashOf('code', code)),
    ...[...verdicts].map((allowed) => hashOf('allowed', allowed)),
  ];
  return [...new Set(hashes)].sort((one, other) => one - other);
}

function hashOf(name: string, value: string | boolean): number {
  return hash('sha256', JSON.stringify([name, value]), 'buffer').readInt32BE(0);
}
