import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A seat's own end stands apart from that of the files that use it. Before, the later of the two stood in the one column: what is as late as
 * the file was the file's, and a lease that was shorter is not known any more. Nor is when a named seat was given back whose file
 * ends after its cool-down: it stays taken as long as the file might have been out.
 */
export class OwnEndsOfSeats1764690000000 implements MigrationInterface {
  readonly name = 'OwnEndsOfSeats1764690000000';

  async up(runner: QueryRunner): Promise<void> {
    // The owner sees no tenant's rows either while that is forced.
    await runner.query(`
      alter table seat no force row level security;
      update seat set lease_expires_at = null where lease_expires_at = borrowed_until;
      update seat set lease_expires_at = null, cools_until = now()
        where kind = 'FLOATING' and cools_until = borrowed_until;
      alter table seat force row level security;
      alter table seat add constraint seat_ends
        check (kind = 'NAMED' or coalesce(lease_expires_at, cools_until, borrowed_until) is not null);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table seat drop constraint seat_ends;
      alter table seat no force row level security;
      update seat set lease_expires_at = greatest(lease_expires_at, borrowed_until)
        where kind = 'FLOATING' and cools_until is null;
      update seat set cools_until = greatest(cools_until, borrowed_until) where cools_until is not null;
      alter table seat force row level security;
    `);
  }
}
