/** What is wrong with a catalog, and where. */
export interface CatalogProblem {
  /** JSON pointer. */
  readonly path: string;
  /** Both from 1, where the document came as YAML. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  readonly severity: 'ERROR' | 'WARNING';
}

export type Path = readonly (string | number)[];

/** A problem that knows its place in the document, not yet in the text. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** The key at the end of the path is what is wrong, not its value. */
  readonly atKey: boolean;
}

export function pointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
