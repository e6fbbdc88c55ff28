import type { Feature } from '../catalog/catalog.js';
import type { CustomerState, KnownState, Release } from '../customer.js';
import { addDuration } from '../time/calendar.js';
import { type Instant, type IsoDuration, parseTimeZone, type TimeZone } from '../time/instant.js';
import type { CheckRequest, Decision } from './decision.js';
import { denied, NOTHING_COUNTED } from './denied.js';
import { findFeature } from './find-feature.js';
import { ALLOWED } from './message.js';

/** Rows 1 to 3 of the decision codes. */
export function decideUnknown(
  { kind, release, customerId }: Exclude<CustomerState, KnownState>,
  request: CheckRequest,
): Decision {
  const feature = findFeature(release, request.feature);
  if (feature === null) return denied(customerId, request, 'UNKNOWN_FEATURE');
  if (kind === 'UNKNOWN_CUSTOMER') return denied(customerId, request, 'UNKNOWN_CUSTOMER');
  if (feature.whenUnknown.kind !== 'OPEN') return denied(customerId, request, 'UNAVAILABLE');
  const code = 'ENTITLED_FALLBACK';
  return {
    allowed: true,
    code,
    message: ALLOWED[code],
    customerId,
    feature: feature.key,
    ...NOTHING_COUNTED,
  };
}

/** What needs the database itself, as spending does, while that is out of reach: denied, whatever `whenUnknown` says. */
export function denyOutOfReach(
  { release, customerId }: Exclude<CustomerState, KnownState>,
  request: CheckRequest,
): Decision {
  const isKnown = findFeature(release, request.feature) !== null;
  return denied(customerId, request, isKnown ? 'UNAVAILABLE' : 'UNKNOWN_FEATURE');
}

/** A spend while not even the rules are at hand: nothing was spent, whatever the feature is. */
export function denyWithoutRules(customerId: string, request: CheckRequest): Decision {
  return denied(customerId, request, 'UNAVAILABLE');
}

/** The state that counts where it was last known to be current at `knownAt`: itself, or OUT_OF_REACH. */
export function stateAtHand(
  state: CustomerState,
  request: CheckRequest,
  now: Instant,
  knownAt: Instant,
): CustomerState {
  const { release } = state;
  const feature = findFeature(release, request.feature);
  if (feature === null || isYoungEnough(feature, release, now, knownAt)) return state;
  const customerId = state.kind === 'KNOWN' ? state.account.id : state.customerId;
  return { kind: 'OUT_OF_REACH', release, customerId };
}

function isYoungEnough(
  { whenUnknown }: Feature,
  { catalog }: Release,
  now: Instant,
  knownAt: Instant,
): boolean {
  const age = whenUnknown.kind === 'LAST_KNOWN' ? whenUnknown.maxAge : catalog.staleFor;
  return isYoung(age, knownAt, now);
}

/** Whether what was last known to be current at `knownAt` is no older than `age`. */
export function isYoung(age: IsoDuration, knownAt: Instant, now: Instant): boolean {
  return now < addDuration(knownAt, age, utc());
}

/** An age is no matter of the customer's calendar. */
function utc(): TimeZone {
  const zone = parseTimeZone('UTC');
  if (zone === null) throw new Error('UTC is a time zone');
  return zone;
}
