import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  tenantRows,
} from '@licet/database/testing';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../src/migrate.js';

async function endsApart(source: DataSource): Promise<boolean> {
  const rows: object[] = await source.query("select 1 from pg_constraint where conname = 'seat_ends'");
  return rows.length > 0;
}

/** Days from the first of a month far ahead. */
type Ends = readonly [lease: number | null, cools: number | null, borrowed: number | null];

test('seats of before keep what is known of their own ends, and have one end again when the migration is undone', async () => {
  const database = await createTestDatabase();
  const tenant = await createTestTenant(database.url);
  await createTestCustomer(tenant, 'ada');
  const source = new DataSource({ type: 'postgres', url: database.url, migrations: MIGRATIONS });
  await source.initialize();
  while (await endsApart(source)) await source.undoLastMigration();
  const seats: readonly [id: string, kind: 'NAMED' | 'FLOATING', ends: Ends][] = [
    ['a lease', 'FLOATING', [2, null, null]],
    ['only a file', 'FLOATING', [9, null, 9]],
    ['a longer lease', 'FLOATING', [12, null, 9]],
    ['given back to the file', 'FLOATING', [9, 9, 9]],
    ['a holder', 'NAMED', [null, null, 9]],
    ['one that cools down', 'NAMED', [null, 11, 9]],
    ['one that is out longer', 'NAMED', [null, 9, 9]],
  ];
  const day = (days: number | null): string =>
    days === null ? 'null' : `timestamptz '2099-01-01Z' + interval '${String(days)} days'`;
  for (const [id, kind, ends] of seats)
    await tenantRows(
      tenant,
      `insert into seat (tenant_id, id, customer_id, feature, member_id, kind, assigned_at, lease_expires_at, cools_until, borrowed_until)
       values ('${tenant.caller.tenantId}', '${id}', 'ada', 'editors', '${id}', '${kind}', now(), ${ends.map(day).join(', ')})`,
    );
  const stored = async (): Promise<unknown> => {
    const days = (name: string): string => `extract(day from ${name} - timestamptz '2099-01-01Z')::int`;
    const rows = await tenantRows<{ id: string; ends: Ends }>(
      tenant,
      `select id, array[${days('lease_expires_at')}, ${days('cools_until')}, ${days('borrowed_until')}] as ends from seat`,
    );
    // What is over is so by now.
    return Object.fromEntries(rows.map(({ id, ends }) => [id, ends.map((end) => end && Math.max(0, end))]));
  };
  await source.runMigrations();
  expect(await stored()).toEqual({
    'a lease': [2, null, null],
    'only a file': [null, null, 9],
    'a longer lease': [12, null, 9],
    // It has cooled down when the migration runs.
    'given back to the file': [null, 0, 9],
    'a holder': [null, null, 9],
    'one that cools down': [null, 11, 9],
    'one that is out longer': [null, 9, 9],
  });
  while (await endsApart(source)) await source.undoLastMigration();
  expect(await stored()).toEqual({
    ...Object.fromEntries(seats.map(([id, , ends]) => [id, ends])),
    'given back to the file': [null, 9, 9],
  });
  await source.destroy();
  await tenant.close();
  await database.drop();
});
