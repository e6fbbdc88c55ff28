import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Every domain table's key begins with `tenant_id`, and every one of them is closed by row-level security:
 * a connection that has set no tenant sees nothing (packages/database/README.md).
 */
export class Initial1764000000000 implements MigrationInterface {
  readonly name = 'Initial1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(FUNCTIONS);
    await runner.query(ROW_LEVEL_SECURITY);
    await runner.query(PRIVILEGES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function due_tenants(int), register_api_key(bytea, uuid, text), log_positions(uuid[]), find_api_key(bytea), all_tenants(), assert_count(bigint, bigint, text);
      drop table api_key_lookup, api_key, event, log_head, operation, meter_window, meter, subscription,
        customer, plan_version, catalog_release, tenant;
    `);
  }
}

const TABLES = `
create table tenant (
  tenant_id uuid primary key,
  name text not null,
  time_zone text not null,
  decision_retention text not null default 'P90D',
  event_retention text,
  created_at timestamptz(3) not null default clock_timestamp()
);

-- One row per catalog version; the document never changes once it is written.
create table catalog_release (
  tenant_id uuid not null references tenant,
  number int not null check (number > 0),
  base int,
  status text not null check (status in ('DRAFT', 'SHADOW', 'CANARY', 'LIVE', 'RETIRED', 'REJECTED')),
  document jsonb not null,
  checksum text not null,
  comment text,
  created_by jsonb not null,
  created_at timestamptz(3) not null,
  published_at timestamptz(3),
  primary key (tenant_id, number)
);
create unique index catalog_release_one_live on catalog_release (tenant_id) where status = 'LIVE';

-- The release whose document holds this version of the plan. A version never changes.
create table plan_version (
  tenant_id uuid not null,
  plan text collate "C" not null,
  version int not null check (version > 0),
  release int not null,
  primary key (tenant_id, plan, version),
  foreign key (tenant_id, release) references catalog_release
);

create table customer (
  tenant_id uuid not null references tenant,
  id text collate "C" not null check (length(id) between 1 and 255),
  -- Stands for the customer in the log, so that the log survives erasure.
  subject uuid not null default gen_random_uuid(),
  -- Rises with each change of what the customer may do.
  version bigint not null default 0,
  name text,
  attributes jsonb not null default '{}',
  time_zone text,
  trial_families text[] not null default '{}',
  window_anchors jsonb not null default '{}',
  -- The earliest instant at which time changes something; workers look here.
  next_due_at timestamptz(3),
  created_at timestamptz(3) not null,
  primary key (tenant_id, id)
);
create index customer_created on customer (tenant_id, created_at, id);
create index customer_due on customer (tenant_id, next_due_at) where next_due_at is not null;

create table subscription (
  tenant_id uuid not null,
  id text collate "C" not null,
  customer_id text collate "C" not null,
  plan text collate "C" not null,
  plan_version int not null,
  status text not null check (status in ('SCHEDULED', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'CANCELED', 'EXPIRED')),
  add_ons jsonb not null default '[]',
  quantities jsonb not null default '{}',
  started_at timestamptz(3) not null,
  period_anchor timestamptz(3),
  period_start timestamptz(3),
  period_end timestamptz(3),
  trial boolean not null default false,
  paid boolean not null default false,
  trial_ends_at timestamptz(3),
  grace_ends_at timestamptz(3),
  last_payment_at timestamptz(3),
  cancel_at timestamptz(3),
  change_plan text collate "C",
  change_plan_version int,
  change_at timestamptz(3),
  ended_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, customer_id) references customer,
  foreign key (tenant_id, plan, plan_version) references plan_version,
  check ((status = 'TRIALING') = (trial_ends_at is not null)),
  check ((status = 'PAST_DUE') = (grace_ends_at is not null)),
  check ((status in ('CANCELED', 'EXPIRED')) = (ended_at is not null))
);
create index subscription_customer on subscription (tenant_id, customer_id, started_at);

-- One counter for its life, reset in place. Half-empty pages keep its updates on the page (HOT).
create table meter (
  tenant_id uuid not null,
  customer_id text collate "C" not null,
  feature text collate "C" not null,
  used bigint not null default 0 check (used >= 0),
  reserved bigint not null default 0 check (reserved >= 0),
  -- The ceiling in force, null: none. Whatever changes an entitlement writes it here, under this row's lock.
  lim bigint,
  version bigint not null default 0,
  state_version bigint not null default 0,
  rules_version int not null default 0,
  window_start timestamptz(3),
  window_end timestamptz(3),
  -- Until when time alone leaves \`lim\` and the window as they are.
  valid_until timestamptz(3),
  primary key (tenant_id, customer_id, feature)
) with (fillfactor = 50);

create table meter_window (
  tenant_id uuid not null,
  customer_id text collate "C" not null,
  feature text collate "C" not null,
  window_start timestamptz(3) not null,
  window_end timestamptz(3) not null,
  used bigint not null,
  primary key (tenant_id, customer_id, feature, window_start)
);

-- Idempotency records; those of spends are the usage records too. No second index: it would cost a quarter of the spends.
create table operation (
  tenant_id uuid not null,
  key bytea not null,
  kind text not null,
  request_hash bytea not null,
  customer_id text,
  feature text,
  quantity bigint,
  used_after bigint,
  outcome jsonb not null,
  batch_id uuid,
  at timestamptz(3) not null,
  primary key (tenant_id, key)
);

-- Locked as the last step before COMMIT, so that position order is commit order. Hardly ever updated.
create table log_head (
  tenant_id uuid primary key,
  rules_version int not null
);

create table event (
  tenant_id uuid not null,
  position bigint not null check (position > 0),
  entry_id uuid not null,
  customer_id text collate "C",
  subject_type text not null,
  subject_id text not null,
  type text not null,
  -- False: for caches and the audit trail only (usage batches).
  listed boolean not null,
  -- The bytes that were hashed.
  body bytea not null,
  leaf_hash bytea not null,
  at timestamptz(3) not null,
  recorded_at timestamptz(3) not null,
  primary key (tenant_id, position),
  unique (tenant_id, entry_id)
);
create index event_customer on event (tenant_id, customer_id, position);
create index event_type on event (tenant_id, type, position);

create table api_key (
  tenant_id uuid not null references tenant,
  id text collate "C" not null,
  name text not null,
  role text not null check (role in ('ADMIN', 'OPERATOR', 'SERVICE', 'READER')),
  operations text[] not null,
  customer_ids text[] not null,
  hint text not null,
  created_by jsonb not null,
  created_at timestamptz(3) not null,
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  primary key (tenant_id, id)
);

-- Found before the tenant is known; nobody reads it but find_api_key().
create table api_key_lookup (
  hash bytea primary key,
  tenant_id uuid not null,
  api_key_id text not null
);
`;

/** Security definer: they answer with ids and positions of any tenant and nothing else. */
const FUNCTIONS = `
create function find_api_key(key_hash bytea) returns table (tenant_id uuid, api_key_id text)
language sql stable security definer set search_path = pg_catalog, public as
$$ select l.tenant_id, l.api_key_id from public.api_key_lookup l where l.hash = key_hash $$;

create function register_api_key(key_hash bytea, tenant uuid, key_id text) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if tenant is distinct from nullif(current_setting('app.tenant', true), '')::uuid then
    raise exception 'an api key is registered by its own tenant';
  end if;
  insert into public.api_key_lookup (hash, tenant_id, api_key_id) values (key_hash, tenant, key_id);
end $$;

create function due_tenants(most int) returns setof uuid
language sql volatile security definer set search_path = pg_catalog, public as $$
  select t.tenant_id from public.tenant t
  where exists (select 1 from public.customer c
                where c.tenant_id = t.tenant_id and c.next_due_at <= clock_timestamp())
  limit most
$$;

create function all_tenants() returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as
$$ select t.tenant_id from public.tenant t order by t.created_at, 1 $$;

create function log_positions(tenants uuid[]) returns table (tenant_id uuid, "position" bigint)
language sql volatile security definer set search_path = pg_catalog, public as $$
  select t.id, coalesce((select max(e."position") from public.event e where e.tenant_id = t.id), 0)
  from unnest(tenants) as t(id)
$$;

-- Checks that may refuse raise in the server: COMMIT is on the wire before the client could see a row count.
create function assert_count(actual bigint, expected bigint, code text) returns bigint language plpgsql as $$
begin
  if actual <> expected then
    raise exception 'expected % rows, found %', expected, actual using errcode = code;
  end if;
  return actual;
end $$;
`;

const ROW_LEVEL_SECURITY = `
do $$
declare
  name text;
begin
  foreach name in array array['tenant', 'catalog_release', 'plan_version', 'customer', 'subscription', 'meter',
    'meter_window', 'operation', 'log_head', 'event', 'api_key'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    -- The empty string is what SET LOCAL leaves behind on a pooled connection.
    execute format('create policy own_tenant on %I using
      (tenant_id = (select nullif(current_setting(''app.tenant'', true), '''')::uuid))', name);
  end loop;
  -- What the security-definer functions above read across tenants, where the owner is no superuser.
  foreach name in array array['tenant', 'customer', 'event'] loop
    execute format('create policy definer_reads on %I for select to current_user using (true)', name);
  end loop;
  alter table api_key_lookup enable row level security;
end $$;
`;

const PRIVILEGES = `
revoke all on schema public from public;
grant usage on schema public to licet_app;
grant select, insert, update, delete on all tables in schema public to licet_app;
revoke all on api_key_lookup, migrations from licet_app;
revoke update, delete on event, plan_version from licet_app;
revoke all on function find_api_key(bytea), register_api_key(bytea, uuid, text), due_tenants(int), all_tenants(), log_positions(uuid[]) from public;
grant execute on function find_api_key(bytea), register_api_key(bytea, uuid, text), due_tenants(int), all_tenants(), log_positions(uuid[]) to licet_app;
`;
