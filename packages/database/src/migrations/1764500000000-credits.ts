import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Prepaid units: blocks that spends take from, in an order of their own. */
export class Credits1764500000000 implements MigrationInterface {
  readonly name = 'Credits1764500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table credit_block (
        tenant_id uuid not null,
        id text collate "C" not null,
        customer_id text collate "C" not null,
        feature text collate "C" not null,
        quantity bigint not null check (quantity > 0),
        -- Not spent yet; moved under the lock of the feature's counter alone, as \`held\` is.
        remaining bigint not null check (remaining >= 0 and remaining <= quantity),
        held bigint not null check (held >= 0 and held <= remaining),
        priority int not null,
        expires_at timestamptz(3),
        -- Null: somebody added it.
        source jsonb,
        status text not null check (status in ('LIVE', 'EXPIRED', 'VOIDED')),
        created_at timestamptz(3) not null,
        primary key (tenant_id, id),
        foreign key (tenant_id, customer_id) references customer
      );
      create index credit_block_live on credit_block (tenant_id, customer_id, feature)
        where status = 'LIVE' or held > 0;
      create index credit_block_all on credit_block (tenant_id, customer_id, created_at, id);

      alter table credit_block enable row level security;
      alter table credit_block force row level security;
      create policy own_tenant on credit_block using
        (tenant_id = (select nullif(current_setting('app.tenant', true), '')::uuid));
      grant select, insert, update on credit_block to licet_app;

      -- Recorded beyond all blocks: taken from the next one.
      alter table meter add column overdrawn bigint not null default 0 check (overdrawn >= 0);
      -- Of which blocks the units are.
      alter table reservation add column holds jsonb not null default '[]';
      -- By what offers them: the start of the period for which blocks were given last.
      alter table subscription add column credits_given jsonb not null default '{}';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table subscription drop column credits_given;
      alter table reservation drop column holds;
      alter table meter drop column overdrawn;
      drop table credit_block;
    `);
  }
}
