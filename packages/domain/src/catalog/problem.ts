/** What is wrong with a catalog, and where. */
export interface CatalogProblem {
  /** JSON pointer. */
  readonly path: string;
  /** Both from 1, where the document came as YAML. */
  readonly line: number | null;
  readonly column: number | null;
  /** In plain words, with the remedy. */
  readonly message: string;
  readonly severity: 'ERROR' | 'WARNING';
}

export type Path = readonly (string | number)[];

/** Line and column, both from 1; null where the document has none. */
export interface Place {
  readonly line: number | null;
  readonly column: number | null;
}

/** A problem that knows its place in the document, not yet in the text. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly severity: CatalogProblem['severity'];
  /** The key at the end of the path is what is wrong, not its value. */
  readonly atKey: boolean;
  /** What cannot be judged any more on its account. */
  readonly hides: readonly Path[];
  /** What it was concluded from; when one of these is hidden, nothing is known. */
  readonly restsOn: readonly Path[];
  /** Where in the text at the path, from 0; null: all of it is meant. */
  readonly within: number | null;
  /** Where it stands in the text, if that is known already. */
  readonly place: Place | null;
}

type Details = Partial<Omit<Finding, 'path' | 'message'>>;

/** Tells a problem of a document's meaning. */
export type Report = (path: Path, message: string, details?: Details) => void;

export function finding(path: Path, message: string, details: Details = {}): Finding {
  return {
    path,
    message,
    severity: 'ERROR',
    atKey: false,
    hides: [],
    restsOn: [],
    within: null,
    place: null,
    ...details,
  };
}

/** The findings that stand by themselves: what merely follows from a broken part is left out. */
export function independent(findings: readonly Finding[]): Finding[] {
  const hidden = findings.flatMap(({ hides }) => hides);
  const places = new Set(hidden.map(pointer));
  const around = new Set(hidden.flatMap(startsOf));
  const isHidden = (path: Path): boolean =>
    around.has(pointer(path)) || startsOf(path).some((start) => places.has(start));
  return findings.filter(({ restsOn }) => !restsOn.some(isHidden));
}

/** The findings outside of the parts that others told to be broken, where only stand-ins were judged. */
export function outside(told: readonly Finding[], findings: readonly Finding[]): Finding[] {
  const places = new Set(told.flatMap(({ hides }) => hides.map(pointer)));
  return findings.filter(({ path }) => !startsOf(path).some((start) => places.has(start)));
}

/** The path itself and all that it lies in. */
function startsOf(path: Path): string[] {
  return [...path, ''].map((_step, length) => pointer(path.slice(0, length)));
}

export function pointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
