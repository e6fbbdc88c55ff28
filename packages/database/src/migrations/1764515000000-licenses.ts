import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Key-bearing rights. A key is known by its digest alone. */
export class Licenses1764515000000 implements MigrationInterface {
  readonly name = 'Licenses1764515000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table license (
        tenant_id uuid not null,
        id text collate "C" not null,
        customer_id text collate "C" not null,
        plan text collate "C" not null,
        plan_version int not null,
        key_hint text not null,
        key_digest text not null,
        quantities jsonb not null,
        starts_at timestamptz(3) not null,
        expires_at timestamptz(3) check (expires_at > starts_at),
        maintenance_until timestamptz(3) check (maintenance_until > starts_at),
        machine_limit int check (machine_limit > 0),
        -- Where its dates have brought it, whatever else was done to it.
        phase text not null check (phase in ('SCHEDULED', 'ACTIVE', 'GRACE', 'EXPIRED')),
        grace_ends_at timestamptz(3) check ((phase = 'GRACE') = (grace_ends_at is not null)),
        ended_at timestamptz(3) check ((phase = 'EXPIRED') = (ended_at is not null)),
        standing text not null check (standing in ('GOOD', 'SUSPENDED', 'REVOKED')),
        standing_since timestamptz(3) check ((standing = 'GOOD') = (standing_since is null)),
        credits_given jsonb not null,
        created_at timestamptz(3) not null,
        primary key (tenant_id, id),
        foreign key (tenant_id, customer_id) references customer,
        foreign key (tenant_id, plan, plan_version) references plan_version
      );
      create index license_all on license (tenant_id, customer_id, created_at, id);

      alter table license enable row level security;
      alter table license force row level security;
      create policy own_tenant on license using
        (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
      grant select, insert, update on license to licet_app;

      -- Found before the tenant is known; nobody reads or writes it but these functions.
      create table license_key_lookup (
        digest bytea primary key,
        tenant_id uuid not null,
        license_id text not null
      );
      create unique index license_key_lookup_license on license_key_lookup (tenant_id, license_id);
      alter table license_key_lookup enable row level security;

      create function find_license_key(key_digest bytea) returns table (tenant_id uuid, license_id text)
      language sql stable security definer set search_path = pg_catalog, public as
      $$ select l.tenant_id, l.license_id from public.license_key_lookup l where l.digest = key_digest $$;

      -- The licence's one key: an earlier one ends.
      create function register_license_key(key_digest bytea, tenant uuid, license text) returns void
      language plpgsql security definer set search_path = pg_catalog, public as $$
      begin
        if tenant is distinct from nullif(current_setting('app.tenant', true), '')::uuid then
          raise exception 'a licence key is registered by its own tenant';
        end if;
        insert into public.license_key_lookup (digest, tenant_id, license_id) values (key_digest, tenant, license)
        on conflict (tenant_id, license_id) do update set digest = excluded.digest;
      end $$;
      revoke all on function find_license_key(bytea), register_license_key(bytea, uuid, text) from public;
      grant execute on function find_license_key(bytea), register_license_key(bytea, uuid, text) to licet_app;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function find_license_key(bytea), register_license_key(bytea, uuid, text);
      drop table license_key_lookup, license;
    `);
  }
}
