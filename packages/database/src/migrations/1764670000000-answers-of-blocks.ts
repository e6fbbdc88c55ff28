import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which features, codes and verdicts a block of decisions holds, as hashes: packages/database/src/decision-log/answers.ts. Null in blocks that were
 * written before, and are looked through still.
 */
export class AnswersOfBlocks1764670000000 implements MigrationInterface {
  readonly name = 'AnswersOfBlocks1764670000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table decision_block add column answers int[];
      alter table decision_block alter column answers set storage main`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table decision_block drop column answers');
  }
}
