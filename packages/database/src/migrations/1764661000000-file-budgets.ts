import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A budget of a licence file is a quota lease that is settled with the file, and by nothing else. */
export class FileBudgets1764661000000 implements MigrationInterface {
  readonly name = 'FileBudgets1764661000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table reservation
        add column file_id text collate "C",
        add constraint reservation_file check (file_id is null or kind = 'LEASE');
      create index reservation_of_file on reservation (tenant_id, file_id) where file_id is not null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from reservation where file_id is not null;
      alter table reservation drop column file_id`);
  }
}
