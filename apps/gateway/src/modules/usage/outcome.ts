import type { ConsumeResultType } from './usage-types.js';

export function orThrow(answer: ConsumeResultType | Error): ConsumeResultType {
  if (answer instanceof Error) throw answer;
  return answer;
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
