import { createTestCustomer, publish, subscribeTo, TEST_CATALOG } from '@licet/database/testing';
import type { RunningSystem } from './system.js';

/** Of those who are to be migrated, one in so many has an add-on that `team` is not sold with. */
export const REFUSED_EVERY = 50;
/** Calls that `team` gives; `pro` gives 100. */
export const TEAM_CALLS = 20;

const { free, pro } = TEST_CATALOG.plans;
const CATALOG = {
  ...TEST_CATALOG,
  plans: { free, pro, team: { ...pro, entitlements: { ...pro.entitlements, calls: TEAM_CALLS } } },
  addOns: { more: { with: ['pro'], entitlements: { projects: 10 } } },
  transitions: [{ from: 'pro', to: 'team', takesEffect: 'now', usage: 'carry', addOnsNotOffered: 'refuse' }],
};

/** So many customers `m-1`, `m-2` and so on, on `pro` in version 1. */
export async function subscribers(system: RunningSystem, count: number): Promise<void> {
  await publish(system.tenant, CATALOG);
  await createTestCustomer(system.tenant, 'model');
  await createTestCustomer(system.tenant, 'model-with-more');
  await subscribeTo(system.tenant, 'model', 'pro');
  await subscribeTo(system.tenant, 'model-with-more', 'pro', { addOns: { more: 1 } });
  const values = [count, REFUSED_EVERY];
  const model = `case when n % $2::int = 0 then 'model-with-more' else 'model' end`;
  await system.owner.query(
    `insert into customer (tenant_id, id, window_anchors, created_at, next_due_at, turned_until, rules_version)
     select tenant_id, 'm-' || n, window_anchors, created_at, next_due_at, turned_until, rules_version
     from generate_series(1, $1::int) n join customer on id = ${model}`,
    values,
  );
  await system.owner.query(
    `insert into subscription (tenant_id, id, customer_id, plan, plan_version, status, add_ons, started_at, period_anchor, period_start, period_end)
     select tenant_id, 'sub_m' || n, 'm-' || n, plan, plan_version, status, add_ons, started_at, period_anchor, period_start, period_end
     from generate_series(1, $1::int) n join subscription on customer_id = ${model}`,
    values,
  );
  // The models are none of them.
  await system.owner.query(`update subscription set plan = 'free' where customer_id like 'model%'`);
  await system.owner.query('analyze customer, subscription');
}

export interface Progress {
  readonly status: string;
  readonly done: number;
  readonly total: number | null;
  readonly moved: number;
  readonly refused: number;
}

/** The only migration, as its row says. */
export async function progressOf(system: RunningSystem): Promise<Progress> {
  const { rows } = await system.owner.query<Progress>(
    `select status, done, case when listed_until is null then listed end as total, moved, refused from plan_migration`,
  );
  const [row] = rows;
  if (!row) throw new Error('there is no migration');
  return row;
}

export interface MigrationOutcome {
  readonly id: string;
  readonly plan: string;
  readonly code: string | null;
  readonly types: string[] | null;
}

/** What a migration has left behind, by subscription: what it is now, how often it was changed, why it was refused. */
export async function outcomesOf(system: RunningSystem): Promise<MigrationOutcome[]> {
  const { rows } = await system.owner.query<MigrationOutcome>(
    `with told as (
       select subject_id, array_agg(type order by position) as types from event group by subject_id)
     select s.id, s.plan, s.plan_version, s.status, s.add_ons, c.version, p.code, p.message, t.types
     from subscription s join customer c on c.tenant_id = s.tenant_id and c.id = s.customer_id
     left join told t on t.subject_id = s.id
     left join plan_migration_problem p on p.tenant_id = s.tenant_id and p.subscription_id = s.id
     where s.id like 'sub_m%' and s.customer_id like 'm-%' order by s.id`,
  );
  return rows;
}
