import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The keys that a tenant's tokens are signed with. */
export class SigningKeys1764510000000 implements MigrationInterface {
  readonly name = 'SigningKeys1764510000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table signing_key (
        tenant_id uuid not null references tenant,
        -- The thumbprint of the public key (RFC 7638).
        kid text collate "C" not null,
        -- In the order in which they were made.
        number int not null,
        -- Its point, in base64url.
        x text not null,
        -- Encrypted, bound to tenant and kid; null: it signs no more, and is destroyed.
        private_key bytea,
        created_at timestamptz(3) not null,
        -- The newest key that has come to this time signs.
        signs_from timestamptz(3) not null,
        -- Until when it verifies; null: nothing has followed it.
        retires_at timestamptz(3),
        primary key (tenant_id, kid),
        unique (tenant_id, number)
      );
      alter table signing_key enable row level security;
      alter table signing_key force row level security;
      create policy own_tenant on signing_key using
        (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
      grant select, insert, update on signing_key to licet_app;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table signing_key');
  }
}
