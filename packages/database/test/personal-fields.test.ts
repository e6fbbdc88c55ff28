import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import {
  type DecisionRecord,
  DecisionRecorder,
  DecisionReports,
  lastDecision,
  parsePersonalFields,
  rollUpDecisions,
  Spool,
} from '@licet/database';
import {
  createOwnTenant,
  customerOf,
  decisionOf,
  listedDecisions,
  type OwnTenant,
  storedDecisions,
} from '@licet/database/testing';
import { instant } from '@licet/domain';
import { Pool } from 'pg';

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant();
});
afterEach(() => tenant.close());

const AT = Date.UTC(2026, 0, 1, 10);
const MEMBER = 'ann@example.org';
const SERIAL = 'SERIAL-4711';
const CUSTOMER = { kind: 'CUSTOMER', id: 'acme', name: MEMBER } as const;

function recordOf(input: DecisionRecord['input'], more: Partial<DecisionRecord> = {}): DecisionRecord {
  const record = decisionOf('acme', AT);
  return { ...record, input: { customerId: 'acme', feature: 'calls', ...input }, ...more };
}

const personal = (names: string) => ({
  fields: parsePersonalFields(names),
  key: tenant.db.keys.decision,
});

async function put(names: string, records: readonly DecisionRecord[]): Promise<void> {
  const recorder = new DecisionRecorder(tenant.db.recorder, { mode: 'async', personal: personal(names) });
  for (const one of records) void recorder.record(tenant.caller.tenantId, one);
  await recorder.close();
}

/** As requests are recorded; each names somebody, or a machine. */
const NAMING: readonly {
  readonly what: string;
  readonly input: DecisionRecord['input'];
  readonly more?: Partial<DecisionRecord>;
}[] = [
  { what: 'a check', input: { memberId: MEMBER, fingerprint: SERIAL, context: { country: 'AT' } } },
  { what: 'a check without facts', input: { memberId: MEMBER, fingerprint: SERIAL, context: null } },
  { what: 'a fact of that name', input: { context: { memberId: MEMBER, fingerprint: SERIAL } } },
  { what: 'a machine that is named', input: { licenseId: 'lic_1', machine: { fingerprint: SERIAL } } },
  { what: 'a seat', input: { licenseId: 'lic_1', seat: { feature: 'editors', memberId: MEMBER } } },
  { what: "a member's token", input: {}, more: { actor: CUSTOMER } },
];

test.each(NAMING)(
  'member and fingerprint are stored encrypted, and read as they were: $what',
  async (named) => {
    const record = recordOf({ ...named.input, productVersion: '2.1' }, named.more);
    await put('memberId, fingerprint', [record]);
    for (const rollUp of [false, true]) {
      if (rollUp) await rollUpDecisions(tenant.db, tenant.caller.tenantId);
      const stored = await storedDecisions(tenant.owner);
      expect(stored).toContain('2.1');
      expect(stored).not.toMatch(/example|4711/);
      expect((await listedDecisions(tenant)).items.map(({ node }) => node)).toEqual([record]);
    }
  },
);

test.each(NAMING)('they are stored as they are where nobody has named them: $what', async (named) => {
  await put('email', [recordOf(named.input, named.more)]);
  expect(await storedDecisions(tenant.owner)).toMatch(/example|4711/);
});

test('one of them is encrypted without the other, and what is not there stays so', async () => {
  const record = recordOf({ memberId: null, fingerprint: SERIAL, context: { memberId: 'x-of-context' } });
  await put('memberId', [record]);
  const stored = await storedDecisions(tenant.owner);
  expect(stored).toContain('"memberId":null');
  expect(stored).toContain(SERIAL);
  expect(stored).not.toContain('x-of-context');
  expect((await listedDecisions(tenant)).items[0]?.node).toEqual(record);
});

test('a message that tells of a fact that is personal is encrypted, and another one is not', async () => {
  const [told, other] = ['invalid duration string: ada@home', 'no plan'].map((message) =>
    recordOf(
      { context: { who: { mail: 'ada@home' } } },
      { decision: decisionOf('acme', AT, { message }).decision },
    ),
  );
  if (!told || !other) throw new Error('two records');
  await put('who', [told, other]);
  const stored = await storedDecisions(tenant.owner);
  expect(stored).not.toContain('ada@home');
  expect(stored).toContain('no plan');
  expect((await listedDecisions(tenant)).items.map(({ node }) => node)).toEqual([other, told]);
});

test('what only looks as if it was sealed is read as it was sent', async () => {
  const record = recordOf(
    { memberId: 'licet:sealed:AAAA', context: { a: { 'licet:sealed': 'x'.repeat(80) } } },
    { actor: { kind: 'CUSTOMER', id: 'acme', name: `licet:sealed:${'x'.repeat(80)}` } },
  );
  await put('', [record]);
  expect((await listedDecisions(tenant)).items[0]?.node).toEqual(record);
});

test('the last decision of a member is found though members are encrypted', async () => {
  const [ann, ben] = [MEMBER, 'ben'].map((memberId, n) => ({
    ...recordOf({ memberId }),
    at: instant(Date.now() - 1000 + n),
  }));
  if (!ann || !ben) throw new Error('two records');
  await put('memberId', [ann, ben]);
  const found = await lastDecision(tenant.db, tenant.caller.tenantId, {
    ...{ customerId: customerOf('acme'), feature: 'calls', at: instant(Date.now()) },
    isWanted: ({ input }) => input['memberId'] === MEMBER,
  });
  expect(found).toEqual({ ok: true, record: ann });
});

test('what is reported is stored encrypted', async () => {
  const reports = new DecisionReports(tenant.db.recorder, personal('memberId,fingerprint'));
  const record = recordOf({ memberId: MEMBER, fingerprint: SERIAL });
  await reports.take(tenant.caller.tenantId, [record]);
  expect(await storedDecisions(tenant.owner)).not.toMatch(/example|4711/);
  expect((await listedDecisions(tenant)).items[0]?.node).toEqual(record);
});

test('what waits on the disk is encrypted', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'licet-spool-'));
  const away = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:9/none' });
  const recorder = new DecisionRecorder(away, {
    ...{ mode: 'async', spool: await Spool.open(directory), personal: personal('memberId,fingerprint') },
  });
  void recorder.record(
    tenant.caller.tenantId,
    recordOf({ memberId: MEMBER, fingerprint: SERIAL, productVersion: '2.1' }),
  );
  await recorder.close();
  await away.end();
  const flushes = await (await Spool.open(directory)).oldest();
  const stored = (flushes ?? []).map(({ body }) => brotliDecompressSync(body).toString()).join();
  expect(stored).toContain('2.1');
  expect(stored).not.toMatch(/example|4711/);
  await rm(directory, { recursive: true });
});
