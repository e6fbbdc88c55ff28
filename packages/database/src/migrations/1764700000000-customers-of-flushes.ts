import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whose records a flush holds, as hashes: packages/database/src/decision-log/customer-key.ts. Null in flushes of earlier versions, which
 * are looked through still.
 */
export class CustomersOfFlushes1764700000000 implements MigrationInterface {
  readonly name = 'CustomersOfFlushes1764700000000';

  async up(runner: QueryRunner): Promise<void> {
    // Hashes do not get smaller by being packed.
    await runner.query(`
      alter table decision_flush add column customers int[];
      alter table decision_flush alter column customers set storage external`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table decision_flush drop column customers');
  }
}
