import {
  accountAt,
  type CustomerId,
  type Subscription,
  type SubscriptionId,
  type TenantId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readClock } from '../connection/clock.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import type { SubscriptionRow } from '../mapping/subscription.js';
import {
  groupByCustomer,
  loadAccounts,
  SUBSCRIPTION_COLUMNS,
  SUBSCRIPTION_TABLES,
  subscriptionsFromRows,
} from './accounts.js';

interface ShownRow extends SubscriptionRow {
  /** Something is due for its customer that nobody has written down yet, or a publication may have moved it. */
  readonly is_late: boolean;
}

const SHOWN_COLUMNS = `${SUBSCRIPTION_COLUMNS},
exists (select 1 from customer c where c.tenant_id = s.tenant_id and c.id = s.customer_id
  and (c.next_due_at <= clock_timestamp() or c.rules_version < (
    select max(p.version) from publication p where p.tenant_id = s.tenant_id and not p.told_all))) as is_late`;

/** Subscriptions by id, as time has made them: what is due counts, whoever writes it down later. */
export async function findSubscriptions(
  db: Database,
  tenantId: TenantId,
  ids: readonly SubscriptionId[],
): Promise<Map<SubscriptionId, Subscription>> {
  const found = await readTransaction(db, tenantId, async (transaction) => {
    const rows = await transaction.query<ShownRow>({
      name: 'find-subscriptions',
      text: `select ${SHOWN_COLUMNS} from ${SUBSCRIPTION_TABLES} where s.tenant_id = $1 and s.id = any($2)`,
      values: [tenantId, ids],
    });
    return asTimeMadeThem(db, transaction, rows);
  });
  return new Map(found.map((subscription) => [subscription.id, subscription]));
}

const LATEST_ENDED = 100;

/** Each customer's subscriptions in the order in which they began: those that live, or the latest 100 that ended. */
export async function subscriptionsOf(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
  options: { readonly ended: boolean },
): Promise<Map<CustomerId, Subscription[]>> {
  const found = await readTransaction(db, tenantId, async (transaction) => {
    const rows = await transaction.query<ShownRow>({
      name: 'subscriptions-of',
      text: `
        select * from (
          select ${SHOWN_COLUMNS},
                 row_number() over (partition by s.customer_id, s.ended_at is null order by s.ended_at desc) as age
          from ${SUBSCRIPTION_TABLES}
          where s.tenant_id = $1 and s.customer_id = any($2) and (s.ended_at is null or $3)) s
        where s.ended_at is null or s.age <= $4
        order by s.started_at, s.id`,
      values: [tenantId, ids, options.ended, LATEST_ENDED],
    });
    const now = await asTimeMadeThem(db, transaction, rows);
    return options.ended ? now : now.filter((subscription) => !('endedAt' in subscription));
  });
  return groupByCustomer(found);
}

/** With what is due for their customers and not written yet (docs/rules.md, "Time"). Writes nothing. */
async function asTimeMadeThem(
  db: Database,
  transaction: Transaction,
  rows: readonly ShownRow[],
): Promise<Subscription[]> {
  const written = await subscriptionsFromRows(db, transaction, rows);
  const late = new Set(rows.flatMap((row) => (row.is_late ? [row.customer_id] : [])));
  if (late.size === 0) return written;
  const { release, accounts } = await loadAccounts(db, transaction, [...late]);
  const clock = await readClock(transaction);
  const made = [...accounts.values()].flatMap(
    ({ account }) => accountAt(account, release, clock).subscriptions,
  );
  const byId = new Map(made.map((subscription) => [subscription.id, subscription]));
  return written.map((subscription) => byId.get(subscription.id) ?? subscription);
}

/** A subscription as an idempotency record keeps it: its row, instants as text. */
export async function subscriptionFromRecord(
  db: Database,
  transaction: Transaction,
  record: unknown,
): Promise<Subscription> {
  const rows = await transaction.query<SubscriptionRow>({
    name: 'subscription-record',
    text: `
      select ${SUBSCRIPTION_COLUMNS}
      from (select $1::uuid as tenant_id, r.*, coalesce($2::jsonb -> 'moves', '[]') as moves,
        coalesce($2::jsonb -> 'prorations', '{}') as prorations, coalesce($2::jsonb -> 'credits_given', '{}') as credits_given from jsonb_to_record($2::jsonb) as r(id text, customer_id text, plan text,
        plan_version int, status text, add_ons jsonb, quantities jsonb, started_at timestamptz, period_anchor timestamptz,
        period_start timestamptz, period_end timestamptz, trial boolean, paid boolean, trial_ends_at timestamptz,
        grace_ends_at timestamptz, last_payment_at timestamptz, cancel_at timestamptz, change_plan text,
        change_plan_version int, change_at timestamptz, ended_at timestamptz, paused_at timestamptz, resumes_at timestamptz,
        pause_clock text, payment_failed boolean, change_add_ons jsonb, change_quantities jsonb, seats_released_at timestamptz)) s
      join plan_version v on v.tenant_id = s.tenant_id and v.plan = s.plan and v.version = s.plan_version
      left join plan_version n on n.tenant_id = s.tenant_id and n.plan = s.change_plan and n.version = s.change_plan_version`,
    values: [transaction.tenantId, JSON.stringify(record)],
  });
  const [subscription] = await subscriptionsFromRows(db, transaction, rows);
  if (!subscription) throw new Error('an idempotency record names a plan version that is gone');
  return subscription;
}
