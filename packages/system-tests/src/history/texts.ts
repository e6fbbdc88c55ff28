/** How values are written: for people, and to be compared. */

/** A time as people write it: without what is zero at its end. */
export function day(at: number | null): string {
  return at === null
    ? 'none'
    : new Date(at)
        .toISOString()
        .replace(/\.000Z$/, 'Z')
        .replace(/:00Z$/, 'Z')
        .replace(/T00:00Z$/, '');
}

export function instant(value: unknown): string {
  return value === null ? 'none' : day(Date.parse(text(value)));
}

export function list(items: readonly unknown[]): string {
  return JSON.stringify(items.map((item) => JSON.stringify(item)).sort());
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
