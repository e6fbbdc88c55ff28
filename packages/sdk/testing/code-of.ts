import { LicetError } from '@licet/sdk';

/** The code of what is thrown; null: nothing is, or something else. */
export function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof LicetError ? error.code : null;
  }
}
