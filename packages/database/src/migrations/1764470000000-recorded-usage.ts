import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Usage may be told after the fact: a usage record then says when it was used, besides when it was written. */
export class RecordedUsage1764470000000 implements MigrationInterface {
  readonly name = 'RecordedUsage1764470000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table operation add column used_at timestamptz(3)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table operation drop column used_at');
  }
}
