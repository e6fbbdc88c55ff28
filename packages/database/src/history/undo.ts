import type { CreditBlockData, GrantData, QuotaExpiredData, ReservationExpiredData } from '@licet/api-types';
import {
  type CreditBlock,
  type CustomerId,
  type Grant,
  isPrepaid,
  parseFeatureKey,
  parseInstant,
  parseLicenseId,
  type PastEvent,
  type Release,
  type Subscription,
  type Undo,
} from '@licet/domain';
import type { StoredEvent } from '../event-log/read.js';
import type { VersionLookup } from '../mapping/subscription.js';
import type { EventData } from './event-data.js';
import { readEventData } from './event-data.js';
import { countersBefore, meterBefore } from './past-counters.js';
import { pastMachine } from './past-machine.js';
import { pastLicense } from './past-license.js';
import { pastSeat } from './past-seat.js';
import { pastSubscription } from './past-subscription.js';

/** What events name, as it was. */
export interface PastLookup {
  readonly customerId: CustomerId;
  readonly subject: string;
  /** The zone that the customer names now; null: none. */
  readonly timeZone: string | null;
  readonly planVersion: (plan: string, version: number) => Subscription['planVersion'] | null;
  readonly addOnVersion: VersionLookup['addOnVersion'];
  readonly grants: ReadonlyMap<string, Grant>;
  readonly blocks: ReadonlyMap<string, CreditBlock>;
  /** By the number of the publication. */
  readonly releases: ReadonlyMap<number, Release>;
  readonly release: Release;
}

/**
 * The newest events, so many of them, as they can be taken back. `events`: newest first, without a gap; those that are older tell what
 * was before. One that moved the customer to another time zone cannot: what windows and anchors were in the other zone is told by no event.
 */
export function undoable(
  events: readonly StoredEvent[],
  lookup: PastLookup,
  count = events.length,
): PastEvent[] {
  let zones = zonesNow(lookup);
  return events.slice(0, count).map((event, index) => {
    const before = zonesBefore(event, zones, lookup);
    const moved = inForce(before) !== inForce(zones);
    zones = before;
    return { at: event.at, undo: moved ? UNKNOWN : undoOf(event, events.slice(index + 1), lookup) };
  });
}

/** Who names which zone; null: none. docs/rules.md, "Time". */
interface Zones {
  readonly customer: string | null;
  readonly catalog: string | null;
  readonly tenant: string;
}

function inForce({ customer, catalog, tenant }: Zones): string {
  return customer ?? catalog ?? tenant;
}

function zonesNow({ timeZone, release }: PastLookup): Zones {
  return { customer: timeZone, catalog: release.catalog.timeZone, tenant: release.publication.timeZone };
}

function zonesBefore(event: StoredEvent, after: Zones, { releases }: PastLookup): Zones {
  const told = readEventData(event);
  switch (told?.kind) {
    case 'PROFILE':
      return { ...after, customer: told.before.timeZone };
    case 'TENANT':
      return { ...after, tenant: told.before.timeZone };
    case 'PUBLICATION': {
      const before = releases.get(told.before.rulesVersion);
      return before === undefined
        ? after
        : { ...after, catalog: before.catalog.timeZone, tenant: before.publication.timeZone };
    }
    default:
      return after;
  }
}

const UNKNOWN: Undo = { kind: 'UNKNOWN' };

function undoOf(event: StoredEvent, older: readonly StoredEvent[], lookup: PastLookup): Undo {
  if (event.type === 'usage.recorded') {
    const before = countersBefore(event, older, lookup.subject, (feature) =>
      hasWindow(feature, lookup.release),
    );
    return before === null ? UNKNOWN : { kind: 'COUNTERS', before };
  }
  const told = readEventData(event);
  if (told?.kind === 'RESERVATION_EXPIRED') return undoExpired(told.data, event, older, lookup);
  if (told?.kind === 'LEASE_EXPIRED') return undoLease(told.data, event, older, lookup);
  return told === null ? UNKNOWN : undoTold(told, lookup);
}

/** Levels and prepaid features have none. What is no feature any more moves nothing. */
function hasWindow(text: string, { catalog }: Release): boolean {
  const key = parseFeatureKey(text);
  const feature = key === null ? undefined : catalog.features.get(key);
  return feature?.type !== 'LIMIT' && !(feature?.type === 'METERED' && feature.window === null);
}

function undoExpired(
  { feature, reserved }: Pick<ReservationExpiredData, 'feature' | 'reserved'>,
  { at }: StoredEvent,
  older: readonly StoredEvent[],
  { subject, release }: PastLookup,
): Undo {
  if (reserved === null) return { kind: 'NOTHING' };
  const before = meterBefore({ feature, subject }, at, older, hasWindow(feature, release));
  return before === null ? UNKNOWN : { kind: 'COUNTERS', before: [before] };
}

/** Which credit blocks it was spent from no event says. */
function undoLease(
  data: QuotaExpiredData,
  event: StoredEvent,
  older: readonly StoredEvent[],
  lookup: PastLookup,
): Undo {
  const key = parseFeatureKey(data.feature);
  const feature = key === null ? undefined : lookup.release.catalog.features.get(key);
  if (data.used !== null && feature !== undefined && isPrepaid(feature)) return UNKNOWN;
  return undoExpired(data, event, older, lookup);
}

function undoTold(
  told: Exclude<EventData, { kind: 'RESERVATION_EXPIRED' | 'LEASE_EXPIRED' }>,
  lookup: PastLookup,
): Undo {
  switch (told.kind) {
    case 'CUSTOMER_CREATED':
      return { kind: 'CUSTOMER_CREATED' };
    case 'CHANGES_NOTHING':
    case 'TENANT':
      return { kind: 'NOTHING' };
    case 'PROFILE':
      return { kind: 'PROFILE', before: { name: told.before.name, attributes: told.before.attributes } };
    case 'PUBLICATION': {
      const before = lookup.releases.get(told.before.rulesVersion);
      return before === undefined ? UNKNOWN : { kind: 'RELEASE', before };
    }
    case 'WINDOW':
      return undoWindow(told.data);
    case 'ROLLED': {
      const { feature: text, units, rolledOver } = told.data;
      const feature = parseFeatureKey(text);
      return feature === null ? UNKNOWN : { kind: 'ROLLED', feature, before: rolledOver + units };
    }
    case 'CREDITS': {
      const { before, after } = told.data;
      const block = lookup.blocks.get(after.id);
      if (block === undefined) return UNKNOWN;
      return { kind: 'BLOCK', before: before && withUnits(block, before), after: withUnits(block, after) };
    }
    case 'SEAT': {
      const { before, after } = told.data;
      const [was, became] = [before && pastSeat(before), after && pastSeat(after)];
      const isKnown = (before === null) === (was === null) && (after === null) === (became === null);
      return isKnown ? { kind: 'SEAT', before: was, after: became } : UNKNOWN;
    }
    case 'GRANT': {
      const { before, after } = told.data;
      const grant = lookup.grants.get(after.id);
      const became = grant && withStatus(grant, after.status);
      const was = before && grant && withStatus(grant, before.status);
      if (!became || was === undefined || (before !== null && was === null)) return UNKNOWN;
      return { kind: 'GRANT', before: was, after: became };
    }
    case 'LICENSE': {
      const { planVersion, customerId } = lookup;
      const { before, after } = told.data;
      const was = before && pastLicense(before, customerId, planVersion);
      const became = pastLicense(after, customerId, planVersion);
      if (became === null || (before !== null && was === null)) return UNKNOWN;
      return { kind: 'LICENSE', before: was, after: became };
    }
    case 'MACHINE': {
      const { license, before, after } = told.data;
      const licenseId = parseLicenseId(license);
      const [was, became] = [before && pastMachine(before), after && pastMachine(after)];
      if (licenseId === null || isLost(before, was) || isLost(after, became)) return UNKNOWN;
      return { kind: 'MACHINE', licenseId, before: was, after: became };
    }
    case 'SUBSCRIPTION': {
      const { planVersion, addOnVersion, customerId } = lookup;
      const { before, after } = told.data;
      const was = before && pastSubscription(before, customerId, planVersion, addOnVersion);
      const became = pastSubscription(after, customerId, planVersion, addOnVersion);
      if (became === null || (before !== null && was === null)) return UNKNOWN;
      return { kind: 'SUBSCRIPTION', before: was, after: became };
    }
  }
}

/** What an event tells, and is no machine as we know them. */
function isLost(told: object | null, machine: object | null): boolean {
  return told !== null && machine === null;
}

function withUnits(block: CreditBlock, { remaining, held, status }: CreditBlockData): CreditBlock {
  return { ...block, remaining, held, status };
}

/** Null: a status that decides nothing here. */
function withStatus(grant: Grant, status: GrantData['status']): Grant | null {
  switch (status) {
    case 'SCHEDULED':
    case 'ACTIVE':
    case 'EXPIRED':
    case 'REVOKED':
      return { ...grant, status };
    default:
      return null;
  }
}

function undoWindow({
  feature: text,
  windowStart,
  windowEnd,
  used,
  rolledIn = 0,
}: Extract<EventData, { kind: 'WINDOW' }>['data']): Undo {
  const [feature, start, end] = [parseFeatureKey(text), parseInstant(windowStart), parseInstant(windowEnd)];
  if (feature === null || start === null || end === null) return UNKNOWN;
  const window = { start, end };
  return {
    kind: 'COUNTERS',
    before: [{ feature, used, reserved: 0, overdrawn: 0, blocks: [], window, rolledIn }],
  };
}
