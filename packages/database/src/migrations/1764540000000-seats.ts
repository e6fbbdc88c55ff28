import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Seats: each that is taken is a row, how many are stands in the counter of the pool. */
export class Seats1764540000000 implements MigrationInterface {
  readonly name = 'Seats1764540000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table seat (
        tenant_id uuid not null,
        id text collate "C" not null,
        customer_id text collate "C" not null,
        feature text collate "C" not null,
        member_id text collate "C" not null,
        kind text not null check (kind in ('NAMED', 'FLOATING')),
        assigned_at timestamptz(3) not null,
        -- When it frees itself; null: a named seat does not.
        lease_expires_at timestamptz(3) check (kind = 'FLOATING' or lease_expires_at is null),
        -- Given back, and taken until then all the same; null: it is held.
        cools_until timestamptz(3),
        primary key (tenant_id, id),
        -- A member has one of a feature; written under the lock of the pool's counter alone.
        unique (tenant_id, customer_id, feature, member_id),
        foreign key (tenant_id, customer_id) references customer
      -- Renewals move no index.
      ) with (fillfactor = 50);
      create index seat_cooling on seat (tenant_id, customer_id, feature) where cools_until is not null;
      create index seat_all on seat (tenant_id, customer_id, assigned_at, id);

      alter table seat enable row level security;
      alter table seat force row level security;
      create policy own_tenant on seat using
        (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
      grant select, insert, update, delete on seat to licet_app;

      -- When seats above the limit go, as the last change of plan has it; null: they stay.
      alter table subscription add column seats_released_at timestamptz(3);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table subscription drop column seats_released_at; drop table seat');
  }
}
