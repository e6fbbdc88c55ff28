import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A scheduled change may bring other add-ons and quantities, with another plan or without. */
export class ScheduledPurchases1764340000000 implements MigrationInterface {
  readonly name = 'ScheduledPurchases1764340000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table subscription
        -- Null: as they are when the time comes. Without \`change_plan\` the plan stays.
        add change_add_ons jsonb,
        add change_quantities jsonb,
        add constraint subscription_change_check check
          (change_at is not null or change_plan is null and change_add_ons is null and change_quantities is null);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update subscription set change_at = null where change_plan is null;
      alter table subscription drop constraint subscription_change_check,
        drop column change_add_ons, drop column change_quantities;
    `);
  }
}
