import type { CatalogProblem, Refusal } from '@licet/domain';

/** What a refused call says; nothing was written. */
export interface Refused {
  readonly ok: false;
  readonly code: Refusal['code'] | 'CURSOR_EXPIRED' | 'RATE_LIMITED' | 'UNAVAILABLE';
  /** Path of the argument below `input`. */
  readonly field: string | null;
  readonly message: string;
  /** What is wrong with a catalog that was refused. */
  readonly problems?: readonly CatalogProblem[];
}
export type Result<T> = ({ readonly ok: true } & T) | Refused;

export function refused(code: Refused['code'], field: string | null, message: string): Refused {
  return { ok: false, code, field, message };
}
