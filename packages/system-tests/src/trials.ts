import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import type { RunningSystem } from './system.js';

export interface DueTrials {
  readonly count: number;
  /** Of their ids: `<prefix>-1` and so on. */
  readonly prefix?: string;
  /** The last one ends so many milliseconds after the first. */
  readonly withinMs?: number;
}

/** Trials that end one after another begin to do so after this time. */
export const FIRST_END_MS = 1000;

/** Customers whose trials ended a minute ago, or (`withinMs`) end one after another, soon. */
export async function dueTrials(
  system: RunningSystem,
  { count, prefix = 'due', withinMs = 0 }: DueTrials,
): Promise<void> {
  const [model, age] =
    withinMs === 0
      ? ['model', '14 days 1 minute']
      : [`model-${prefix}`, `14 days -${String(FIRST_END_MS)} ms`];
  await createTestCustomer(system.tenant, model);
  await subscribeTo(system.tenant, model, 'pro', { trial: true });
  await system.owner.query(
    `insert into customer (tenant_id, id, trial_families, window_anchors, created_at)
     select tenant_id, $3 || '-' || n, trial_families, window_anchors, created_at from customer, generate_series(1, $1::int) n where id = $2`,
    [count, model, prefix],
  );
  await system.owner.query(
    `insert into subscription (tenant_id, id, customer_id, plan, plan_version, status, started_at, period_anchor, period_start, period_end, trial_ends_at)
     select tenant_id, 'sub_' || $3::text || n, $3::text || '-' || n, plan, plan_version, status, started_at - age, period_anchor - age, period_start - age,
            period_end - age, trial_ends_at - age
     from subscription, generate_series(1, $1::int) n, lateral (select $4::interval - $5::int * interval '1 ms' * (n::float / $1::int) as age) a where customer_id = $2`,
    [count, model, prefix, age, withinMs],
  );
  await system.owner.query(
    `update customer c set next_due_at = s.trial_ends_at from subscription s
     where s.tenant_id = c.tenant_id and s.customer_id = c.id and c.id like $1 || '-%'`,
    [prefix],
  );
}

/** How many of them are still on trial. */
export async function waiting(system: RunningSystem, prefix = 'due'): Promise<number> {
  const { rows } = await system.owner.query<{ count: number }>(
    `select count(*)::int as count from subscription where status = 'TRIALING' and customer_id like $1 || '-%'`,
    [prefix],
  );
  return rows[0]?.count ?? 0;
}

export interface Transition {
  readonly customer_id: string;
  readonly types: string[];
}

/** What the log says of each of these customers. */
export async function transitions(system: RunningSystem, prefix = 'due'): Promise<Transition[]> {
  const { rows } = await system.owner.query<Transition>(
    `select customer_id, array_agg(type order by position) as types from event
     where customer_id like $1 || '-%' group by customer_id`,
    [prefix],
  );
  return rows;
}
