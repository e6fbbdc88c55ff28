import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rules of the catalog decide, and time turns some of them. */
export class RuleTurns1764240000000 implements MigrationInterface {
  readonly name = 'RuleTurns1764240000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Until when it has been told that time has turned a rule.
      alter table customer add turned_until timestamptz(3) not null default clock_timestamp();

      -- Rules that did not decide before may turn from now on: the worker finds out when.
      update customer set next_due_at = least(next_due_at, clock_timestamp());
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table customer drop column turned_until');
  }
}
