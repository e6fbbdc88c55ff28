import type {
  CreditsEventData,
  GrantEventData,
  LicenseEventData,
  MachineEventData,
  QuotaExpiredData,
  ReservationExpiredData,
  RolloverExpiredData,
  SeatEventData,
  SubscriptionEventData,
  WindowClosedData,
} from '@licet/api-types';
import type { StoredEvent } from '../event-log/read.js';

/** The data of an event, by its type; null: it is of another type, or from before events held what they hold now. */
export type EventData =
  | { readonly kind: 'SUBSCRIPTION'; readonly data: SubscriptionEventData }
  | { readonly kind: 'LICENSE'; readonly data: LicenseEventData }
  | { readonly kind: 'MACHINE'; readonly data: MachineEventData }
  | { readonly kind: 'GRANT'; readonly data: GrantEventData }
  | { readonly kind: 'WINDOW'; readonly data: WindowClosedData }
  | { readonly kind: 'RESERVATION_EXPIRED'; readonly data: ReservationExpiredData }
  | { readonly kind: 'LEASE_EXPIRED'; readonly data: QuotaExpiredData }
  | { readonly kind: 'ROLLED'; readonly data: RolloverExpiredData }
  | { readonly kind: 'CREDITS'; readonly data: CreditsEventData }
  | { readonly kind: 'SEAT'; readonly data: SeatEventData }
  | { readonly kind: 'PROFILE'; readonly before: ProfileData }
  | { readonly kind: 'TENANT'; readonly before: { readonly timeZone: string } }
  | { readonly kind: 'PUBLICATION'; readonly before: { readonly rulesVersion: number } }
  | { readonly kind: 'CUSTOMER_CREATED' | 'CHANGES_NOTHING' };

interface ProfileData {
  readonly name: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Null: it named none. */
  readonly timeZone: string | null;
}

export function readEventData({ type, data }: Pick<StoredEvent, 'type' | 'data'>): EventData | null {
  const { before } = data;
  switch (type) {
    case 'customer.created':
      return { kind: 'CUSTOMER_CREATED' };
    case 'customer.updated':
      return isProfile(before) ? { kind: 'PROFILE', before } : null;
    case 'tenant.updated':
      return isTenant(before) ? { kind: 'TENANT', before } : null;
    case 'rule.turned':
    case 'usage.threshold_reached':
    case 'usage.corrected':
    case 'quota.leased':
    case 'quota.returned':
    case 'credits.expiring_soon':
    case 'license.file_issued':
    case 'license.file_settled':
      return { kind: 'CHANGES_NOTHING' };
    case 'credits.added':
    case 'credits.expired':
    case 'credits.voided':
      return isCredits(data) ? { kind: 'CREDITS', data } : null;
    case 'seat.assigned':
    case 'seat.released':
    case 'seat.expired':
    case 'seat.freed':
      return isSeats(data) ? { kind: 'SEAT', data } : null;
    case 'usage.window_closed':
      return isWindow(data) ? { kind: 'WINDOW', data } : null;
    case 'usage.reservation_expired':
      return isExpired(data) ? { kind: 'RESERVATION_EXPIRED', data } : null;
    case 'quota.expired':
      return isLeaseExpired(data) ? { kind: 'LEASE_EXPIRED', data } : null;
    case 'usage.rollover_expired':
      return isRolled(data) ? { kind: 'ROLLED', data } : null;
    case 'release.published':
    case 'release.rolled_back':
      return isPublication(before) ? { kind: 'PUBLICATION', before } : null;
    default:
      if (type.startsWith('subscription.'))
        return isSubscription(data) ? { kind: 'SUBSCRIPTION', data } : null;
      if (type.startsWith('license.')) return isLicense(data) ? { kind: 'LICENSE', data } : null;
      if (type.startsWith('machine.')) return isMachine(data) ? { kind: 'MACHINE', data } : null;
      return type.startsWith('grant.') && isGrant(data) ? { kind: 'GRANT', data } : null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isProfile(value: unknown): value is ProfileData {
  return isObject(value) && isObject(value['attributes']) && 'name' in value && 'timeZone' in value;
}

function isTenant(value: unknown): value is { readonly timeZone: string } {
  return isObject(value) && typeof value['timeZone'] === 'string';
}

function isPublication(value: unknown): value is { readonly rulesVersion: number } {
  return isObject(value) && typeof value['rulesVersion'] === 'number';
}

function isWindow(data: object): data is WindowClosedData {
  return 'feature' in data && 'windowStart' in data && 'windowEnd' in data && 'used' in data;
}

function isExpired(data: object): data is ReservationExpiredData {
  return 'reservation' in data && 'feature' in data && 'quantity' in data && 'reserved' in data;
}

function isLeaseExpired(data: object): data is QuotaExpiredData {
  return 'lease' in data && 'feature' in data && 'used' in data && 'reserved' in data;
}

function isRolled(data: object): data is RolloverExpiredData {
  return 'feature' in data && 'units' in data && 'rolledOver' in data;
}

function isSubscription(data: object): data is SubscriptionEventData {
  return hasStates(
    data,
    (state) => typeof state['planVersion'] === 'number' && Array.isArray(state['addOns']),
  );
}

function isGrant(data: object): data is GrantEventData {
  return hasStates(data, (state) => typeof state['id'] === 'string' && typeof state['status'] === 'string');
}

function isLicense(data: object): data is LicenseEventData {
  return hasStates(data, (state) => typeof state['id'] === 'string' && typeof state['term'] === 'string');
}

function isMachine(data: object): data is MachineEventData {
  const isState = (state: unknown): boolean =>
    state === null || (isObject(state) && typeof state['fingerprint'] === 'string');
  return 'license' in data && 'before' in data && 'after' in data && [data.before, data.after].every(isState);
}

function isCredits(data: object): data is CreditsEventData {
  return hasStates(
    data,
    (state) => typeof state['id'] === 'string' && typeof state['remaining'] === 'number',
  );
}

function isSeats(data: object): data is SeatEventData {
  if (!('before' in data && 'after' in data)) return false;
  return [data.before, data.after].every(
    (seat) => seat === null || (isObject(seat) && typeof seat['id'] === 'string' && 'coolsUntil' in seat),
  );
}

function hasStates(data: object, isState: (state: Fields) => boolean): boolean {
  if (!('before' in data && 'after' in data)) return false;
  const { before, after } = data;
  return isObject(after) && isState(after) && (before === null || (isObject(before) && isState(before)));
}
