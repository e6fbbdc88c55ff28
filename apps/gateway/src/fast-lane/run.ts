import type { GraphQLError, ResponsePath } from 'graphql';

/** JSON, now or soon. */
export type Text = string | PromiseLike<string>;
/** Where in the answer a value stands; undefined: the whole answer. */
export type Position = ResponsePath | undefined;
/** Variables as the schema reads them, defaults filled in. */
export type Variables = Readonly<Record<string, unknown>>;

/** One execution of a compiled operation. */
export interface Run {
  readonly context: unknown;
  readonly variables: Variables;
  readonly errors: FieldErrors;
}

/** Errors in the order in which they happened; none from below a place that another one has made null. */
export class FieldErrors {
  readonly list: GraphQLError[] = [];
  /** Made for the first error: most executions have none. */
  private positions: Set<Position> | null = null;

  add(error: GraphQLError, position: Position): void {
    this.positions ??= new Set();
    if (isNull(position, this.positions)) return;
    this.positions.add(position);
    this.list.push(error);
  }
}

function isNull(position: Position, positions: ReadonlySet<Position>): boolean {
  for (let path = position; path !== undefined; path = path.prev) {
    if (positions.has(path)) return true;
  }
  return positions.has(undefined);
}

export function isPending(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

export function together(texts: readonly Text[]): Promise<string[]> {
  return Promise.all(texts.map((text) => Promise.resolve(text)));
}
