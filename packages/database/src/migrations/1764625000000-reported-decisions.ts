import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which decisions SDKs have reported, so that each is recorded once; docs/decisions/0025. */
export class ReportedDecisions1764625000000 implements MigrationInterface {
  readonly name = 'ReportedDecisions1764625000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLE);
    await runner.query(CLAIM);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function claim_reports(uuid, bytea[]);
      drop table reported_decision;
    `);
  }
}

const TABLE = `
create table reported_decision (
  tenant_id uuid not null,
  -- SHA-256 of the customer's id and the decision's.
  id_hash bytea not null,
  reported_at timestamptz(3) not null default clock_timestamp(),
  primary key (tenant_id, id_hash)
);
create index reported_decision_oldest on reported_decision (tenant_id, reported_at);

alter table reported_decision enable row level security;
alter table reported_decision force row level security;
create policy own_tenant on reported_decision using
  (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
grant select, delete on reported_decision to licet_app;

-- As of flushes: it writes for any tenant, and reads nothing.
create policy recorded on reported_decision for insert to licet_recorder with check (true);
grant insert on reported_decision to licet_recorder;
`;

/** Whether a row was written is known without reading it. In the order of hashes, so that two calls with the same ids wait for each other one way. */
const CLAIM = `
create function claim_reports(tenant uuid, hashes bytea[]) returns setof int
language plpgsql set search_path = pg_catalog, public as $$
declare
  one record;
begin
  for one in select place, hashed from unnest(hashes) with ordinality as h (hashed, place) order by hashed, place loop
    insert into reported_decision (tenant_id, id_hash) values (tenant, one.hashed) on conflict do nothing;
    if found then
      return next one.place - 1;
    end if;
  end loop;
end $$;
revoke all on function claim_reports(uuid, bytea[]) from public;
grant execute on function claim_reports(uuid, bytea[]) to licet_recorder;
`;
