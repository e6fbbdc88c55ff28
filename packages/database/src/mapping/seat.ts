import type { SeatData } from '@licet/api-types';
import {
  type CustomerId,
  formatInstant,
  type Instant,
  instant,
  type MemberId,
  parseFeatureKey,
  type Seat,
  type SeatId,
  type SeatKind,
  withOneEnd,
} from '@licet/domain';
import type { Column } from './columns.js';

/** A seat and whose it is. */
export interface OwnedSeat {
  readonly seat: Seat;
  readonly customerId: CustomerId;
}

/** A row of `seat`; written only from a domain value. */
export interface SeatRow {
  readonly id: SeatId;
  readonly customer_id: CustomerId;
  readonly feature: string;
  readonly member_id: MemberId;
  readonly kind: SeatKind;
  readonly assigned_at: Date;
  readonly lease_expires_at: Date | null;
  readonly cools_until: Date | null;
  readonly borrowed_until: Date | null;
}

export const SEAT_COLUMNS =
  's.id, s.customer_id, s.feature, s.member_id, s.kind, s.assigned_at, s.lease_expires_at, s.cools_until, s.borrowed_until';

export function seatFromRow(row: SeatRow): Seat {
  const feature = parseFeatureKey(row.feature);
  if (feature === null) throw new Error(`the database holds a feature key that is none: ${row.feature}`);
  return {
    id: row.id,
    feature,
    memberId: row.member_id,
    kind: row.kind,
    assignedAt: instant(row.assigned_at.getTime()),
    leaseExpiresAt: maybeAt(row.lease_expires_at),
    coolsUntil: maybeAt(row.cools_until),
    borrowedUntil: maybeAt(row.borrowed_until),
  };
}

function maybeAt(date: Date | null): Instant | null {
  return date && instant(date.getTime());
}

export const SEAT_ROW: readonly Column<OwnedSeat>[] = [
  { name: 'id', type: 'text', of: ({ seat }) => seat.id },
  { name: 'customer_id', type: 'text', of: ({ customerId }) => customerId },
  { name: 'feature', type: 'text', of: ({ seat }) => seat.feature },
  { name: 'member_id', type: 'text', of: ({ seat }) => seat.memberId },
  { name: 'kind', type: 'text', of: ({ seat }) => seat.kind },
  { name: 'assigned_at', type: 'timestamptz', of: ({ seat }) => seat.assignedAt },
  { name: 'lease_expires_at', type: 'timestamptz', of: ({ seat }) => seat.leaseExpiresAt },
  { name: 'cools_until', type: 'timestamptz', of: ({ seat }) => seat.coolsUntil },
  { name: 'borrowed_until', type: 'timestamptz', of: ({ seat }) => seat.borrowedUntil },
];

/** What events say of a seat: no customer id, which erasure would have to find. */
export function seatToJson(seat: Seat): SeatData {
  const { id, feature, memberId, kind, assignedAt, leaseExpiresAt, coolsUntil } = withOneEnd(seat);
  return {
    id,
    feature,
    memberId,
    kind,
    assignedAt: formatInstant(assignedAt),
    leaseExpiresAt: leaseExpiresAt === null ? null : formatInstant(leaseExpiresAt),
    coolsUntil: coolsUntil === null ? null : formatInstant(coolsUntil),
  };
}
