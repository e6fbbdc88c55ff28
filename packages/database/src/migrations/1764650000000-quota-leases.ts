import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A quota lease is a row beside reservations: both hold units of a counter; what time ends of a lease is spent. */
export class QuotaLeases1764650000000 implements MigrationInterface {
  readonly name = 'QuotaLeases1764650000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table reservation add column kind text not null default 'RESERVATION' check (kind in ('RESERVATION', 'LEASE'));
      alter table reservation alter column kind drop default`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from reservation where kind = 'LEASE';
      alter table reservation drop column kind`);
  }
}
