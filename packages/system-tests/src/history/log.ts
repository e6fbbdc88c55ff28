import type { ModelEvent } from '../model/account.js';
import { reachedText } from '../model/thresholds.js';
import { ask, record, records } from './gateway.js';
import { day, text } from './texts.js';

const EVENTS = `query ($id: ID!, $after: Cursor) { events(customerId: $id, first: 100, after: $after) {
  edges { cursor node { type subjectId at data revision } } } }`;

export interface Log {
  readonly events: readonly ModelEvent[];
  readonly cursor: string | null;
  /** Of the last of them. */
  readonly revision: string | null;
}

export async function eventsAfter(url: string, id: string, after: string | null): Promise<Log> {
  const events: ModelEvent[] = [];
  let cursor = after;
  let revision: string | null = null;
  for (;;) {
    const { data } = await ask(url, EVENTS, { id, after: cursor });
    const edges = records(record(record(data)['events'])['edges']);
    for (const edge of edges) {
      const node = record(edge['node']);
      events.push({
        type: text(node['type']),
        subject: subjectOf(node),
        at: Date.parse(text(node['at'])),
      });
      cursor = text(edge['cursor']);
      revision = text(node['revision']);
    }
    if (edges.length < 100) return { events, cursor, revision };
  }
}

/** What the model tells of: of a threshold it is what was reached, not whose it is. */
function subjectOf({ type, subjectId, data }: Readonly<Record<string, unknown>>): string {
  if (type !== 'usage.threshold_reached') return text(subjectId);
  const { feature, threshold, used, limit } = record(data);
  return reachedText({ feature: text(feature), threshold: text(threshold), used: Number(used), limit });
}

export function eventText({ type, subject, at }: ModelEvent): string {
  return `${type} ${subject} ${day(at)}`;
}
