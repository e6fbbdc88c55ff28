const MADE_UP = new Set(['id', 'requestId', 'revision', 'cursor']);
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** An answer without what differs from run to run: ids, revisions and times stand as marks, their absence still shows. */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === 'string') return TIME.test(value) ? '<time>' : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      MADE_UP.has(key) && typeof inner === 'string' ? `<${key}>` : comparable(inner),
    ]),
  );
}
