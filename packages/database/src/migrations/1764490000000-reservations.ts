import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Units that are held for a while: each reservation is a row, their sum stands in the counter. */
export class Reservations1764490000000 implements MigrationInterface {
  readonly name = 'Reservations1764490000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table reservation (
        tenant_id uuid not null,
        id text collate "C" not null,
        customer_id text collate "C" not null,
        feature text collate "C" not null,
        quantity bigint not null check (quantity > 0),
        -- Moves once, under the counter's lock; EXPIRED may still be committed or released.
        status text not null check (status in ('OPEN', 'COMMITTED', 'RELEASED', 'EXPIRED')),
        -- Of the window in which it counts; null: a level has none.
        window_start timestamptz(3),
        reserved_at timestamptz(3) not null,
        expires_at timestamptz(3) not null check (expires_at > reserved_at),
        -- Facts of the request, for a commit that comes too late and is decided anew.
        context jsonb,
        primary key (tenant_id, id)
      );
      create index reservation_open on reservation (tenant_id, customer_id, expires_at) where status = 'OPEN';
      alter table reservation enable row level security;
      alter table reservation force row level security;
      create policy own_tenant on reservation using
        (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
      grant select, insert, update, delete on reservation to licet_app;

      -- No reservation of the counter's window expires before; null: nothing is held.
      alter table meter add column held_until timestamptz(3);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table meter drop column held_until; drop table reservation');
  }
}
