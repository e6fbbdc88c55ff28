import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import type { RunningSystem } from './system.js';

/** Customers whose trials ended a minute ago, with nobody having written it down yet. */
export async function dueTrials(system: RunningSystem, count: number): Promise<void> {
  await createTestCustomer(system.tenant, 'model');
  await subscribeTo(system.tenant, 'model', 'pro', { trial: true });
  await system.owner.query(
    `insert into customer (tenant_id, id, trial_families, window_anchors, created_at)
     select tenant_id, 'due-' || n, trial_families, window_anchors, created_at from customer, generate_series(1, $1) n where id = 'model'`,
    [count],
  );
  await system.owner.query(
    `insert into subscription (tenant_id, id, customer_id, plan, plan_version, status, started_at, period_anchor, period_start, period_end, trial_ends_at)
     select tenant_id, 'sub_due' || n, 'due-' || n, plan, plan_version, status, started_at - age, period_anchor - age, period_start - age,
            period_end - age, trial_ends_at - age
     from subscription, (select interval '14 days 1 minute' as age) a, generate_series(1, $1) n where customer_id = 'model'`,
    [count],
  );
  await system.owner.query(
    `update customer c set next_due_at = s.trial_ends_at from subscription s
     where s.tenant_id = c.tenant_id and s.customer_id = c.id and c.id like 'due-%'`,
  );
}

export async function waiting(system: RunningSystem): Promise<number> {
  const { rows } = await system.owner.query<{ count: number }>(
    `select count(*)::int as count from subscription where status = 'TRIALING' and customer_id like 'due-%'`,
  );
  return rows[0]?.count ?? 0;
}

export interface Transition {
  readonly customer_id: string;
  readonly types: string[];
}

/** What the log says of each of these customers. */
export async function transitions(system: RunningSystem): Promise<Transition[]> {
  const { rows } = await system.owner.query<Transition>(
    `select customer_id, array_agg(type order by position) as types from event
     where customer_id like 'due-%' group by customer_id`,
  );
  return rows;
}
