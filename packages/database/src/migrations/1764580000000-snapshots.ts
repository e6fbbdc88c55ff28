import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Signed snapshots: how many a customer was given, and at which position of the log the last one stood. */
export class Snapshots1764580000000 implements MigrationInterface {
  readonly name = 'Snapshots1764580000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Beside the customer: who asks for a snapshot waits for no command, and the other way round.
      create table customer_snapshot (
        tenant_id uuid not null,
        customer_id text collate "C" not null,
        counter bigint not null,
        position bigint not null,
        primary key (tenant_id, customer_id),
        foreign key (tenant_id, customer_id) references customer
      ) with (fillfactor = 50);

      alter table customer_snapshot enable row level security;
      alter table customer_snapshot force row level security;
      create policy own_tenant on customer_snapshot using
        (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
      grant select, insert, update on customer_snapshot to licet_app;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table customer_snapshot');
  }
}
