import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Releases are published, and rolled back, while everything runs. */
export class Publications1764100000000 implements MigrationInterface {
  readonly name = 'Publications1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(FIRST_PUBLICATIONS);
    await runner.query(DUE_TENANTS);
    await runner.query(ACCESS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(FORMER_DUE_TENANTS);
    await runner.query(`
      drop table release_plan, publication;
      alter table subscription drop column moves;
      alter table catalog_release drop column reason;
    `);
  }
}

const TABLES = `
-- Why it was rejected or rolled back.
alter table catalog_release add reason text;

-- Which publications have moved it to another version of its plan, and from which: what a rollback takes back.
alter table subscription add moves jsonb not null default '[]';

-- What decided from when on; log_head.rules_version names the one that decides now.
create table publication (
  tenant_id uuid not null,
  version int not null check (version > 0),
  release int not null,
  at timestamptz(3) not null,
  -- Of a rollback: what later publications than this one have moved is moved back.
  undoes_after int,
  -- Customers whom it moves are made due in the order of their ids; up to here that is done.
  told_until text collate "C" not null default '',
  told_all boolean not null,
  primary key (tenant_id, version),
  foreign key (tenant_id, release) references catalog_release
);

-- The version under which a release sells each of its plans.
create table release_plan (
  tenant_id uuid not null,
  release int not null,
  plan text collate "C" not null,
  version int not null,
  primary key (tenant_id, release, plan),
  foreign key (tenant_id, release) references catalog_release,
  foreign key (tenant_id, plan, version) references plan_version
);
`;

const FIRST_PUBLICATIONS = `
insert into publication (tenant_id, version, release, at, told_all)
select tenant_id, 1, number, published_at, true from catalog_release where status = 'LIVE';
insert into release_plan (tenant_id, release, plan, version)
select tenant_id, release, plan, version from plan_version;
`;

const DUE_TENANTS = `
create or replace function due_tenants(most int) returns setof uuid
language sql volatile security definer set search_path = pg_catalog, public as $$
  select t.tenant_id from public.tenant t
  where exists (select 1 from public.customer c
                where c.tenant_id = t.tenant_id and c.next_due_at <= clock_timestamp())
     or exists (select 1 from public.log_head h join public.publication p
                  on p.tenant_id = h.tenant_id and p.version = h.rules_version
                where h.tenant_id = t.tenant_id and not p.told_all)
  limit most
$$;
`;

const FORMER_DUE_TENANTS = `
create or replace function due_tenants(most int) returns setof uuid
language sql volatile security definer set search_path = pg_catalog, public as $$
  select t.tenant_id from public.tenant t
  where exists (select 1 from public.customer c
                where c.tenant_id = t.tenant_id and c.next_due_at <= clock_timestamp())
  limit most
$$;
drop policy definer_reads on log_head;
`;

const ACCESS = `
do $$
declare
  name text;
begin
  foreach name in array array['publication', 'release_plan'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy own_tenant on %I using
      (tenant_id = (select nullif(current_setting(''app.tenant'', true), '''')::uuid))', name);
  end loop;
  foreach name in array array['publication', 'log_head'] loop
    execute format('create policy definer_reads on %I for select to current_user using (true)', name);
  end loop;
end $$;
grant select, insert on publication, release_plan to licet_app;
grant update (told_until, told_all) on publication to licet_app;
`;
