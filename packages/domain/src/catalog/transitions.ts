import type { PlanKey } from '../ids.js';
import type { Plan, SeatsAbove, Transition } from './catalog.js';
import type { CatalogDocument, TransitionDocument } from './document.js';
import { mustBeSubscribed } from './plans.js';
import type { Report } from './problem.js';

/** The plan graph; null where the document has none: then anything may follow anything. */
export function buildTransitions(
  documents: CatalogDocument['transitions'],
  plans: ReadonlyMap<PlanKey, Plan>,
  report: Report,
): Transition[] | null {
  if (documents === undefined) return null;
  return documents.map((document, index) => {
    for (const end of ['from', 'to'] as const) {
      document[end].forEach((plan, at) =>
        mustBeSubscribed(plans, plan, ['transitions', index, end, at], report),
      );
    }
    return {
      from: document.from,
      to: document.to,
      takesEffect: document.takesEffect ?? 'now',
      usage: document.usage ?? 'carry',
      seatsAbove: seatsAboveOf(document.seatsAbove),
      addOnsNotOffered: document.addOnsNotOffered ?? 'drop',
    };
  });
}

function seatsAboveOf(document: TransitionDocument['seatsAbove']): SeatsAbove {
  if (document === undefined || document === 'block') return { kind: 'BLOCK' };
  return document === 'refuse'
    ? { kind: 'REFUSE' }
    : { kind: 'RELEASE_NEWEST_AFTER', after: document.releaseNewestAfter };
}
