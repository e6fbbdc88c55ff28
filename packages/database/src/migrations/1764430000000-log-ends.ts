import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The poll compares revisions: a history that was replaced may have as many events as the one that was lost. */
export class LogEnds1764430000000 implements MigrationInterface {
  readonly name = 'LogEnds1764430000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- As revisions are written; the one before the first event where there is none.
      create function log_ends(tenants uuid[]) returns table (tenant_id uuid, revision text)
      language sql volatile security definer set search_path = pg_catalog, public as $$
        select t.id, coalesce(
          (select lpad(to_hex(e."position"), 16, '0') || '-' || encode(substr(e.leaf_hash, 1, 4), 'hex')
           from public.event e where e.tenant_id = t.id order by e."position" desc limit 1),
          '0000000000000000-00000000')
        from unnest(tenants) as t(id)
      $$;
      revoke all on function log_ends(uuid[]) from public;
      grant execute on function log_ends(uuid[]) to licet_app;
      drop function log_positions(uuid[]);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function log_positions(tenants uuid[]) returns table (tenant_id uuid, "position" bigint)
      language sql volatile security definer set search_path = pg_catalog, public as $$
        select t.id, coalesce((select max(e."position") from public.event e where e.tenant_id = t.id), 0)
        from unnest(tenants) as t(id)
      $$;
      revoke all on function log_positions(uuid[]) from public;
      grant execute on function log_positions(uuid[]) to licet_app;
      drop function log_ends(uuid[]);
    `);
  }
}
