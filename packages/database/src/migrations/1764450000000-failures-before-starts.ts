import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A payment may fail before the subscription begins: it counts from the start. */
export class FailuresBeforeStarts1764450000000 implements MigrationInterface {
  readonly name = 'FailuresBeforeStarts1764450000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(pauseCheck("status in ('PAUSED', 'SCHEDULED') or not payment_failed"));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(pauseCheck("status = 'PAUSED' or not payment_failed"));
  }
}

function pauseCheck(failure: string): string {
  return `
    alter table subscription drop constraint subscription_pause_check, add constraint subscription_pause_check check
      ((status = 'PAUSED') = (paused_at is not null) and (status = 'PAUSED') = (pause_clock is not null)
       and (status = 'PAUSED' or resumes_at is null) and (${failure}))`;
}
