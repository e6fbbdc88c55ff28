import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A reservation's row goes when it is settled; what it was stands with the settlement's idempotency record. */
export class SettledReservations1764512000000 implements MigrationInterface {
  readonly name = 'SettledReservations1764512000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      do $$
      declare
        tenant uuid;
      begin
        for tenant in select t.tenant_id from tenant t loop
          perform set_config('app.tenant', tenant::text, true);
          delete from reservation where tenant_id = tenant and status not in ('OPEN', 'EXPIRED');
        end loop;
        perform set_config('app.tenant', '', true);
      end $$;
      alter table reservation drop constraint reservation_status_check,
        add constraint reservation_status_check check (status in ('OPEN', 'EXPIRED'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table reservation drop constraint reservation_status_check,
        add constraint reservation_status_check check (status in ('OPEN', 'COMMITTED', 'RELEASED', 'EXPIRED'));
    `);
  }
}
