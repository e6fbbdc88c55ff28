import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who asked for a reservation: a commit that comes too late is decided for the same member, on the same machine. */
export class ReservingMembers1764545000000 implements MigrationInterface {
  readonly name = 'ReservingMembers1764545000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table reservation add column member_id text, add column fingerprint text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table reservation drop column member_id, drop column fingerprint');
  }
}
