import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Outcomes are JSON that we have written, millions of them: the server need not parse each to see that it is. */
export class OutcomesAsText1764516000000 implements MigrationInterface {
  readonly name = 'OutcomesAsText1764516000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table operation alter outcome type text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table operation alter outcome type json using outcome::json');
  }
}
