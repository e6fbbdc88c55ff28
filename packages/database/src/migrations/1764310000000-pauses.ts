import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Subscriptions can be paused. */
export class Pauses1764310000000 implements MigrationInterface {
  readonly name = 'Pauses1764310000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table subscription
        drop constraint subscription_status_check,
        drop constraint subscription_check,
        add paused_at timestamptz(3),
        -- Null: it waits for a resume.
        add resumes_at timestamptz(3),
        add pause_clock text,
        -- While it is paused: grace begins with the resume.
        add payment_failed boolean not null default false,
        add constraint subscription_status_check check
          (status in ('SCHEDULED', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'PAUSED', 'CANCELED', 'EXPIRED')),
        -- A paused one with the end of a trial was in it, and is again once it is resumed.
        add constraint subscription_trial_check check
          (case status when 'TRIALING' then trial_ends_at is not null when 'PAUSED' then true else trial_ends_at is null end),
        add constraint subscription_pause_check check
          ((status = 'PAUSED') = (paused_at is not null) and (status = 'PAUSED') = (pause_clock is not null)
           and (status = 'PAUSED' or resumes_at is null and not payment_failed)),
        add constraint subscription_clock_check check (pause_clock in ('stops', 'runs'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table subscription
        drop constraint subscription_status_check,
        drop constraint subscription_trial_check,
        drop constraint subscription_pause_check,
        drop column paused_at, drop column resumes_at, drop column pause_clock, drop column payment_failed,
        add constraint subscription_status_check check
          (status in ('SCHEDULED', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'CANCELED', 'EXPIRED')),
        add constraint subscription_check check ((status = 'TRIALING') = (trial_ends_at is not null));
    `);
  }
}
