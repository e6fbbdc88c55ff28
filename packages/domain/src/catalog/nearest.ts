import { distance } from 'fastest-levenshtein';

/** Longer words are no slips of known ones, and cost time to compare. */
const LONGEST = 100;

/** The known name that a misspelt one was meant to be; null where none is close. Case does not count. */
export function nearest(word: string, known: Iterable<string>): string | null {
  if (word.length > LONGEST) return null;
  const wanted = word.toLowerCase();
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const name of known) {
    const allowed = Math.min(3, Math.floor(0.4 * Math.max(word.length, name.length)));
    if (Math.abs(word.length - name.length) > allowed) continue;
    const away = distance(wanted, name.toLowerCase());
    if (away <= allowed && (best === null || away < best.distance)) best = { name, distance: away };
  }
  return best?.name ?? null;
}

/** `; did you mean …?`, or nothing, for the end of a message. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = nearest(word, known);
  return meant === null ? '' : `; did you mean \`${meant}\`?`;
}
