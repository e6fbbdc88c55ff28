import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Exceptions that are made for one customer. */
export class Grants1764400000000 implements MigrationInterface {
  readonly name = 'Grants1764400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table entitlement_grant (
        tenant_id uuid not null,
        id text collate "C" not null,
        customer_id text collate "C" not null,
        feature text collate "C" not null,
        -- The effect and, but for BLOCK, the value.
        given jsonb not null,
        status text not null check (status in ('SCHEDULED', 'ACTIVE', 'EXPIRED', 'REVOKED')),
        reason text not null,
        granted_by jsonb not null,
        starts_at timestamptz(3) not null,
        expires_at timestamptz(3) check (expires_at > starts_at),
        created_at timestamptz(3) not null,
        primary key (tenant_id, id),
        foreign key (tenant_id, customer_id) references customer
      );

      -- What decisions rest on, and what a customer's list shows unless it is asked for more.
      create index entitlement_grant_open on entitlement_grant (tenant_id, customer_id, created_at, id)
        where status in ('SCHEDULED', 'ACTIVE');
      create index entitlement_grant_all on entitlement_grant (tenant_id, customer_id, created_at, id);

      alter table entitlement_grant enable row level security;
      alter table entitlement_grant force row level security;
      create policy own_tenant on entitlement_grant using
        (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
      grant select, insert, update on entitlement_grant to licet_app;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table entitlement_grant');
  }
}
