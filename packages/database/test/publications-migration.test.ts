import { publishRelease, draftRelease, liveRelease } from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  openTestDatabase,
  subscribeTo,
  TEST_CATALOG,
  tenantRows,
} from '@licet/database/testing';
import { parseCatalogDocument } from '@licet/domain';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../src/migrate.js';

async function hasPublications(source: DataSource): Promise<boolean> {
  const [row]: { there: string | null }[] = await source.query(`select to_regclass('publication') as there`);
  return row?.there != null;
}

test('a database from before publications gets its first one, and goes on from there', async () => {
  const database = await createTestDatabase();
  const tenant = await createTestTenant(database.url);
  await createTestCustomer(tenant, 'ada');
  await subscribeTo(tenant, 'ada', 'free');
  const before = await tenantRows(tenant, 'select release, at::text from publication');
  const source = new DataSource({ type: 'postgres', url: database.url, migrations: MIGRATIONS });
  await source.initialize();
  while (await hasPublications(source)) await source.undoLastMigration();
  await expect(tenantRows(tenant, 'select 1 from publication')).rejects.toMatchObject({ code: '42P01' });
  await source.runMigrations();
  await source.destroy();
  expect(await tenantRows(tenant, 'select release, at::text from publication')).toEqual(before);
  const later = { ...tenant, db: await openTestDatabase(database.url) };
  const { caller } = tenant;
  expect(await liveRelease(later.db, caller.tenantId)).toMatchObject({
    number: 1,
    publication: { version: 1, undoesAfter: null, timeZone: 'UTC' },
  });
  const parsed = parseCatalogDocument({ ...TEST_CATALOG, existingSubscriptions: 'now' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const drafted = await draftRelease(later.db, caller, { parsed, comment: null, idempotencyKey: null });
  if (!drafted.ok) throw new Error(drafted.message);
  expect(await publishRelease(later.db, caller, drafted.release.number)).toMatchObject({ ok: true });
  await later.db.close();
  await tenant.close();
  await database.drop();
});
