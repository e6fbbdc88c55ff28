import type { FeatureKey } from '../ids.js';
import { lengthOf } from '../time/calendar.js';
import { type IsoDuration, parseDuration } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import type { Feature, SeatsFeature, Threshold, UsageWindow, WhenUnknown } from './catalog.js';
import type { CatalogDocument, FeatureDocument } from './document.js';
import { nearest } from './nearest.js';
import type { Path, Report } from './problem.js';
import { refuseTwice } from './refuse-twice.js';
import { entriesOf } from './references.js';
import { thresholdText } from './threshold.js';

/** Features in the order in which they are written. */
export function buildFeatures(
  documents: CatalogDocument['features'],
  report: Report,
): Map<FeatureKey, Feature> {
  const features = new Map<FeatureKey, Feature>();
  for (const [key, document] of entriesOf(documents)) {
    features.set(key, buildFeature(key, document, ['features', key], report));
  }
  for (const { key, needsSeat } of features.values())
    if (needsSeat !== null) checkSeat(needsSeat, features, ['features', key, 'needsSeat'], report);
  return features;
}

function checkSeat(
  key: FeatureKey,
  features: ReadonlyMap<FeatureKey, Feature>,
  path: Path,
  report: Report,
): void {
  const feature = features.get(key);
  if (feature?.type === 'SEATS') return;
  const seats = [...features.values()].flatMap((one) => (one.type === 'SEATS' ? [one.key] : []));
  const what = feature
    ? `\`${key}\` is a ${feature.type.toLowerCase()} feature, not one of seats`
    : `there is no seats feature \`${key}\``;
  const meant = nearest(key, seats);
  const remedy =
    meant !== null
      ? `did you mean \`${meant}\`?`
      : seats.length > 0
        ? `known are: ${seats.join(', ')}`
        : 'add one of `type: seats`';
  report(path, `${what}; ${remedy}`, { restsOn: [['features', key]] });
}

function buildFeature(key: FeatureKey, document: FeatureDocument, path: Path, report: Report): Feature {
  const base = {
    key,
    name: document.name ?? key,
    whenUnknown: whenUnknownOf(document.whenUnknown),
    needsSeat: document.needsSeat ?? null,
  };
  switch (document.type) {
    case 'boolean':
      return { ...base, type: 'BOOLEAN', versions: new Map(Object.entries(document.versions ?? {})) };
    case 'limit':
      return {
        ...base,
        type: 'LIMIT',
        unit: document.unit ?? null,
        combine: document.combine ?? 'max',
        notifyAt: thresholdsOf(document, path, report),
      };
    case 'metered':
      return {
        ...base,
        type: 'METERED',
        unit: document.unit ?? null,
        combine: document.combine ?? 'sum',
        window: windowOf(document, path, report),
        rollover: document.rollover
          ? { atMost: document.rollover.atMost ?? null, for: document.rollover.for }
          : null,
        notifyAt: thresholdsOf(document, path, report),
      };
    case 'seats':
      return {
        ...base,
        type: 'SEATS',
        combine: document.combine ?? 'sum',
        seats: seatsOf(document, path, report),
      };
    case 'config':
      // Their order is their rank.
      refuseTwice(document.values, [...path, 'values'], report);
      return { ...base, type: 'CONFIG', values: document.values, combine: document.combine ?? 'order' };
    default:
      return unreachable(document);
  }
}

function whenUnknownOf(document: FeatureDocument['whenUnknown']): WhenUnknown {
  if (document === undefined || document === 'closed') return { kind: 'CLOSED' };
  return document === 'open' ? { kind: 'OPEN' } : { kind: 'LAST_KNOWN', maxAge: document.lastKnown };
}

/** Each is told by its text, so none may stand there twice. */
function thresholdsOf(
  { notifyAt = [] }: { readonly notifyAt?: readonly Threshold[] | undefined },
  path: Path,
  report: Report,
): readonly Threshold[] {
  refuseTwice(notifyAt.map(thresholdText), [...path, 'notifyAt'], report);
  return notifyAt;
}

type MeteredDocument = Extract<FeatureDocument, { type: 'metered' }>;

function windowOf(document: MeteredDocument, path: Path, report: Report): UsageWindow | null {
  if (document.prepaid) {
    for (const part of ['window', 'anchor', 'rollover'] as const)
      if (document[part] !== undefined)
        report(
          [...path, part],
          `a prepaid feature has no window, so no \`${part}\`; leave out this or \`prepaid\``,
          { atKey: true },
        );
    return null;
  }
  if (document.window === undefined) {
    report(
      path,
      'a metered feature needs a `window`, such as `P1M`, or `prepaid: true`; add one of the two',
      {
        restsOn: [
          [...path, 'window'],
          [...path, 'prepaid'],
        ],
      },
    );
    return null;
  }
  if (!isWindowLength(document.window))
    report(
      [...path, 'window'],
      'a window lasts an hour at least and a year at most; choose a length between',
    );
  else if (document.rollover !== undefined)
    checkRollover(document.rollover.for, document.window, path, report);
  return { every: document.window, anchor: document.anchor ?? 'subscription' };
}

const DAY = 86_400_000;
const MOST_KEPT = 366;

/** Each window is closed for every customer, used or not, and what each has left is kept for itself. */
function checkRollover(lasts: IsoDuration, every: IsoDuration, path: Path, report: Report): void {
  if (lengthOf(every) < DAY)
    report(
      [...path, 'rollover'],
      'what rolls over has a window of a day at least; choose a longer `window`',
      {
        atKey: true,
        restsOn: [[...path, 'window']],
      },
    );
  else if (lengthOf(lasts) > MOST_KEPT * lengthOf(every))
    report(
      [...path, 'rollover', 'for'],
      `units are kept for ${String(MOST_KEPT)} windows at most; choose a shorter \`for\``,
    );
}

function isWindowLength(duration: IsoDuration): boolean {
  const length = lengthOf(duration);
  return length >= 3_600_000 && length <= 365 * 86_400_000;
}

type SeatsDocument = Extract<FeatureDocument, { type: 'seats' }>;

const FIVE_MINUTES = parseDuration('PT5M');

function seatsOf(document: SeatsDocument, path: Path, report: Report): SeatsFeature['seats'] {
  if (document.kind === 'named') {
    if (document.lease !== undefined)
      report([...path, 'lease'], '`lease` goes with `kind: floating`; leave it out, or change the kind', {
        atKey: true,
        restsOn: [[...path, 'kind']],
      });
    return { kind: 'NAMED', cooldown: document.cooldown ?? null };
  }
  if (document.cooldown !== undefined)
    report([...path, 'cooldown'], '`cooldown` goes with `kind: named`; leave it out, or change the kind', {
      atKey: true,
      restsOn: [[...path, 'kind']],
    });
  const lease = document.lease ?? FIVE_MINUTES;
  if (lease === null) throw new Error('PT5M is a duration');
  return { kind: 'FLOATING', lease };
}
