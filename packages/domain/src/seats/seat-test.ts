import type { Feature } from '../catalog/catalog.js';
import { entitlementOf } from '../decision/entitlement.js';
import type { Subject } from '../decision/subject.js';
import type { FeatureKey } from '../ids.js';
import type { Instant } from '../time/instant.js';
import { holdsSeat } from './seat.js';

/**
 * Row 18 of the decision codes. HELD: the member has a seat of the very feature, whatever else is free. POOL: as many seats
 * must be free as are asked for.
 */
export type SeatTest = 'NOT_ASKED' | 'HELD' | 'POOL' | MissingSeat;

/** The feature is, or needs, a seat that whoever asks does not have. */
export interface MissingSeat {
  readonly missing: FeatureKey;
  /** Whether a member was named, who holds none. */
  readonly isNamed: boolean;
}

/** Whether the answer depends on who asks. */
export function asksMember({ type, needsSeat }: Feature): boolean {
  return type === 'SEATS' || needsSeat !== null;
}

/** Of a feature that the customer is entitled to. The account has been brought to `at` before. */
export function seatTest(subject: Subject, at: Instant): SeatTest {
  const { account, feature, asker } = subject;
  const { member } = asker;
  if (member === 'ANYBODY') return 'NOT_ASKED';
  const isNamed = member !== 'UNNAMED';
  const needed = feature.needsSeat;
  if (needed !== null && !hasSeat(subject, needed, at)) return { missing: needed, isNamed };
  if (feature.type !== 'SEATS') return 'NOT_ASKED';
  if (member === 'UNNAMED') return 'POOL';
  return holdsSeat(account, feature.key, member.memberId) ? 'HELD' : { missing: feature.key, isNamed };
}

/** Without a live source seats are kept and give nothing. */
function hasSeat(subject: Subject, key: FeatureKey, at: Instant): boolean {
  const { account, release, asker } = subject;
  const { member } = asker;
  if (typeof member === 'string' || !holdsSeat(account, key, member.memberId)) return false;
  const feature = release.catalog.features.get(key);
  return feature !== undefined && entitlementOf({ ...subject, feature }, at).kind === 'ENTITLED';
}

export function isMissing(test: SeatTest): test is MissingSeat {
  return typeof test === 'object';
}

export function sameSeatTest(one: SeatTest, other: SeatTest): boolean {
  return isMissing(one) && isMissing(other) ? one.missing === other.missing : one === other;
}
