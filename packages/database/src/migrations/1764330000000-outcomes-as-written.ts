import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An outcome is read whole and never searched: taking it apart into jsonb was a third of what its record cost. */
export class OutcomesAsWritten1764330000000 implements MigrationInterface {
  readonly name = 'OutcomesAsWritten1764330000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table operation alter outcome type json');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table operation alter outcome type jsonb');
  }
}
