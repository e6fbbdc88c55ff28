import { nearest } from './nearest.js';
import type { Path, Report } from './problem.js';

const PART_OF = { plan: 'plans', feature: 'features', 'add-on': 'addOns' } as const;

/** Enough to show what the names look like. */
const SHOWN = 12;
/** A catalog with more names is made by a program, which makes no slips; comparing all with all would take minutes. */
const COMPARED = 500;

/** What a key may name. `words` of the language may stand in its place, too. */
interface Names<K extends string> {
  readonly kind: keyof typeof PART_OF;
  readonly known: ReadonlyMap<K, unknown>;
  readonly words?: readonly string[];
}

/** Tells it when there is no plan, feature or add-on of this key. */
export function mustExist<K extends string>(
  { kind, known, words = [] }: Names<K>,
  key: K,
  path: Path,
  report: Report,
  atKey = false,
): void {
  if (known.has(key)) return;
  const names = [...take(known.keys(), COMPARED), ...words];
  report(path, `there is no ${kind} \`${key}\`; ${remedy(kind, key, names)}`, {
    atKey,
    hides: [path],
    restsOn: [[PART_OF[kind], key]],
  });
}

function* take<T>(items: Iterable<T>, most: number): Generator<T> {
  let left = most;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}

function remedy(kind: keyof typeof PART_OF, key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  if (meant !== null) return `did you mean \`${meant}\`?`;
  if (known.length === 0) return `the catalog has none, add it under \`${PART_OF[kind]}\``;
  const more = known.length > SHOWN ? ', …' : '';
  return `known are: ${known.slice(0, SHOWN).join(', ')}${more}`;
}

/** Entries of a record whose keys have passed their parser. */
export function entriesOf<K extends string, V>(record: Readonly<Partial<Record<K, V>>>): [K, V][] {
  const entries: [K, V][] = [];
  for (const key in record) {
    const value = record[key];
    if (value !== undefined) entries.push([key, value]);
  }
  return entries;
}
