import type {
  CausedData,
  ExpiringSoonData,
  CreditsEventData,
  GrantEventData,
  LicenseEventData,
  LicenseFileEventData,
  MachineEventData,
  QuotaExpiredData,
  QuotaLeasedData,
  QuotaReturnedData,
  ReservationExpiredData,
  RolloverExpiredData,
  RuleTurnedData,
  SeatEventData,
  SubscriptionEventData,
  ThresholdReachedData,
  WindowClosedData,
} from '@licet/api-types';
import {
  type CustomerEvent,
  type ExpiringSoonEvent,
  formatInstant,
  type Instant,
  isLicense,
  type PlanMigrationId,
  type RuleTurn,
  thresholdText,
} from '@licet/domain';
import type { Actor, EventCustomer, NewEvent } from '../event-log/append.js';
import { blockToJson } from '../mapping/credit-block.js';
import { grantToJson } from '../mapping/grant.js';
import { licenseToJson } from '../mapping/license.js';
import { fileToJson } from '../mapping/license-file.js';
import { seatToJson } from '../mapping/seat.js';
import { machineToJson } from '../mapping/machine.js';
import { subscriptionToJson } from '../mapping/subscription.js';

/** By whom and what something happened. */
export interface Cause {
  readonly actor: Actor;
  readonly reason: string | null;
  readonly requestId: string | null;
  readonly migration?: PlanMigrationId;
}

/** What happened to a customer, as an entry of the log. */
export function customerEvent(
  event: CustomerEvent,
  customer: EventCustomer,
  { actor, reason, requestId, migration }: Cause,
  recordedAt: Instant,
): NewEvent {
  const { subjectType, subjectId, data } = toldOf(event);
  const caused: CausedData = migration === undefined ? {} : { migration };
  return {
    type: event.type,
    subjectType,
    subjectId,
    customer,
    actor,
    reason,
    requestId,
    at: event.at,
    recordedAt,
    data: { ...data, ...caused },
    // Each machine is seen again and again.
    listed: event.type !== 'machine.seen',
  };
}

/** What the log says of an event: whom it is about, and its data. */
export function toldOf(event: CustomerEvent): Pick<NewEvent, 'subjectType' | 'subjectId' | 'data'> {
  switch (event.type) {
    case 'usage.window_closed': {
      const data: WindowClosedData = {
        feature: event.feature,
        windowStart: formatInstant(event.window.start),
        windowEnd: formatInstant(event.window.end),
        used: event.used,
        ...(event.rolledIn === undefined ? {} : { rolledIn: event.rolledIn }),
        ...(event.rolledOver === undefined ? {} : { rolledOver: event.rolledOver }),
      };
      return { subjectType: 'usage', subjectId: event.feature, data: { ...data } };
    }
    case 'usage.reservation_expired': {
      const { id, feature, quantity, expiresAt } = event.reservation;
      const data: ReservationExpiredData = {
        reservation: id,
        feature,
        quantity,
        expiresAt: formatInstant(expiresAt),
        reserved: event.reserved,
      };
      return { subjectType: 'reservation', subjectId: id, data: { ...data } };
    }
    case 'quota.expired': {
      const { used, reserved } = event;
      const { id, feature, quantity, expiresAt } = event.lease;
      const data: QuotaExpiredData = {
        ...{ lease: id, feature, quantity, expiresAt: formatInstant(expiresAt) },
        ...{ used, reserved },
      };
      return { subjectType: 'quota_lease', subjectId: id, data: { ...data } };
    }
    case 'quota.leased': {
      const { used, reserved, asked } = event;
      const { id, feature, quantity, expiresAt } = event.lease;
      const data: QuotaLeasedData = {
        ...{ lease: id, feature, quantity, asked, expiresAt: formatInstant(expiresAt) },
        ...{ used, reserved },
      };
      return { subjectType: 'quota_lease', subjectId: id, data: { ...data } };
    }
    case 'quota.returned': {
      const { spent, returned, late, used, reserved } = event;
      const { id, feature, quantity } = event.lease;
      const data: QuotaReturnedData = { lease: id, feature, quantity, spent, returned, late, used, reserved };
      return { subjectType: 'quota_lease', subjectId: id, data: { ...data } };
    }
    case 'usage.threshold_reached': {
      const { feature, threshold, used, limit, window } = event;
      const data: ThresholdReachedData = {
        ...{ feature, threshold: thresholdText(threshold), used, limit },
        windowStart: window && formatInstant(window.start),
        windowEnd: window && formatInstant(window.end),
      };
      return { subjectType: 'usage', subjectId: feature, data: { ...data } };
    }
    case 'usage.rollover_expired': {
      const { feature, units, rolledOver } = event;
      const data: RolloverExpiredData = { feature, units, rolledOver };
      return { subjectType: 'usage', subjectId: feature, data: { ...data } };
    }
    case 'seat.assigned':
    case 'seat.released':
    case 'seat.expired':
    case 'seat.freed': {
      const { before, after } = event.seat;
      const data: SeatEventData = {
        before: before && seatToJson(before),
        after: after && seatToJson(after),
      };
      return { subjectType: 'seat', subjectId: (after ?? before).id, data: { ...data } };
    }
    case 'credits.added': {
      const data: CreditsEventData = { before: null, after: blockToJson(event.credits.after) };
      return { subjectType: 'credit_block', subjectId: event.credits.after.id, data: { ...data } };
    }
    case 'credits.expired':
    case 'credits.voided': {
      const { before, after, lost } = event.credits;
      const data: CreditsEventData = { before: blockToJson(before), after: blockToJson(after), lost };
      return { subjectType: 'credit_block', subjectId: after.id, data: { ...data } };
    }
    case 'grant.created':
    case 'grant.started':
    case 'grant.expired':
    case 'grant.revoked': {
      const { before, after } = event.grant;
      const data: GrantEventData = {
        before: before === null ? null : grantToJson(before),
        after: grantToJson(after),
      };
      return { subjectType: 'grant', subjectId: after.id, data: { ...data } };
    }
    case 'license.issued':
    case 'license.started':
    case 'license.grace_started':
    case 'license.expired':
    case 'license.renewed':
    case 'license.adjusted':
    case 'license.suspended':
    case 'license.reinstated':
    case 'license.revoked':
    case 'license.key_rotated':
    case 'license.archived': {
      const { before, after } = event.license;
      const data: LicenseEventData = {
        before: before === null ? null : licenseToJson(before),
        after: licenseToJson(after),
      };
      return { subjectType: 'license', subjectId: after.id, data: { ...data } };
    }
    case 'machine.activated':
    case 'machine.updated':
    case 'machine.deactivated':
    case 'machine.place_taken':
    case 'machine.seen':
    case 'machine.place_expired': {
      const { licenseId, before, after } = event.machine;
      const data: MachineEventData = {
        license: licenseId,
        before: before && machineToJson(before),
        after: after && machineToJson(after),
      };
      return { subjectType: 'machine', subjectId: (after ?? before)?.id ?? licenseId, data: { ...data } };
    }
    case 'license.file_issued':
    case 'license.file_settled': {
      const { before, after } = event.file;
      const data: LicenseFileEventData = { before: before && fileToJson(before), after: fileToJson(after) };
      return { subjectType: 'license_file', subjectId: after.id, data: { ...data } };
    }
    case 'license.expiring_soon': {
      const license = licenseToJson(event.expires);
      const data: LicenseEventData & ExpiringSoonData = { before: license, after: license, ...soon(event) };
      return { subjectType: 'license', subjectId: license.id, data: { ...data } };
    }
    case 'subscription.trial_expiring_soon': {
      const trial = subscriptionToJson(event.trial);
      const data: SubscriptionEventData & ExpiringSoonData = { before: trial, after: trial, ...soon(event) };
      return { subjectType: 'subscription', subjectId: trial.id, data: { ...data } };
    }
    case 'grant.expiring_soon': {
      const grant = grantToJson(event.expiring);
      const data: GrantEventData & ExpiringSoonData = { before: grant, after: grant, ...soon(event) };
      return { subjectType: 'grant', subjectId: grant.id, data: { ...data } };
    }
    case 'credits.expiring_soon': {
      const block = blockToJson(event.block);
      const data: CreditsEventData & ExpiringSoonData = { before: block, after: block, ...soon(event) };
      return { subjectType: 'credit_block', subjectId: block.id, data: { ...data } };
    }
    case 'rule.turned': {
      const { rule, feature, holding, before, after } = event.turn;
      const data: RuleTurnedData = { rule, feature, ...ruleOf(holding), before, after };
      return { subjectType: 'feature', subjectId: feature, data: { ...data } };
    }
    default: {
      const data: SubscriptionEventData = {
        before: event.before === null ? null : subscriptionToJson(event.before),
        after: subscriptionToJson(event.after),
      };
      return { subjectType: 'subscription', subjectId: event.after.id, data: { ...data } };
    }
  }
}

function ruleOf(holding: RuleTurn['holding']): Pick<RuleTurnedData, 'subscription' | 'license'> {
  if (holding !== null && isLicense(holding)) return { subscription: null, license: holding.id };
  return { subscription: holding?.id ?? null, license: null };
}

function soon({ endsAt, within }: ExpiringSoonEvent): ExpiringSoonData {
  return { endsAt: formatInstant(endsAt), within };
}
