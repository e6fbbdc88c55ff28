import type { SeatData } from '@licet/api-types';
import {
  type Instant,
  parseFeatureKey,
  parseInstant,
  parseMemberId,
  parseSeatId,
  type Seat,
} from '@licet/domain';

/** A seat as an event holds it. Null: it cannot be told. */
export function pastSeat(data: SeatData): Seat | null {
  const id = parseSeatId(data.id);
  const feature = parseFeatureKey(data.feature);
  const memberId = parseMemberId(data.memberId);
  const assignedAt = parseInstant(data.assignedAt);
  if (id === null || feature === null || memberId === null || assignedAt === null) return null;
  const { kind } = data;
  const leaseExpiresAt = maybeInstant(data.leaseExpiresAt);
  return {
    id,
    feature,
    memberId,
    kind,
    assignedAt,
    leaseExpiresAt,
    coolsUntil: maybeInstant(data.coolsUntil),
    // Events tell of one end, that of files included.
    borrowedUntil: null,
  };
}

function maybeInstant(text: string | null): Instant | null {
  return text === null ? null : parseInstant(text);
}
