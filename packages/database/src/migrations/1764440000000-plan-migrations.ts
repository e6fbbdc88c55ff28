import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Subscriptions of one plan version move to another plan or version, in the background. */
export class PlanMigrations1764440000000 implements MigrationInterface {
  readonly name = 'PlanMigrations1764440000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(ACCESS);
    await runner.query(MIGRATING_TENANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function migrating_tenants(int);
      drop table plan_migration_problem, plan_migration_item, plan_migration;
    `);
  }
}

const TABLES = `
create table plan_migration (
  tenant_id uuid not null,
  id text collate "C" not null,
  plan text collate "C" not null,
  version int not null,
  to_plan text collate "C" not null,
  to_version int not null,
  timing text not null check (timing in ('NOW', 'PERIOD_END', 'AT')),
  at timestamptz(3) check ((at is not null) = (timing = 'AT')),
  -- Null: for all customers.
  customer_ids text[],
  dry_run boolean not null,
  status text not null check (status in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED')),
  -- Up to which customer the subscriptions have been listed; null: all are.
  listed_until text collate "C" default '',
  listed int not null default 0,
  -- Also the place in the list up to which it has come.
  done int not null default 0 check (done <= listed),
  moved int not null default 0,
  refused int not null default 0,
  created_by jsonb not null,
  request_id text,
  created_at timestamptz(3) not null,
  finished_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, plan, version) references plan_version,
  foreign key (tenant_id, to_plan, to_version) references plan_version,
  check (moved + refused <= done),
  check ((finished_at is null) = (status in ('QUEUED', 'RUNNING')))
);
create index plan_migration_created on plan_migration (tenant_id, created_at, id);
-- One at a time, in the order in which they were asked for.
create index plan_migration_open on plan_migration (tenant_id, created_at, id) where finished_at is null;

-- The subscriptions whose turn is still to come. Who was listed is decided once, so a start anew neither skips nor repeats.
create table plan_migration_item (
  tenant_id uuid not null,
  migration_id text collate "C" not null,
  number int not null,
  subscription_id text collate "C" not null,
  customer_id text collate "C" not null,
  primary key (tenant_id, migration_id, number)
);

create table plan_migration_problem (
  tenant_id uuid not null,
  migration_id text collate "C" not null,
  number int not null,
  subscription_id text collate "C" not null,
  code text not null,
  message text not null,
  primary key (tenant_id, migration_id, number),
  unique (tenant_id, migration_id, subscription_id)
);
`;

const ACCESS = `
do $$
declare
  name text;
begin
  foreach name in array array['plan_migration', 'plan_migration_item', 'plan_migration_problem'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy own_tenant on %I using
      (tenant_id = (select nullif(current_setting(''app.tenant'', true), '''')::uuid))', name);
  end loop;
  create policy definer_reads on plan_migration for select to current_user using (true);
end $$;
grant select, insert, update on plan_migration to licet_app;
grant select, insert, delete on plan_migration_item to licet_app;
grant select, insert on plan_migration_problem to licet_app;
`;

/** Security definer: it answers with ids of any tenant and nothing else. */
const MIGRATING_TENANTS = `
create function migrating_tenants(most int) returns setof uuid
language sql volatile security definer set search_path = pg_catalog, public as $$
  select t.tenant_id from public.tenant t
  where exists (select 1 from public.plan_migration m where m.tenant_id = t.tenant_id and m.finished_at is null)
  limit most
$$;
revoke all on function migrating_tenants(int) from public;
grant execute on function migrating_tenants(int) to licet_app;
`;
