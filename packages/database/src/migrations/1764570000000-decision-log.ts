import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Every access attempt, in batches, by day; docs/decisions/0016. */
export class DecisionLog1764570000000 implements MigrationInterface {
  readonly name = 'DecisionLog1764570000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(FUNCTIONS);
    await runner.query('select make_decision_days(7)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      revoke update (decision_retention) on tenant from licet_app;
      drop function drop_decision_days(date);
      drop function make_decision_days(int);
      drop table decision_flush;
      drop schema decision_days;
    `);
  }
}

const TABLES = `
create table decision_flush (
  tenant_id uuid not null,
  -- Of the newest record, in UTC; fixed when the flush is made, so that a repeat falls on the same key.
  day date not null,
  gateway_id uuid not null,
  -- Dense for each gateway and tenant: a flush that is missing shows.
  seq bigint not null check (seq > 0),
  first_at timestamptz(3) not null,
  last_at timestamptz(3) not null,
  records int not null check (records > 0),
  -- Deflated; packages/database/src/decision-log/flush.ts.
  body bytea not null,
  primary key (tenant_id, day, gateway_id, seq)
) partition by range (day);
-- It is compressed already.
alter table decision_flush alter column body set storage external;
create index decision_flush_newest on decision_flush (tenant_id, last_at, gateway_id, seq);

alter table decision_flush enable row level security;
alter table decision_flush force row level security;
create policy own_tenant on decision_flush using
  (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
grant select, delete on decision_flush to licet_app;

-- One statement writes what several tenants have asked. It reads nothing, so it learns nothing of any of them.
create policy recorded on decision_flush for insert to licet_recorder with check (true);
grant usage on schema public to licet_recorder;
grant insert on decision_flush to licet_recorder;

grant update (decision_retention) on tenant to licet_app;

-- Days are reached through the table alone: in this schema nobody else may look.
create schema decision_days;
-- A process that makes no days must not make a record fail.
create table decision_days.decision_flush_rest partition of decision_flush default;
`;

const FUNCTIONS = `
create function make_decision_days(ahead int) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  today date := (clock_timestamp() at time zone 'UTC')::date;
  that date;
  name text;
begin
  -- Two processes that start together make each day once.
  perform pg_advisory_xact_lock(7245318803);
  for offset_days in 0..least(ahead, 31) loop
    that := today + offset_days;
    name := 'decision_flush_' || to_char(that, 'YYYYMMDD');
    continue when to_regclass('decision_days.' || name) is not null;
    begin
      -- Attached, not made in place: that would lock the whole table against inserts.
      execute format('create table decision_days.%I (like public.decision_flush including all)', name);
      execute format('alter table public.decision_flush attach partition decision_days.%I for values from (%L) to (%L)',
        name, that, that + 1);
    -- Records of that day are among the rest already, and stay there.
    exception when check_violation then null;
    end;
  end loop;
end $$;
-- Drops days before this one that hold nothing any more. What is busy is left for the next time.
create function drop_decision_days(before date) returns int
language plpgsql security definer set search_path = pg_catalog, public set lock_timeout = '200ms' as $$
declare
  name text;
  used boolean;
  dropped int := 0;
begin
  perform pg_advisory_xact_lock(7245318803);
  for name in select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'decision_days' and c.relkind = 'r' and c.relname ~ '^decision_flush_[0-9]{8}$'
      and to_date(right(c.relname, 8), 'YYYYMMDD') < least(before, (clock_timestamp() at time zone 'UTC')::date)
    order by 1
  loop
    begin
      execute format('lock table decision_days.%I in access exclusive mode', name);
      execute format('select exists (select from decision_days.%I)', name) into used;
      continue when used;
      execute format('drop table decision_days.%I', name);
      dropped := dropped + 1;
    exception when lock_not_available then null;
    end;
  end loop;
  return dropped;
end $$;
revoke all on function make_decision_days(int), drop_decision_days(date) from public;
grant execute on function make_decision_days(int), drop_decision_days(date) to licet_app;
`;
