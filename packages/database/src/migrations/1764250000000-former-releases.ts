import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was due under a former release is done by that release, and its moves are told to the end. */
export class FormerReleases1764250000000 implements MigrationInterface {
  readonly name = 'FormerReleases1764250000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(DUE_TENANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(FORMER_DUE_TENANTS);
    await runner.query('drop index publication_untold; alter table customer drop column rules_version');
  }
}

/** Before, nobody was told of a publication any more once another one was live; that is left as it was. */
const TABLES = `
-- The publication under which the row was written last: what earlier ones have made of the customer is in it.
alter table customer add rules_version int not null default 0;

do $$
declare
  tenant uuid;
begin
  for tenant in select t.tenant_id from tenant t loop
    perform set_config('app.tenant', tenant::text, true);
    update publication p set told_all = true from log_head h
      where p.tenant_id = tenant and h.tenant_id = tenant and p.version <> h.rules_version and not p.told_all;
  end loop;
  perform set_config('app.tenant', '', true);
end $$;
create index publication_untold on publication (tenant_id, version) where not told_all;
`;

const DUE_TENANTS = `
create or replace function due_tenants(most int) returns setof uuid
language sql volatile security definer set search_path = pg_catalog, public as $$
  select t.tenant_id from public.tenant t
  where exists (select 1 from public.customer c
                where c.tenant_id = t.tenant_id and c.next_due_at <= clock_timestamp())
     or exists (select 1 from public.publication p where p.tenant_id = t.tenant_id and not p.told_all)
  limit most
$$;
`;

const FORMER_DUE_TENANTS = `
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
