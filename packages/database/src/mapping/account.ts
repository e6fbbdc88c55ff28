import {
  type CreditBlock,
  type CreditHold,
  type CustomerAccount,
  type CustomerId,
  defaultTimeZone,
  type FeatureKey,
  firstFree,
  firstToEnd,
  type Grant,
  instant,
  type LeaseId,
  type License,
  type LicenseFileId,
  type Meter,
  parseFeatureKey,
  parsePlanFamily,
  parseTimeZone,
  type PlanFamily,
  type QuotaLease,
  type Release,
  type Reservation,
  type ReservationId,
  type Seat,
  type Subscription,
  type TimeZone,
} from '@licet/domain';
import { mapOf } from './map-of.js';

export interface CustomerRow {
  readonly id: CustomerId;
  readonly subject: string;
  readonly version: number;
  readonly name: string | null;
  readonly attributes: Record<string, unknown>;
  readonly time_zone: string | null;
  readonly trial_families: readonly string[];
  readonly window_anchors: Readonly<Record<string, number>>;
  readonly next_due_at: Date | null;
  readonly turned_until: Date;
  readonly created_at: Date;
  /** The publication under which the row was written last: what earlier ones have made of it is in it. */
  readonly rules_version: number;
  /** The tenant's first publication that has not made everybody due yet whom it moves; null: none. */
  readonly untold_from: number | null;
}

export interface MeterRow {
  readonly customer_id: CustomerId;
  readonly feature: string;
  readonly used: number;
  readonly reserved: number;
  readonly version: number;
  readonly overdrawn: number;
  readonly window_start: Date | null;
  readonly window_end: Date | null;
  /** Null: none, which is the most of them. */
  readonly rolled: readonly { readonly units: number; readonly until: number }[] | null;
}

export type ReservationRow = HoldColumns &
  (
    | { readonly kind: 'RESERVATION'; readonly id: ReservationId }
    | {
        readonly kind: 'LEASE';
        readonly id: LeaseId;
        readonly file_id: LicenseFileId | null;
        readonly told: readonly string[];
      }
  );

interface HoldColumns {
  readonly customer_id: CustomerId;
  readonly feature: string;
  readonly quantity: number;
  readonly expires_at: Date;
  readonly window_start: Date | null;
  readonly holds: readonly CreditHold[];
}

/** The zone in force under a release: the customer's own, else the catalog's, else the tenant's. */
export function timeZoneInForce(
  { time_zone: own }: Pick<CustomerRow, 'time_zone'>,
  release: Release,
): TimeZone {
  return (own === null ? null : zoneOf(own)) ?? defaultTimeZone(release);
}

const TIME_ZONES = new Map<string, TimeZone | null>();

/** There are some hundreds, and asking for one takes longer than everything else in a customer's row. */
function zoneOf(text: string): TimeZone | null {
  let zone = TIME_ZONES.get(text);
  if (zone === undefined) TIME_ZONES.set(text, (zone = parseTimeZone(text)));
  return zone;
}

/** A zone that was checked before it was stored; throws for what is none. */
export function storedTimeZone(text: string): TimeZone {
  const zone = zoneOf(text);
  if (zone === null) throw new Error(`the database holds a time zone that is none: ${text}`);
  return zone;
}

interface AccountParts {
  readonly subscriptions: readonly Subscription[];
  readonly licenses: readonly License[];
  readonly meters: readonly MeterRow[];
  readonly grants: readonly Grant[];
  readonly reservations: readonly ReservationRow[];
  readonly blocks: readonly CreditBlock[];
  readonly seats: readonly Seat[];
}

/** `timeZone`: the one in force when the row was written. */
export function accountFromRows(
  row: CustomerRow,
  { subscriptions, licenses, meters, grants, reservations, blocks, seats }: AccountParts,
  timeZone: TimeZone,
): CustomerAccount {
  const held = heldIn(reservations);
  return {
    id: row.id,
    profile: {
      name: row.name,
      attributes: row.attributes,
      createdAt: instant(row.created_at.getTime()),
    },
    timeZone,
    trialsGiven: new Set(row.trial_families.map(family)),
    windowAnchors: mapOf(Object.entries(row.window_anchors), ([key, at]) => [feature(key), instant(at)]),
    subscriptions,
    licenses,
    grants,
    meters: mapOf(meters, (meter) => [feature(meter.feature), meterFromRow(meter, held, seats)]),
    ...held,
    blocks,
    seats,
    turnedUntil: instant(row.turned_until.getTime()),
  };
}

type Held = Pick<CustomerAccount, 'reservations' | 'leases'>;

/** They are sorted by their expiry. */
function heldIn(rows: readonly ReservationRow[]): Held {
  const reservations: Reservation[] = [];
  const leases: QuotaLease[] = [];
  for (const row of rows) {
    if (row.kind === 'LEASE')
      leases.push({ ...holdFromRow(row), id: row.id, fileId: row.file_id, told: row.told });
    else reservations.push({ ...holdFromRow(row), id: row.id });
  }
  return { reservations, leases };
}

function holdFromRow(row: HoldColumns): Omit<Reservation, 'id'> {
  return {
    feature: feature(row.feature),
    quantity: row.quantity,
    expiresAt: instant(row.expires_at.getTime()),
    windowStart: row.window_start && instant(row.window_start.getTime()),
    holds: row.holds,
  };
}

function meterFromRow(row: MeterRow, held: Held, seats: readonly Seat[]): Meter {
  const { window_start: start, window_end: end } = row;
  const meter: Meter = {
    feature: feature(row.feature),
    used: row.used,
    reserved: row.reserved,
    window:
      start === null || end === null
        ? null
        : { start: instant(start.getTime()), end: instant(end.getTime()) },
    freesAt: null,
    overdrawn: row.overdrawn,
    rolled: (row.rolled ?? []).map(({ units, until }) => ({ units, until: instant(until) })),
  };
  const frees = firstToEnd(held, meter) ?? firstFree(seats, meter.feature);
  return frees === null ? meter : { ...meter, freesAt: frees };
}

function feature(text: string): FeatureKey {
  const key = parseFeatureKey(text);
  if (key === null) throw new Error(`the database holds a feature key that is none: ${text}`);
  return key;
}

function family(text: string): PlanFamily {
  const key = parsePlanFamily(text);
  if (key === null) throw new Error(`the database holds a plan family that is none: ${text}`);
  return key;
}
