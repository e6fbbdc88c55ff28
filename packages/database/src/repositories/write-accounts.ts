import type { RuleTurnedData, SubscriptionEventData, WindowClosedData } from '@licet/api-types';
import {
  ceilingOf,
  type CustomerAccount,
  type CustomerEvent,
  formatInstant,
  type Instant,
  nextDue,
  type Release,
  type TenantId,
} from '@licet/domain';
import type { Statement } from '../connection/transaction.js';
import type { Actor, NewEvent } from '../event-log/append.js';
import { subscriptionToJson, subscriptionToRecord } from '../mapping/subscription.js';
import type { StoredAccount } from './accounts.js';
import { assertRules } from './releases.js';

/** One customer before and after a command or the passing of time. */
export interface AccountUpdate {
  readonly before: StoredAccount;
  readonly after: CustomerAccount;
  readonly events: readonly CustomerEvent[];
}

const UPSERT_SUBSCRIPTIONS = `
insert into subscription (tenant_id, id, customer_id, plan, plan_version, status, add_ons, quantities, started_at,
  period_anchor, period_start, period_end, trial, paid, trial_ends_at, grace_ends_at, last_payment_at, cancel_at,
  change_plan, change_plan_version, change_at, ended_at, moves, paused_at, resumes_at, pause_clock, payment_failed)
select $1, r.* from jsonb_to_recordset($2::jsonb) as r(id text, customer_id text, plan text, plan_version int, status text,
  add_ons jsonb, quantities jsonb, started_at timestamptz, period_anchor timestamptz, period_start timestamptz,
  period_end timestamptz, trial boolean, paid boolean, trial_ends_at timestamptz, grace_ends_at timestamptz,
  last_payment_at timestamptz, cancel_at timestamptz, change_plan text, change_plan_version int, change_at timestamptz,
  ended_at timestamptz, moves jsonb, paused_at timestamptz, resumes_at timestamptz, pause_clock text, payment_failed boolean)
on conflict (tenant_id, id) do update set plan = excluded.plan, plan_version = excluded.plan_version,
  status = excluded.status, add_ons = excluded.add_ons, quantities = excluded.quantities,
  started_at = excluded.started_at, period_anchor = excluded.period_anchor, period_start = excluded.period_start,
  period_end = excluded.period_end, trial = excluded.trial, paid = excluded.paid,
  trial_ends_at = excluded.trial_ends_at, grace_ends_at = excluded.grace_ends_at,
  last_payment_at = excluded.last_payment_at, cancel_at = excluded.cancel_at, change_plan = excluded.change_plan,
  change_plan_version = excluded.change_plan_version, change_at = excluded.change_at, ended_at = excluded.ended_at,
  moves = excluded.moves, paused_at = excluded.paused_at, resumes_at = excluded.resumes_at,
  pause_clock = excluded.pause_clock, payment_failed = excluded.payment_failed`;

const UPDATE_CUSTOMERS = `
update customer c set version = c.version + 1, trial_families = r.trial_families, window_anchors = r.window_anchors,
  next_due_at = r.next_due_at, turned_until = r.turned_until, rules_version = r.rules_version
from jsonb_to_recordset($2::jsonb) as r(id text, trial_families text[], window_anchors jsonb, next_due_at timestamptz,
  turned_until timestamptz, rules_version int)
where c.tenant_id = $1 and c.id = r.id`;

/**
 * INVARIANT (limit in the locked row): whatever changes an entitlement writes the ceiling into the customer's
 * counters in the same transaction, so a spend either sees it or was before it.
 */
const UPDATE_METERS = `
update meter m set used = r.used, reserved = r.reserved, lim = r.lim, window_start = r.window_start,
  window_end = r.window_end, valid_until = r.valid_until, state_version = r.state_version, rules_version = r.rules_version,
  version = m.version + 1
from jsonb_to_recordset($2::jsonb) as r(customer_id text, feature text, used bigint, reserved bigint, lim bigint,
  window_start timestamptz, window_end timestamptz, valid_until timestamptz, state_version bigint, rules_version int)
where m.tenant_id = $1 and m.customer_id = r.customer_id and m.feature = r.feature`;

const INSERT_WINDOWS = `
insert into meter_window (tenant_id, customer_id, feature, window_start, window_end, used)
select $1, r.* from jsonb_to_recordset($2::jsonb)
  as r(customer_id text, feature text, window_start timestamptz, window_end timestamptz, used bigint)
on conflict (tenant_id, customer_id, feature, window_start)
  do update set window_end = excluded.window_end, used = meter_window.used + excluded.used`;

/** The last before the events: set-based statements that make the rows say what the accounts say; as many for a thousand customers as for one. */
export function accountStatements(
  tenantId: TenantId,
  updates: readonly AccountUpdate[],
  release: Release,
  clock: Instant,
): Statement[] {
  const subscriptions = updates.flatMap(changedSubscriptions);
  const meters = updates.flatMap((update) => meterRecords(update, release, clock));
  const windows = updates.flatMap(windowRecords);
  return [
    upsert('upsert-subscriptions', UPSERT_SUBSCRIPTIONS, tenantId, subscriptions),
    upsert(
      'update-customers',
      UPDATE_CUSTOMERS,
      tenantId,
      updates.map((update) => customerRecord(update, release, clock)),
    ),
    upsert('update-meters', UPDATE_METERS, tenantId, meters),
    upsert('insert-meter-windows', INSERT_WINDOWS, tenantId, windows),
    assertRules(release, tenantId),
  ].flat();
}

function upsert(name: string, text: string, tenantId: TenantId, records: readonly object[]): Statement[] {
  return records.length === 0 ? [] : [{ name, text, values: [tenantId, JSON.stringify(records)] }];
}

function changedSubscriptions({ before, after }: AccountUpdate): object[] {
  const known = new Set(before.written.subscriptions);
  return after.subscriptions.filter((subscription) => !known.has(subscription)).map(subscriptionToRecord);
}

/** The earliest of all that is due, and of the ends of running windows: a counter may be used without this row's lock. */
function customerRecord({ after }: AccountUpdate, release: Release, clock: Instant): object {
  const ends = [...after.meters.values()]
    .flatMap((meter) => meter.window?.end ?? [])
    .filter((end) => end > clock);
  const dues = [nextDue({ ...after, turnedUntil: clock }, release), ...ends].filter((at) => at !== null);
  const due = dues.length === 0 ? null : dues.reduce((one, other) => (other < one ? other : one));
  return {
    id: after.id,
    trial_families: [...after.trialsGiven],
    window_anchors: Object.fromEntries(after.windowAnchors),
    next_due_at: due === null ? null : formatInstant(due),
    turned_until: formatInstant(clock),
    rules_version: release.publication.version,
  };
}

function meterRecords({ before, after }: AccountUpdate, release: Release, clock: Instant): object[] {
  return [...after.meters.values()].map((meter) => {
    const { ceiling, validUntil } = ceilingOf(after, release, meter.feature, clock);
    return {
      customer_id: after.id,
      feature: meter.feature,
      used: meter.used,
      reserved: meter.reserved,
      lim: ceiling,
      window_start: meter.window === null ? null : formatInstant(meter.window.start),
      window_end: meter.window === null ? null : formatInstant(meter.window.end),
      valid_until: validUntil === null ? null : formatInstant(validUntil),
      state_version: before.row.version + 1,
      rules_version: release.publication.version,
    };
  });
}

function windowRecords({ after, events }: AccountUpdate): object[] {
  return events.flatMap((event) =>
    event.type === 'usage.window_closed'
      ? [
          {
            customer_id: after.id,
            feature: event.feature,
            window_start: formatInstant(event.window.start),
            window_end: formatInstant(event.window.end),
            used: event.used,
          },
        ]
      : [],
  );
}

/** Locks the counters of these customers in key order, after the customers themselves. */
export function lockMetersOf(tenantId: TenantId, customerIds: readonly string[]): Statement {
  return {
    name: 'lock-meters-of',
    text: `select 1 from meter where tenant_id = $1 and customer_id = any($2) order by customer_id, feature for update`,
    values: [tenantId, customerIds],
  };
}

/** What happened to a customer, as entries of the log. */
export function accountEvents(
  update: AccountUpdate,
  by: { actor: Actor; reason: string | null; requestId: string | null },
  recordedAt: Instant,
): NewEvent[] {
  const { before, events } = update;
  const common = {
    customer: { id: before.row.id, subject: before.row.subject },
    actor: by.actor,
    reason: by.reason,
    requestId: by.requestId,
    recordedAt,
    listed: true,
  };
  return events.map((event) => ({ ...common, ...entryOf(event) }));
}

type Entry = Pick<NewEvent, 'type' | 'subjectType' | 'subjectId' | 'at' | 'data'>;

function entryOf(event: CustomerEvent): Entry {
  const { type, at } = event;
  switch (event.type) {
    case 'usage.window_closed': {
      const data: WindowClosedData = {
        feature: event.feature,
        windowStart: formatInstant(event.window.start),
        windowEnd: formatInstant(event.window.end),
        used: event.used,
      };
      return { type, at, subjectType: 'usage', subjectId: event.feature, data: { ...data } };
    }
    case 'rule.turned': {
      const { rule, feature, subscription, before, after } = event.turn;
      const data: RuleTurnedData = { rule, feature, subscription: subscription?.id ?? null, before, after };
      return { type, at, subjectType: 'feature', subjectId: feature, data: { ...data } };
    }
    default: {
      const data: SubscriptionEventData = {
        before: event.before === null ? null : subscriptionToJson(event.before),
        after: subscriptionToJson(event.after),
      };
      return { type, at, subjectType: 'subscription', subjectId: event.after.id, data: { ...data } };
    }
  }
}

/** The worker, and whoever else writes down what time has done. */
export const TIME: Actor = { kind: 'WORKER', id: 'transitions', name: null };
