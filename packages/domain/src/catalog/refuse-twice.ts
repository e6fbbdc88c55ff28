import type { Path, Report } from './problem.js';

/** Reports each entry of a list that stands there already. */
export function refuseTwice(entries: readonly string[], path: Path, report: Report): void {
  const seen = new Set<string>();
  entries.forEach((entry, index) => {
    if (seen.has(entry)) report([...path, index], `\`${entry}\` stands twice; keep one of them`);
    seen.add(entry);
  });
}
