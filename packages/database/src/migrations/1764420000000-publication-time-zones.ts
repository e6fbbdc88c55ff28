import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A tenant may move to another time zone: each publication knows the one that it decides by. */
export class PublicationTimeZones1764420000000 implements MigrationInterface {
  readonly name = 'PublicationTimeZones1764420000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table publication add time_zone text;
      do $$
      declare
        tenant uuid;
      begin
        for tenant in select t.tenant_id from tenant t loop
          perform set_config('app.tenant', tenant::text, true);
          update publication p set time_zone = t.time_zone from tenant t
            where p.tenant_id = tenant and t.tenant_id = tenant;
        end loop;
        perform set_config('app.tenant', '', true);
      end $$;
      alter table publication alter time_zone set not null;
      grant update (name, time_zone) on tenant to licet_app;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      revoke update (name, time_zone) on tenant from licet_app;
      alter table publication drop column time_zone;
    `);
  }
}
