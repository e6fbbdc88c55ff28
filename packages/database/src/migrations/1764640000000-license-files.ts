import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files for machines that never see a network, and the seats that they use. */
export class LicenseFiles1764640000000 implements MigrationInterface {
  readonly name = 'LicenseFiles1764640000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table license_file (
        tenant_id uuid not null,
        id text collate "C" not null,
        customer_id text collate "C" not null,
        license_id text collate "C" not null,
        fingerprint text collate "C" not null,
        nonce text,
        issued_at timestamptz(3) not null,
        expires_at timestamptz(3) not null,
        -- Units by feature, as a list of pairs.
        budgets jsonb not null,
        seat_feature text collate "C",
        member_id text collate "C",
        -- As it was signed, and answered: whoever asks again with the same key gets the same.
        token text not null,
        answer jsonb not null,
        settled_at timestamptz(3),
        spent jsonb,
        primary key (tenant_id, id),
        foreign key (tenant_id, customer_id) references customer,
        foreign key (tenant_id, license_id) references license,
        check ((seat_feature is null) = (member_id is null)),
        check ((settled_at is null) = (spent is null))
      );
      -- Those that are out of a customer, and those that a revocation list names, are the ones that have not ended.
      create index license_file_out on license_file (tenant_id, customer_id, expires_at) where settled_at is null;
      create index license_file_settled on license_file (tenant_id, expires_at) where settled_at is not null;
      -- Those that a revocation list names.
      create index license_standing on license (tenant_id, standing_since) where standing <> 'GOOD';

      alter table license_file enable row level security;
      alter table license_file force row level security;
      create policy own_tenant on license_file using
        (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
      grant select, insert on license_file to licet_app;
      grant update (settled_at, spent) on license_file to licet_app;

      -- A machine out of reach uses it until then: it is nobody else's before.
      alter table seat add column borrowed_until timestamptz(3);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table seat drop column borrowed_until;
      drop index license_standing;
      drop table license_file;
    `);
  }
}
