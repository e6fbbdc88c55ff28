import type { MeteredFeature } from '../catalog/catalog.js';
import type { CustomerAccount } from '../customer.js';
import { calendarSpan, spanFromAnchor } from '../time/calendar.js';
import type { Instant } from '../time/instant.js';
import { type Meter, type Span, unusedMeter } from './meter.js';

/**
 * The usage window of a feature that contains `at`; null: the feature is prepaid and has none.
 * A stored window that runs at `at` is the one, whatever the catalog says now; docs/rules.md, "Time".
 */
export function windowAt(feature: MeteredFeature, account: CustomerAccount, at: Instant): Span | null {
  const { window } = feature;
  if (window === null) return null;
  const stored = account.meters.get(feature.key)?.window ?? null;
  if (stored !== null && contains(stored, at)) return stored;
  const anchor = account.windowAnchors.get(feature.key) ?? at;
  const span =
    window.anchor === 'calendar'
      ? calendarSpan(window.every, account.timeZone, at)
      : spanFromAnchor(anchor, window.every, account.timeZone, at);
  return stored === null ? span : without(stored, span, at);
}

/** The counter as of `at`: of a window that is over nothing counts in the one that follows. */
export function meterAt(account: CustomerAccount, feature: MeteredFeature, at: Instant): Meter {
  const stored = account.meters.get(feature.key);
  const window = windowAt(feature, account, at);
  const runs =
    stored !== undefined && (stored.window === null ? window === null : contains(stored.window, at));
  return runs ? stored : unusedMeter(feature.key, window);
}

/** Whether `at` lies in the span: its start does, its end does not. */
export function contains(span: Span, at: Instant): boolean {
  return span.start <= at && at < span.end;
}

/** Windows never overlap: where the catalog or the anchor has moved, the next one begins where the stored one ends. */
function without(stored: Span, span: Span, at: Instant): Span {
  if (stored.end <= at) return { start: stored.end > span.start ? stored.end : span.start, end: span.end };
  return { start: span.start, end: stored.start < span.end ? stored.start : span.end };
}
