import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A subscription keeps the version of an add-on that it was sold, as it keeps its plan's. */
export class AddOnVersions1764200000000 implements MigrationInterface {
  readonly name = 'AddOnVersions1764200000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
    await runner.query(WITH_VERSIONS);
    await runner.query(EXISTING);
    await runner.query('drop function with_add_on_versions(uuid, jsonb)');
    await runner.query(ACCESS);
  }

  /** The numbers stay in the JSON, where nobody reads them. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table release_add_on, add_on_version');
  }
}

const TABLES = `
-- The release whose document holds this version of the add-on. A version never changes.
create table add_on_version (
  tenant_id uuid not null,
  add_on text collate "C" not null,
  version int not null check (version > 0),
  release int not null,
  primary key (tenant_id, add_on, version),
  foreign key (tenant_id, release) references catalog_release
);

-- The version under which a release sells each of its add-ons.
create table release_add_on (
  tenant_id uuid not null,
  release int not null,
  add_on text collate "C" not null,
  version int not null,
  primary key (tenant_id, release, add_on),
  foreign key (tenant_id, release) references catalog_release,
  foreign key (tenant_id, add_on, version) references add_on_version
);
`;

/** What decides today is what was bought: the live release's version, or the last one of an add-on that it has not. */
const WITH_VERSIONS = `
create function with_add_on_versions(tenant uuid, add_ons jsonb) returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(held || jsonb_build_object('version', coalesce(
    (select a.version from release_add_on a join catalog_release r on r.tenant_id = a.tenant_id and r.number = a.release
     where a.tenant_id = tenant and a.add_on = held ->> 'addOn' and r.status = 'LIVE'),
    (select max(v.version) from add_on_version v where v.tenant_id = tenant and v.add_on = held ->> 'addOn')
  )) order by place), '[]')
  from jsonb_array_elements(add_ons) with ordinality e(held, place)
$$;
`;

/**
 * Versions are numbered by what they give, in the order in which that came. Tenant by tenant: row-level security is
 * forced, also upon an owner who is no superuser.
 */
const EXISTING = `
do $$
declare
  tenant uuid;
begin
  for tenant in select t.tenant_id from tenant t loop
    perform set_config('app.tenant', tenant::text, true);
    create temporary table offered on commit drop as
      select r.number as release, a.key as add_on, a.value -> 'entitlements' as entitlements
      from catalog_release r cross join lateral jsonb_each(
        case jsonb_typeof(r.document -> 'addOns') when 'object' then r.document -> 'addOns' end) a
      where r.tenant_id = tenant and r.published_at is not null;
    insert into add_on_version (tenant_id, add_on, version, release)
      select tenant, add_on, row_number() over (partition by add_on order by min(release)), min(release)
      from offered group by add_on, entitlements;
    insert into release_add_on (tenant_id, release, add_on, version)
      select tenant, o.release, o.add_on, v.version
      from offered o join add_on_version v on v.tenant_id = tenant and v.add_on = o.add_on
      join offered f on f.release = v.release and f.add_on = o.add_on and f.entitlements = o.entitlements;
    drop table offered;
    update subscription set add_ons = with_add_on_versions(tenant, add_ons)
      where tenant_id = tenant and add_ons <> '[]';
    update subscription set moves = (select jsonb_agg(m || '{"addOns": []}' order by place)
        from jsonb_array_elements(moves) with ordinality e(m, place))
      where tenant_id = tenant and moves <> '[]';
    -- Idempotency records of subscriptions hold their rows.
    update operation set outcome = outcome
        || jsonb_build_object('add_ons', with_add_on_versions(tenant, outcome -> 'add_ons'))
        || jsonb_build_object('moves', coalesce((select jsonb_agg(m || '{"addOns": []}' order by place)
             from jsonb_array_elements(outcome -> 'moves') with ordinality e(m, place)), '[]'))
      where tenant_id = tenant and outcome ? 'add_ons' and (outcome -> 'add_ons' <> '[]' or outcome -> 'moves' <> '[]');
  end loop;
  perform set_config('app.tenant', '', true);
end $$;
`;

const ACCESS = `
do $$
declare
  name text;
begin
  foreach name in array array['add_on_version', 'release_add_on'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy own_tenant on %I using
      (tenant_id = (select nullif(current_setting(''app.tenant'', true), '''')::uuid))', name);
  end loop;
end $$;
grant select, insert on add_on_version, release_add_on to licet_app;
`;
