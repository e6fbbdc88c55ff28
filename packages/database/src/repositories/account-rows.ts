import type {
  Ceiling,
  CustomerId,
  FeatureKey,
  Grant,
  Instant,
  Meter,
  PlanFamily,
  QuotaLease,
  Reservation,
  Span,
  Subscription,
  TenantId,
} from '@licet/domain';
import type { Statement } from '../connection/transaction.js';
import { assignments, type Column, columnArrays, givenRows, namesOf } from '../mapping/columns.js';
import { CREDIT_BLOCK_ROW, type OwnedBlock } from '../mapping/credit-block.js';
import { GRANT_ROW, type StoredGrant } from '../mapping/grant.js';
import { LICENSE_ROW, STORED_LICENSE_ROW, type StoredLicense } from '../mapping/license.js';
import { MACHINE_ROW, type OwnedMachine } from '../mapping/machine.js';
import { SUBSCRIPTION_ROW } from '../mapping/subscription.js';

/** A statement that writes many rows of one kind at once. */
interface RowsStatement<Item> {
  readonly name: string;
  readonly text: string;
  readonly columns: readonly Column<Item>[];
}

/** None where there is nothing to write. */
export function writeRows<Item>(
  tenantId: TenantId,
  { name, text, columns }: RowsStatement<Item>,
  items: readonly Item[],
): Statement[] {
  return items.length === 0 ? [] : [{ name, text, values: [tenantId, ...columnArrays(columns, items)] }];
}

const CHANGING_COLUMNS = SUBSCRIPTION_ROW.filter(({ name }) => name !== 'id' && name !== 'customer_id');

export const INSERT_SUBSCRIPTIONS: RowsStatement<Subscription> = {
  name: 'insert-subscriptions',
  columns: SUBSCRIPTION_ROW,
  text: `
insert into subscription (tenant_id, ${namesOf(SUBSCRIPTION_ROW)})
select $1, r.* from ${givenRows(SUBSCRIPTION_ROW)} r
on conflict (tenant_id, id) do update set ${assignments(CHANGING_COLUMNS, 'excluded')}`,
};

export const UPDATE_SUBSCRIPTIONS: RowsStatement<Subscription> = {
  name: 'update-subscriptions',
  columns: SUBSCRIPTION_ROW,
  text: `
update subscription s set ${assignments(CHANGING_COLUMNS, 'r')}
from ${givenRows(SUBSCRIPTION_ROW)} r
where s.tenant_id = $1 and s.id = r.id`,
};

/** The instant of its making never changes, so it is no column of what is written again. */
export const INSERT_LICENSES: RowsStatement<StoredLicense> = {
  name: 'insert-licenses',
  columns: STORED_LICENSE_ROW,
  text: `
insert into license (tenant_id, ${namesOf(STORED_LICENSE_ROW)})
select $1, r.* from ${givenRows(STORED_LICENSE_ROW)} r`,
};

export const UPDATE_LICENSES: RowsStatement<Pick<StoredLicense, 'license'>> = {
  name: 'update-licenses',
  columns: LICENSE_ROW,
  text: `
update license l set ${assignments(
    LICENSE_ROW.filter(({ name }) => name !== 'id' && name !== 'customer_id'),
    'r',
  )}
from ${givenRows(LICENSE_ROW)} r
where l.tenant_id = $1 and l.id = r.id`,
};

export const WRITE_MACHINES: RowsStatement<OwnedMachine> = {
  name: 'write-machines',
  columns: MACHINE_ROW,
  text: `
insert into machine (tenant_id, ${namesOf(MACHINE_ROW)})
select $1, r.* from ${givenRows(MACHINE_ROW)} r
on conflict (tenant_id, license_id, id) do update set ${assignments(MACHINE_ROW.slice(2), 'excluded')}`,
};

const REMOVED_MACHINE_ROW = MACHINE_ROW.slice(0, 2);

export const DELETE_MACHINES: RowsStatement<OwnedMachine> = {
  name: 'delete-machines',
  columns: REMOVED_MACHINE_ROW,
  text: `
delete from machine m using ${givenRows(REMOVED_MACHINE_ROW)} r
where m.tenant_id = $1 and m.license_id = r.license_id and m.id = r.id`,
};

export const INSERT_GRANTS: RowsStatement<StoredGrant> = {
  name: 'insert-grants',
  columns: GRANT_ROW,
  text: `
insert into entitlement_grant (tenant_id, ${namesOf(GRANT_ROW)})
select $1, r.* from ${givenRows(GRANT_ROW)} r`,
};

const GRANT_STATUS_ROW: readonly Column<Grant>[] = [
  { name: 'id', type: 'text', of: ({ id }) => id },
  { name: 'status', type: 'text', of: ({ status }) => status },
];

export const UPDATE_GRANTS: RowsStatement<Grant> = {
  name: 'update-grants',
  columns: GRANT_STATUS_ROW,
  text: `
update entitlement_grant g set status = r.status
from ${givenRows(GRANT_STATUS_ROW)} r
where g.tenant_id = $1 and g.id = r.id`,
};

/** What is left out stays as it is. */
export interface CustomerChange {
  readonly id: CustomerId;
  readonly trialFamilies: readonly PlanFamily[] | undefined;
  readonly windowAnchors: Readonly<Record<FeatureKey, Instant>> | undefined;
  readonly nextDueAt: Instant | null;
  readonly turnedUntil: Instant;
  readonly rulesVersion: number;
}

const CUSTOMER_ROW: readonly Column<CustomerChange>[] = [
  { name: 'id', type: 'text', of: ({ id }) => id },
  { name: 'trial_families', type: 'jsonb', of: ({ trialFamilies }) => trialFamilies },
  { name: 'window_anchors', type: 'jsonb', of: ({ windowAnchors }) => windowAnchors },
  { name: 'next_due_at', type: 'timestamptz', of: ({ nextDueAt }) => nextDueAt },
  { name: 'turned_until', type: 'timestamptz', of: ({ turnedUntil }) => turnedUntil },
  { name: 'rules_version', type: 'int', of: ({ rulesVersion }) => rulesVersion },
];

export const UPDATE_CUSTOMERS: RowsStatement<CustomerChange> = {
  name: 'update-customers',
  columns: CUSTOMER_ROW,
  text: `
update customer c set version = c.version + 1, next_due_at = r.next_due_at, turned_until = r.turned_until,
  rules_version = r.rules_version,
  trial_families = case when r.trial_families is null then c.trial_families
    else array(select jsonb_array_elements_text(r.trial_families)) end,
  window_anchors = coalesce(r.window_anchors, c.window_anchors)
from ${givenRows(CUSTOMER_ROW)} r
where c.tenant_id = $1 and c.id = r.id`,
};

export interface MeterChange {
  readonly customerId: CustomerId;
  readonly meter: Meter;
  readonly ceiling: Ceiling;
  readonly stateVersion: number;
  readonly rulesVersion: number;
}

const METER_ROW: readonly Column<MeterChange>[] = [
  { name: 'customer_id', type: 'text', of: ({ customerId }) => customerId },
  { name: 'feature', type: 'text', of: ({ meter }) => meter.feature },
  { name: 'used', type: 'bigint', of: ({ meter }) => meter.used },
  { name: 'reserved', type: 'bigint', of: ({ meter }) => meter.reserved },
  { name: 'overdrawn', type: 'bigint', of: ({ meter }) => meter.overdrawn },
  { name: 'lim', type: 'bigint', of: ({ ceiling }) => ceiling.ceiling },
  { name: 'window_start', type: 'timestamptz', of: ({ meter }) => meter.window?.start ?? null },
  { name: 'window_end', type: 'timestamptz', of: ({ meter }) => meter.window?.end ?? null },
  { name: 'held_until', type: 'timestamptz', of: ({ meter }) => meter.freesAt },
  { name: 'valid_until', type: 'timestamptz', of: ({ ceiling }) => ceiling.validUntil },
  { name: 'state_version', type: 'bigint', of: ({ stateVersion }) => stateVersion },
  { name: 'rules_version', type: 'int', of: ({ rulesVersion }) => rulesVersion },
  { name: 'rolled', type: 'jsonb', of: ({ meter }) => meter.rolled },
];

/**
 * INVARIANT (limit in the locked row): whatever changes an entitlement writes the ceiling into the customer's
 * counters in the same transaction, so a spend either sees it or was before it.
 */
export const UPDATE_METERS: RowsStatement<MeterChange> = {
  name: 'update-meters',
  columns: METER_ROW,
  text: `
update meter m set ${assignments(METER_ROW.slice(2), 'r')}, version = m.version + 1
from ${givenRows(METER_ROW)} r
where m.tenant_id = $1 and m.customer_id = r.customer_id and m.feature = r.feature`,
};

/** Those of which time has closed a window that nobody has used: the customer's lock keeps others from making them. */
export const INSERT_METERS: RowsStatement<MeterChange> = {
  name: 'insert-idle-meters',
  columns: METER_ROW,
  text: `
insert into meter (tenant_id, version, ${namesOf(METER_ROW)})
select $1, 1, r.* from ${givenRows(METER_ROW)} r`,
};

export interface ClosedWindow {
  readonly customerId: CustomerId;
  readonly feature: FeatureKey;
  readonly window: Span;
  readonly used: number;
}

const WINDOW_ROW: readonly Column<ClosedWindow>[] = [
  { name: 'customer_id', type: 'text', of: ({ customerId }) => customerId },
  { name: 'feature', type: 'text', of: ({ feature }) => feature },
  { name: 'window_start', type: 'timestamptz', of: ({ window }) => window.start },
  { name: 'window_end', type: 'timestamptz', of: ({ window }) => window.end },
  { name: 'used', type: 'bigint', of: ({ used }) => used },
];

export const INSERT_WINDOWS: RowsStatement<ClosedWindow> = {
  name: 'insert-meter-windows',
  columns: WINDOW_ROW,
  text: `
insert into meter_window (tenant_id, ${namesOf(WINDOW_ROW)})
select $1, r.* from ${givenRows(WINDOW_ROW)} r
on conflict (tenant_id, customer_id, feature, window_start)
  do update set window_end = excluded.window_end, used = meter_window.used + excluded.used`,
};

/** What a closed window has reached can be reached again in the next. */
export const FORGET_THRESHOLDS: RowsStatement<ClosedWindow> = {
  name: 'forget-thresholds',
  columns: WINDOW_ROW,
  text: `
delete from meter_threshold t using ${givenRows(WINDOW_ROW)} r
where t.tenant_id = $1 and t.customer_id = r.customer_id and t.feature = r.feature and t.window_start = r.window_start`,
};

/** A threshold that time has reached. */
export interface ToldThreshold {
  readonly customerId: CustomerId;
  readonly feature: FeatureKey;
  readonly windowStart: Instant;
  readonly threshold: string;
}

const THRESHOLD_ROW: readonly Column<ToldThreshold>[] = [
  { name: 'customer_id', type: 'text', of: ({ customerId }) => customerId },
  { name: 'feature', type: 'text', of: ({ feature }) => feature },
  { name: 'window_start', type: 'timestamptz', of: ({ windowStart }) => windowStart },
  { name: 'threshold', type: 'text', of: ({ threshold }) => threshold },
];

/** What was told before was read under the counters' locks, with the leases. */
export const TELL_THRESHOLDS: RowsStatement<ToldThreshold> = {
  name: 'tell-thresholds',
  columns: THRESHOLD_ROW,
  text: `
insert into meter_threshold (tenant_id, ${namesOf(THRESHOLD_ROW)})
select $1, r.* from ${givenRows(THRESHOLD_ROW)} r
on conflict do nothing`,
};

const EXPIRED_ROW: readonly Column<Pick<Reservation | QuotaLease, 'id'>>[] = [
  { name: 'id', type: 'text', of: ({ id }) => id },
];

/** What time has freed, or spent. */
export const EXPIRE_RESERVATIONS: RowsStatement<Pick<Reservation | QuotaLease, 'id'>> = {
  name: 'expire-reservations',
  columns: EXPIRED_ROW,
  text: `
update reservation set status = 'EXPIRED'
where tenant_id = $1 and id = any($2) and status in ('OPEN', 'EXPIRED')`,
};

export const INSERT_BLOCKS: RowsStatement<OwnedBlock> = {
  name: 'insert-credit-blocks',
  columns: CREDIT_BLOCK_ROW,
  text: `
insert into credit_block (tenant_id, ${namesOf(CREDIT_BLOCK_ROW)})
select $1, r.* from ${givenRows(CREDIT_BLOCK_ROW)} r`,
};

const CHANGING_BLOCK_ROW = CREDIT_BLOCK_ROW.filter(({ name }) =>
  ['id', 'remaining', 'held', 'status'].includes(name),
);

export const UPDATE_BLOCKS: RowsStatement<OwnedBlock> = {
  name: 'update-credit-blocks',
  columns: CHANGING_BLOCK_ROW,
  text: `
update credit_block b set remaining = r.remaining, held = r.held, status = r.status
from ${givenRows(CHANGING_BLOCK_ROW)} r
where b.tenant_id = $1 and b.id = r.id`,
};
