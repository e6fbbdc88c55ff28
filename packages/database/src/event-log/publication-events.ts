import type { StoredEvent } from './read.js';

/** A tenant that moves to another time zone publishes what is live once more. */
const PUBLICATIONS: ReadonlySet<string> = new Set([
  'release.published',
  'release.rolled_back',
  'tenant.updated',
]);

/** Whether other rules, or another default time zone, may decide from this event on. */
export function isPublication({ type }: StoredEvent): boolean {
  return PUBLICATIONS.has(type);
}

/** Whether an event is about every customer. What is not listed and names nobody, as that decisions were sealed, is about none. */
export function isAboutAll({ subjects, listed }: StoredEvent): boolean {
  return subjects.length === 0 && listed;
}
