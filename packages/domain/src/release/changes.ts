import { canonicalJson } from '../catalog/canonical-json.js';
import { type Path, pointer } from '../catalog/problem.js';

/** One difference between two catalog documents. What is not there is null. */
export interface DocumentChange {
  readonly path: string;
  readonly steps: Path;
  readonly kind: 'ADDED' | 'REMOVED' | 'CHANGED';
  readonly before: unknown;
  readonly after: unknown;
}

/** All differences, in the order of their paths. Objects are compared key by key, lists as a whole. */
export function changesBetween(before: unknown, after: unknown, steps: Path = []): DocumentChange[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changesBetween(before[key], after[key], [...steps, key]));
  }
  const isThere = before !== undefined && after !== undefined;
  if (before === after || (isThere && canonicalJson(before) === canonicalJson(after))) return [];
  const kind = before === undefined ? 'ADDED' : after === undefined ? 'REMOVED' : 'CHANGED';
  return [{ path: pointer(steps), steps, kind, before: before ?? null, after: after ?? null }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
