import type { Instant } from '@licet/domain';
import { booleanArray, numberArray, textArray } from './array-literal.js';

/** A column of rows that are written together: its name, its type, and what an item has in it. */
export type Column<Item> = { readonly name: string } & (
  | { readonly type: 'text'; readonly of: (item: Item) => string | null }
  | { readonly type: 'int' | 'bigint'; readonly of: (item: Item) => number | null }
  | { readonly type: 'boolean'; readonly of: (item: Item) => boolean }
  | { readonly type: 'timestamptz'; readonly of: (item: Item) => Instant | null }
  /** Undefined: SQL's null. */
  | { readonly type: 'jsonb'; readonly of: (item: Item) => unknown }
);

/**
 * The items' rows in SQL; `columnArrays` are its parameters, from $2 on. One array for each column, instants as
 * milliseconds: a JSON list of objects, times in words, takes both sides longer to write and to read.
 */
export function givenRows<Item>(columns: readonly Column<Item>[]): string {
  const names = namesOf(columns);
  const values = columns.map(({ name, type }) =>
    type === 'timestamptz' ? `to_timestamp(${name} / 1000) as ${name}` : name,
  );
  const arrays = columns.map(
    ({ type }, index) => `$${String(index + 2)}::${type === 'timestamptz' ? 'float8' : type}[]`,
  );
  return `(select ${values.join(', ')} from unnest(${arrays.join(', ')}) as given(${names}))`;
}

/** As in a list of columns, separated by commas. */
export function namesOf(columns: readonly { readonly name: string }[]): string {
  return columns.map(({ name }) => name).join(', ');
}

/** What `set` says to take these columns from `rows`. */
export function assignments(columns: readonly { readonly name: string }[], rows: string): string {
  return columns.map(({ name }) => `${name} = ${rows}.${name}`).join(', ');
}

export function columnArrays<Item>(columns: readonly Column<Item>[], items: readonly Item[]): string[] {
  return columns.map((column) => columnArray(column, items));
}

function columnArray<Item>(column: Column<Item>, items: readonly Item[]): string {
  switch (column.type) {
    case 'text':
      return textArray(items.map(column.of));
    case 'int':
    case 'bigint':
    case 'timestamptz':
      return numberArray(items.map(column.of));
    case 'boolean':
      return booleanArray(items.map(column.of));
    case 'jsonb':
      return textArray(items.map((item) => jsonText(column.of(item))));
  }
}

function jsonText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
