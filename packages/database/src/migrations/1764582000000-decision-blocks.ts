import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Decisions regrouped by customer, and sealed by the event log; docs/decisions/0017. */
export class DecisionBlocks1764582000000 implements MigrationInterface {
  readonly name = 'DecisionBlocks1764582000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(RIGHTS);
    await runner.query(FUNCTIONS);
    await runner.query('select make_decision_days(7)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      revoke all on decision_flush, event, log_head from licet_roller;
      revoke usage on schema public from licet_roller;
      drop function rolling_tenants(int, int, int);
      drop table decision_block, decision_gateway, decision_roll;
    `);
    await runner.query(daysOf(`array['decision_flush']`, 'decision_flush'));
  }
}

const TABLES = `
-- Who holds a tenant's row rolls its decisions up.
create table decision_roll (
  tenant_id uuid primary key,
  last_roll bigint not null default 0
);
-- Which flushes of a gateway have been rolled up: one that comes once more is known by its number.
create table decision_gateway (
  tenant_id uuid not null,
  gateway_id uuid not null,
  rolled int8multirange not null,
  last_at timestamptz(3) not null,
  primary key (tenant_id, gateway_id)
);
create table decision_block (
  tenant_id uuid not null,
  -- Of its records, in UTC: they are of one hour.
  day date not null,
  -- Which customers' records it holds, by their hash; packages/database/src/decision-log/block.ts.
  bucket smallint not null check (bucket between 1 and 511),
  roll bigint not null,
  first_at timestamptz(3) not null,
  last_at timestamptz(3) not null,
  records int not null check (records > 0),
  -- Fingerprints of its customers, and a Bloom filter of its decisions' ids: what it does not hold is passed over unread.
  customers int[] not null,
  ids bytea not null,
  body bytea not null,
  primary key (tenant_id, day, bucket, roll)
) partition by range (day);
-- It is compressed already; what is looked through first stays in the row.
alter table decision_block alter column body set storage external, alter column customers set storage main, alter column ids set storage main;
create index decision_block_newest on decision_block (tenant_id, last_at, bucket, roll);
create index decision_block_newest_of_bucket on decision_block (tenant_id, bucket, last_at, roll);
create table decision_days.decision_block_rest partition of decision_block default;
`;

const OWN_TENANT = ['decision_roll', 'decision_gateway', 'decision_block']
  .map(
    (table) => `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy own_tenant on ${table} using
  (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));`,
  )
  .join('\n');

/** The roller writes blocks and what the log says of them; gateways read, and what is too old is deleted. */
const RIGHTS = `${OWN_TENANT}
grant select, delete on decision_block, decision_gateway to licet_app;
grant usage on schema public to licet_roller;
grant select, delete on decision_flush to licet_roller;
grant select, insert, delete on decision_block to licet_roller;
grant select, insert, update on decision_gateway, decision_roll to licet_roller;
-- To append an event.
grant select, insert on event to licet_roller;
grant select, update (rules_version) on log_head to licet_roller;
`;

/** Makes and drops the days of these tables; `pattern`: what their names match. */
function daysOf(tables: string, pattern: string): string {
  return `
create or replace function make_decision_days(ahead int) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  today date := (clock_timestamp() at time zone 'UTC')::date;
  that date;
  parent text;
  name text;
begin
  -- Two processes that start together make each day once.
  perform pg_advisory_xact_lock(7245318803);
  foreach parent in array ${tables} loop
    for offset_days in 0..least(ahead, 31) loop
      that := today + offset_days;
      name := parent || '_' || to_char(that, 'YYYYMMDD');
      continue when to_regclass('decision_days.' || name) is not null;
      begin
        -- Attached, not made in place: that would lock the whole table against inserts.
        execute format('create table decision_days.%I (like public.%I including all)', name, parent);
        execute format('alter table public.%I attach partition decision_days.%I for values from (%L) to (%L)',
          parent, name, that, that + 1);
      -- Records of that day are among the rest already, and stay there.
      exception when check_violation then null;
      end;
    end loop;
  end loop;
end $$;
-- Drops days before this one that hold nothing any more. What is busy is left for the next time.
create or replace function drop_decision_days(before date) returns int
language plpgsql security definer set search_path = pg_catalog, public set lock_timeout = '200ms' as $$
declare
  name text;
  used boolean;
  dropped int := 0;
begin
  perform pg_advisory_xact_lock(7245318803);
  for name in select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'decision_days' and c.relkind = 'r' and c.relname ~ '^(${pattern})_[0-9]{8}$'
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
end $$;`;
}

const FUNCTIONS = `${daysOf(`array['decision_flush', 'decision_block']`, 'decision_flush|decision_block')}
-- Tenants whose flushes have waited for so many milliseconds, or hold so many records.
create function rolling_tenants(waited int, most_records int, most int) returns setof uuid
language sql volatile security definer set search_path = pg_catalog, public as $$
  select f.tenant_id from public.decision_flush f group by f.tenant_id
  having min(f.last_at) <= clock_timestamp() - make_interval(secs => waited / 1000.0) or sum(f.records) >= most_records
  order by min(f.last_at) limit most
$$;
revoke all on function rolling_tenants(int, int, int) from public;
grant execute on function rolling_tenants(int, int, int) to licet_roller;
`;
