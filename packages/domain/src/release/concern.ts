import type { Release } from '../customer.js';
import { isPrepaid } from '../credits/credit-block.js';
import { defaultTimeZone } from './time-zone.js';

/** Whom a publication makes due, so that what it has done to them is written down. */
export interface Concern {
  /** Time turns rules of the catalog, ends are told of earlier or later than before, windows roll over that did not, or plans give credits. */
  readonly everyone: boolean;
  /** Those who name no time zone. */
  readonly withoutTimeZone: boolean;
  /** Those whose subscriptions it moves, or moves back. */
  readonly subscribers: boolean;
}

/** Whom `release` concerns, published after `before`. */
export function concernOf(before: Release, release: Release): Concern {
  const { catalog, publication } = release;
  const { default: policy, byPlan } = catalog.existingSubscriptions;
  return {
    everyone:
      catalog.rules.some(({ when }) => !when.isTimeless) ||
      !hearAlike(before, release) ||
      rollsAnew(before, release) ||
      bringsPrepaid(before, release),
    withoutTimeZone: defaultTimeZone(release) !== defaultTimeZone(before),
    subscribers:
      publication.undoesAfter !== null || [policy, ...byPlan.values()].some((one) => one !== 'stay'),
  };
}

/** Whether windows end in which nothing was used, and that ended without anybody's notice before, or at other times. */
function rollsAnew(before: Release, { catalog }: Release): boolean {
  return [...catalog.features.values()].some((feature) => {
    if (feature.type !== 'METERED' || feature.rollover === null) return false;
    const was = before.catalog.features.get(feature.key);
    return (
      was?.type !== 'METERED' ||
      was.rollover === null ||
      was.window?.every !== feature.window?.every ||
      was.window?.anchor !== feature.window?.anchor
    );
  });
}

/** Whether there is a prepaid feature that was not there: who has the licence to a plan that lists it was given none of it. */
function bringsPrepaid(before: Release, { catalog }: Release): boolean {
  return [...catalog.features.values()].some(
    (feature) => isPrepaid(feature) && !before.catalog.features.has(feature.key),
  );
}

function hearAlike(one: Release, other: Release): boolean {
  return one.catalog.expiringSoon.join() === other.catalog.expiringSoon.join();
}
