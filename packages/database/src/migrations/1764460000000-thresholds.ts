import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The thresholds that counters have reached in their running windows, so that each is told once. */
export class Thresholds1764460000000 implements MigrationInterface {
  readonly name = 'Thresholds1764460000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table meter_threshold');
  }
}

const TABLE = `
create table meter_threshold (
  tenant_id uuid not null,
  customer_id text collate "C" not null,
  feature text collate "C" not null,
  window_start timestamptz(3) not null,
  threshold text collate "C" not null,
  primary key (tenant_id, customer_id, feature, window_start, threshold)
);
alter table meter_threshold enable row level security;
alter table meter_threshold force row level security;
create policy own_tenant on meter_threshold using
  (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
grant select, insert, delete on meter_threshold to licet_app;
`;
