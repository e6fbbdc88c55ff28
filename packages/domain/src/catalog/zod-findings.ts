import type { z } from 'zod';
import type { Finding, Path } from './problem.js';

/** Problems of shape as findings; each unknown key is one of its own. */
export function findingsOf(error: z.ZodError, base: Path = []): Finding[] {
  return error.issues.flatMap((issue): Finding[] => {
    const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `unknown key \`${key}\``,
        atKey: true,
      }));
    }
    if (issue.code === 'invalid_key') return [{ path, message: keyMessage(issue, path), atKey: true }];
    if (issue.code === 'invalid_type' && issue.input === undefined) {
      const message =
        path.length === 0
          ? 'the document is empty; a catalog is expected'
          : `\`${String(path.at(-1))}\` is missing`;
      return [{ path, message, atKey: false }];
    }
    return [{ path, message: issue.message, atKey: false }];
  });
}

function keyMessage(issue: { readonly issues: readonly { readonly message: string }[] }, path: Path): string {
  return issue.issues[0]?.message ?? `\`${String(path.at(-1))}\` is no key`;
}
