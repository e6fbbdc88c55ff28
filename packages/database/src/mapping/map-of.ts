const EMPTY: ReadonlyMap<never, never> = new Map<never, never>();

/** A map of what each item stands for. The empty one is shared: most customers have some, and a map is large. */
export function mapOf<Item, K, V>(
  items: readonly Item[],
  entryOf: (item: Item) => readonly [K, V],
): ReadonlyMap<K, V> {
  return items.length === 0 ? EMPTY : new Map(items.map(entryOf));
}
