import { Refusal } from '../model/account.js';
import { type Answered, record } from './gateway.js';

/** What a step did: to the product, and to the model. */
export interface Performed {
  /** For people. */
  readonly line: string;
  readonly product: Answered | null;
  /** Applied to the model; throws its refusal. Given the id of what was made. */
  readonly model: (madeId: string) => void;
  /** What was answered beyond done or refused. */
  readonly expected?: () => string;
  readonly got?: string;
}

/** Throws nothing: null where the model takes the command, else what it refuses it with. */
export function refusalOf(act: () => void): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

export function decisionText(value: unknown): string {
  const { allowed, code } = record(value);
  return `${String(allowed)} ${String(code)}`;
}
