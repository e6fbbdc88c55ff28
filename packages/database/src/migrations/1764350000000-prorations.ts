import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A change of plan may prorate limits until the running windows are over. */
export class Prorations1764350000000 implements MigrationInterface {
  readonly name = 'Prorations1764350000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- By feature: what the plan gives in place of its own number, and until when (milliseconds since 1970).
      alter table subscription add prorations jsonb not null default '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table subscription drop column prorations');
  }
}
