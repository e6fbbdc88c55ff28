import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Where the pieces of a block's body begin and end, so that one of them can be read: packages/database/src/decision-log/block.ts. Null in blocks that
 * are one piece, as all were that were written before.
 */
export class PiecesOfBlocks1764710000000 implements MigrationInterface {
  readonly name = 'PiecesOfBlocks1764710000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table decision_block add column piece_from int[], add column piece_ends int[];
      alter table decision_block alter column piece_from set storage main, alter column piece_ends set storage main`);
  }

  /** Refused while a block has several pieces: nobody could tell any more where they end. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      do $$ begin
        if exists (select from decision_block where piece_ends is not null) then
          raise exception 'blocks of decisions are divided into pieces, which versions before this one cannot read';
        end if;
      end $$`);
    await runner.query('alter table decision_block drop column piece_from, drop column piece_ends');
  }
}
