import {
  DatabaseUnavailableError,
  type DecisionRecord,
  DecisionReports,
  deleteOldDecisions,
  NOTHING_PERSONAL,
  openDatabase,
  parseMasterKey,
  REPORTED,
  rollUpDecisions,
} from '@licet/database';
import {
  createOwnTenant,
  customerOf,
  decisionIds,
  decisionOf,
  type OwnTenant,
} from '@licet/database/testing';

let tenant: OwnTenant;
let reports: DecisionReports;
beforeEach(async () => {
  tenant = await createOwnTenant();
  reports = newReports();
});
afterEach(() => tenant.close());

const DAY = 86_400_000;

/** As of another gateway. */
function newReports(pool = tenant.db.recorder): DecisionReports {
  return new DecisionReports(pool, { fields: NOTHING_PERSONAL, key: tenant.db.keys.decision });
}

function local(customerId = 'acme', at = Date.now()): DecisionRecord {
  return { ...decisionOf(customerId, at), operation: REPORTED };
}

const take = async (records: readonly DecisionRecord[], by = reports): Promise<number[]> =>
  [...(await by.take(tenant.caller.tenantId, records))].sort((one, other) => one - other);
const idsOf = (records: readonly DecisionRecord[]): string[] => records.map(({ decision }) => decision.id);

test('reports of weeks are rolled up like other records, and stay known', async () => {
  const records = Array.from({ length: 200 }, (_one, index) =>
    local('acme', Date.now() - index * 4 * 3_600_000),
  );
  expect(await take(records)).toHaveLength(200);
  expect(await rollUpDecisions(tenant.db, tenant.caller.tenantId)).toMatchObject({ records: 200 });
  expect(await decisionIds(tenant, { customerId: customerOf('acme') })).toEqual(idsOf(records));
  expect(await take(records, newReports())).toEqual([]);
  expect(await decisionIds(tenant)).toHaveLength(200);
});

test('gateways that are sent the same at once, in another order, record each once between them', async () => {
  const records = Array.from({ length: 300 }, () => local());
  const other = await openDatabase({
    ...{ url: tenant.url, masterKey: parseMasterKey(undefined).key, applicationName: 'other' },
  });
  try {
    const [ours, theirs] = await Promise.all([
      take(records),
      take([...records].reverse(), newReports(other.recorder)),
    ]);
    expect(ours.length + theirs.length).toBe(300);
    expect((await decisionIds(tenant)).sort()).toEqual(idsOf(records).sort());
  } finally {
    await other.close();
  }
});

test('the first of those with one id is recorded, for each customer and tenant', async () => {
  const first = local();
  const same = { ...local(), decision: { ...local().decision, id: first.decision.id } };
  expect(await take([first, same])).toEqual([0]);
  expect(await take([{ ...first, decision: { ...first.decision, customerId: 'bobs' } }])).toEqual([0]);
});

test('an id is not taken where its decision could not be recorded', async () => {
  const one = local();
  await tenant.owner.query('revoke insert on decision_flush from licet_recorder');
  await expect(take([one])).rejects.toThrow(DatabaseUnavailableError);
  await tenant.owner.query('grant insert on decision_flush to licet_recorder');
  expect(await take([one])).toEqual([0]);
  expect(await decisionIds(tenant)).toEqual(idsOf([one]));
});

test('what waits is bounded, and who is refused may come again', async () => {
  await tenant.owner.query('begin; lock table reported_decision in exclusive mode');
  const waiting = Array.from({ length: 16 }, () => take([local()]));
  await expect(take([local()])).rejects.toThrow(/send this one again/);
  await tenant.owner.query('rollback');
  expect((await Promise.all(waiting)).flat()).toEqual(Array.from({ length: 16 }, () => 0));
  expect(await take([local()])).toEqual([0]);
});

test('while the database cannot be reached the caller is told', async () => {
  const away = newReports(tenant.db.recorder);
  await tenant.db.recorder.end();
  await expect(take([local()], away)).rejects.toThrow(DatabaseUnavailableError);
});

test('ids are forgotten when what they name is too old to be reported', async () => {
  const one = local();
  await take([one]);
  const age = (days: number): Promise<unknown> =>
    tenant.owner.query(`update reported_decision set reported_at = $1`, [new Date(Date.now() - days * DAY)]);
  await age(35);
  await deleteOldDecisions(tenant.db, tenant.caller.tenantId);
  expect(await take([one])).toEqual([]);
  await age(37);
  await deleteOldDecisions(tenant.db, tenant.caller.tenantId);
  expect((await tenant.owner.query('select from reported_decision')).rowCount).toBe(0);
});
