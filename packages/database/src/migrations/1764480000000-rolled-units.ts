import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A window may begin with what earlier ones have left over. */
export class RolledUnits1764480000000 implements MigrationInterface {
  readonly name = 'RolledUnits1764480000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- {units, until} each, the soonest to end first; \`until\` in milliseconds since 1970. Whatever writes it raises \`state_version\`.
      alter table meter add rolled jsonb not null default '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table meter drop column rolled');
  }
}
