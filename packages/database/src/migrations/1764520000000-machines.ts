import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Machines that licences are activated on. Of their parts nothing is kept but keyed hashes. */
export class Machines1764520000000 implements MigrationInterface {
  readonly name = 'Machines1764520000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table machine (
        tenant_id uuid not null,
        license_id text collate "C" not null,
        id text collate "C" not null,
        fingerprint text collate "C" not null,
        components jsonb not null,
        name text,
        activated_at timestamptz(3) not null,
        last_seen_at timestamptz(3),
        -- One of the places that machines take in turns is held until then.
        in_use_until timestamptz(3),
        primary key (tenant_id, license_id, id),
        unique (tenant_id, license_id, fingerprint),
        foreign key (tenant_id, license_id) references license
      ) with (fillfactor = 50);

      alter table machine enable row level security;
      alter table machine force row level security;
      create policy own_tenant on machine using
        (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
      grant select, insert, update, delete on machine to licet_app;

      -- When machines were deactivated, in milliseconds since 1970, as far as it counts.
      alter table license add column deactivations jsonb not null default '[]';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table license drop column deactivations;
      drop table machine;
    `);
  }
}
