import { createHash, createHmac } from 'node:crypto';
import { brotliDecompressSync } from 'node:zlib';
import {
  currentRevision,
  type Database,
  type DecisionFilter,
  type DecisionRecord,
  DecisionRecorder,
  deleteOldDecisions,
  dropEmptyDecisionDays,
  EventFeed,
  lastDecision,
  listDecisions,
  listEvents,
  parsePersonalFields,
  positionOf,
  ROLLER_ROLE,
  rollingTenants,
  rollUpDecisions,
  upsertCustomer,
} from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  createTestTenant,
  customerOf,
  decisionIds,
  decisionOf,
  EVERY_DECISION,
  listedDecisions,
  openTestDatabase,
  type OwnTenant,
  putDecisions,
  tenantRows,
} from '@licet/database/testing';
import { instant } from '@licet/domain';
import { DataSource } from 'typeorm';
import { PiecesOfBlocks1764710000000 } from '../src/migrations/1764710000000-pieces-of-blocks.js';

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant();
});
afterEach(async () => {
  await tenant.close();
});

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 0, 1, 10);
const put = (records: readonly DecisionRecord[]): Promise<void> =>
  putDecisions(tenant.db, tenant.caller.tenantId, records);
const rollUp = (db: Database = tenant.db, most?: number) => rollUpDecisions(db, tenant.caller.tenantId, most);
const idsOf = (filter: Partial<DecisionFilter> = {}): Promise<string[]> => decisionIds(tenant, filter);

/** Of customers in turn, one each millisecond. */
function decisions(count: number, customers: number, from = AT): DecisionRecord[] {
  return Array.from({ length: count }, (_, n) => decisionOf(`customer-${String(n % customers)}`, from + n));
}

async function counted(table: 'decision_flush' | 'decision_block') {
  const [row] = await tenantRows<{ rows: number; records: number }>(
    tenant,
    `select count(*)::int as rows, coalesce(sum(records), 0)::int as records from ${table}`,
  );
  if (!row) throw new Error('an aggregate');
  return row;
}

interface Told {
  readonly data: {
    readonly records: number;
    readonly gateways: readonly { id: string; flushes: [number, number, string][] }[];
  };
}

/** What the event log says of roll-ups. */
async function told(): Promise<Told['data'][]> {
  const rows = await tenantRows<{ body: Told }>(
    tenant,
    `select convert_from(body, 'UTF8')::json as body from event where type = 'decisions.recorded' order by position`,
  );
  return rows.map(({ body }) => body.data);
}

/** Each flush that was sealed. */
async function sealed(): Promise<string[]> {
  return (await told()).flatMap(({ gateways }) =>
    gateways.flatMap(({ id, flushes }) => flushes.map(([seq]) => `${id} ${String(seq)}`)),
  );
}

/** As when the process is gone: the server ends what it had begun. */
async function cutOff(): Promise<void> {
  const { rows } = await tenant.owner.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = $1 and datname = current_database()`,
    [ROLLER_ROLE],
  );
  expect(rows).toHaveLength(1);
}

/** Calls `at` before each statement of a roll-up, with its number; `at` may end the connection, or write in between. */
function watched(db: Database, at: (statement: number) => Promise<void>): Database {
  const roller = Object.create(db.roller) as Database['roller'];
  roller.connect = async () => {
    const client = await db.roller.connect();
    const query: (...sent: unknown[]) => unknown = client.query.bind(client);
    let statement = 0;
    let turn = Promise.resolve();
    // In their order, though some are sent without waiting for the others.
    const watching = async (...sent: unknown[]): Promise<unknown> => {
      turn = turn.then(() => at((statement += 1)));
      await turn;
      return query(...sent);
    };
    Object.assign(client, { query: watching });
    const release = client.release.bind(client);
    client.release = (broken) => {
      Object.assign(client, { query, release });
      release(broken);
    };
    return client;
  };
  return { ...db, roller };
}

test('what was asked reads the same from flushes, from blocks, and from both', async () => {
  const first = decisions(700, 40);
  const second = decisions(500, 40, AT + 3000);
  const denied = decisionOf('customer-7', AT + 9000, {
    allowed: false,
    code: 'NOT_IN_PLAN',
    feature: 'sso',
  });
  await put(first);
  await put([...second, denied]);
  const filters: Partial<DecisionFilter>[] = [
    {},
    { customerId: customerOf('customer-7') },
    { customerId: customerOf('nobody') },
    { only: [customerOf('customer-1'), customerOf('customer-2')] },
    { only: [] },
    { feature: 'sso' },
    { allowed: false, customerId: customerOf('customer-7') },
    { code: 'NOT_IN_PLAN' },
    { id: first[77]?.decision.id ?? '' },
    { id: 'dec_"none"' },
    { since: instant(AT + 100), until: instant(AT + 200) },
    { since: instant(AT + 100), until: instant(AT + 3200), customerId: customerOf('customer-7') },
  ];
  const asked = async () => {
    const answers: unknown[] = [];
    for (const filter of filters) {
      const page = await listedDecisions(tenant, filter);
      answers.push([await idsOf(filter), page]);
    }
    return answers;
  };
  const before = await asked();
  // A flush is not divided.
  expect(await rollUp(tenant.db, 100)).toMatchObject({ flushes: 1, more: true });
  expect((await counted('decision_flush')).rows).toBeGreaterThan(0);
  expect(await asked()).toEqual(before);
  await rollUp();
  expect(await counted('decision_flush')).toEqual({ rows: 0, records: 0 });
  expect(await counted('decision_block')).toMatchObject({ records: 1201 });
  expect(await asked()).toEqual(before);
  expect(await rollUp()).toMatchObject({ flushes: 0, records: 0, revision: null });
});

test('one unlisted event holds the root of each flush, over hashes that only who has the key can make', async () => {
  await put(decisions(2500, 3));
  const flushes = await tenantRows<{ gateway_id: string; seq: number; body: Buffer }>(
    tenant,
    'select gateway_id, seq, body from decision_flush order by seq',
  );
  const { tenantId } = tenant.caller;
  const sha = (...parts: Buffer[]): Buffer => {
    const digest = createHash('sha256');
    for (const part of parts) digest.update(part);
    return digest.digest();
  };
  const hmac = (key: Buffer, data: Buffer): Buffer => createHmac('sha256', key).update(data).digest();
  const treeOf = (hashes: Buffer[]): Buffer => {
    if (hashes.length === 1) return hashes[0] ?? Buffer.alloc(0);
    let split = 1;
    while (split * 2 < hashes.length) split *= 2;
    return sha(Buffer.of(1), treeOf(hashes.slice(0, split)), treeOf(hashes.slice(split)));
  };
  const expected = flushes.map(({ gateway_id: gateway, seq, body }) => {
    const lines = brotliDecompressSync(body).toString().trimEnd().split('\n');
    const hashes = lines.map((line, index) => {
      const customer = /"(customer-\d)"/.exec(line)?.[1] ?? '';
      const key = hmac(tenant.db.keys.decision, Buffer.from(`${tenantId}\n${customer}`));
      const [seqBytes, indexBytes] = [Buffer.alloc(8), Buffer.alloc(4)];
      seqBytes.writeBigUInt64BE(BigInt(seq));
      indexBytes.writeUInt32BE(index);
      const origin = Buffer.concat([Buffer.from(gateway.replaceAll('-', ''), 'hex'), seqBytes, indexBytes]);
      return sha(Buffer.of(0), hmac(key, origin), Buffer.from(line));
    });
    return { id: gateway, flush: [seq, lines.length, treeOf(hashes).toString('hex')] };
  });
  const rolled = await rollUp();
  expect(rolled).toMatchObject({ records: 2500, flushes: expected.length });
  const id = expected[0]?.id;
  expect(await told()).toEqual([
    { records: 2500, gateways: [{ id, flushes: expected.map(({ flush }) => flush) }] },
  ]);
  const listing = { types: null, customerId: null, only: null, since: null, until: null };
  const events = await listEvents(tenant.db, tenantId, { first: 100, after: null, ...listing });
  if (!events.ok) throw new Error(events.message);
  expect(events.page.items.map(({ node }) => node.type)).not.toContain('decisions.recorded');
  expect(rolled?.revision && positionOf(rolled.revision)).toBeGreaterThan(0);
});

test('a page goes on where the last one ended though a roll-up, and a merge, came between', async () => {
  for (const [turn, filter] of [{}, { customerId: customerOf('customer-1') }].entries()) {
    const from = AT + turn * 2 * HOUR;
    // Several at one instant.
    const batch = (n: number) => decisions(60, 3, from + n * 30);
    for (const n of [0, 1, 2]) {
      await put(batch(n));
      await rollUp();
    }
    await put(batch(3));
    const all = await idsOf(filter);
    const paged: string[] = [];
    let round = 0;
    for (let after: string | null = null; ; round += 1) {
      const page = await listedDecisions(tenant, filter, 7, after);
      paged.push(...page.items.map(({ node }) => node.decision.id));
      if (!page.hasNextPage) break;
      after = page.items.at(-1)?.cursor ?? null;
      if (round < 5) await rollUp();
      // What is newer does not come into the pages that follow.
      await put([decisionOf('customer-1', from + HOUR + round)]);
    }
    expect(round).toBeGreaterThan(4);
    expect(paged).toEqual(all);
  }
});

test('two workers at a time roll each flush up once', async () => {
  const gateways = await Promise.all(
    Array.from({ length: 12 }, async (_, n) => {
      const asked = decisions(200, 50, AT + n);
      await put(asked);
      return asked;
    }),
  );
  const other = await openTestDatabase(tenant.url);
  const turns: (number | null)[] = [];
  const work = async (db: Database): Promise<void> => {
    while ((await counted('decision_flush')).rows > 0) {
      const rolled = await rollUp(db, 500);
      turns.push(rolled && rolled.records);
    }
  };
  await Promise.all([work(tenant.db), work(other)]);
  await other.close();
  expect(turns.reduce<number>((sum, records) => sum + (records ?? 0), 0)).toBe(2400);
  const flushes = await sealed();
  expect(new Set(flushes).size).toBe(flushes.length);
  expect(await counted('decision_block')).toMatchObject({ records: 2400 });
  const ids = gateways.flat().map(({ decision }) => decision.id);
  expect((await idsOf()).sort()).toEqual(ids.sort());
});

test('while one worker holds a tenant another passes it over', async () => {
  await rollUp();
  await put(decisions(10, 1));
  const other = await openTestDatabase(tenant.url);
  let meanwhile: unknown = 'not asked';
  const db = watched(tenant.db, async (statement) => {
    if (statement === 4) meanwhile = await rollUp(other);
  });
  expect(await rollUp(db)).toMatchObject({ records: 10 });
  expect(meanwhile).toBeNull();
  await other.close();
});

test('a roll-up that is cut off at any of its statements has done nothing, or all of it', async () => {
  for (let n = 0; n < 3; n += 1) {
    await put(decisions(20, 3, AT + n));
    await rollUp();
  }
  // The next one merges them, too.
  await put(decisions(40, 3, AT + 100));
  const all = await idsOf();
  const before = await tenantRows(tenant, 'select roll, bucket, records from decision_block order by 1, 2');
  let ended = 0;
  for (let cut = 2; ; cut += 1) {
    let attempts = 0;
    const db = watched(tenant.db, async (statement) => {
      if (statement !== cut) return;
      ended += 1;
      attempts += 1;
      // A lost connection is tried again, and anything else is not.
      if (attempts > 1) throw new Error('cut off');
      await cutOff();
    });
    const rolled = await rollUp(db).catch(() => null);
    expect(await idsOf()).toEqual(all);
    if (rolled !== null) break;
    expect(await counted('decision_flush')).toEqual({ rows: 1, records: 40 });
    expect(
      await tenantRows(tenant, 'select roll, bucket, records from decision_block order by 1, 2'),
    ).toEqual(before);
    expect((await told()).length).toBe(3);
  }
  // BEGIN, claim, claimed flushes, their bodies, rolls to merge, blocks, and what goes with COMMIT.
  expect(ended).toBeGreaterThan(10);
  expect(await counted('decision_block')).toMatchObject({ rows: 1, records: 100 });
  expect((await told()).map(({ records }) => records)).toEqual([20, 20, 20, 40]);
});

test('a flush that comes while a roll-up runs waits for the next one', async () => {
  await rollUp();
  await put(decisions(10, 2));
  for (let at = 4; at <= 10; at += 2) {
    let late: DecisionRecord | null = null;
    const db = watched(tenant.db, async (statement) => {
      if (statement !== at) return;
      late = decisionOf('customer-1', AT + at);
      await put([late]);
    });
    await rollUp(db);
    expect(late).not.toBeNull();
    expect(await counted('decision_flush')).toEqual({ rows: 1, records: 1 });
  }
  await rollUp();
  expect(await counted('decision_flush')).toEqual({ rows: 0, records: 0 });
  expect(new Set(await idsOf()).size).toBe(14);
});

test('a flush that is delivered again after it was rolled up is neither listed nor recorded twice', async () => {
  await put(decisions(10, 2));
  await tenant.owner.query('create table kept as select * from decision_flush');
  await rollUp();
  await tenant.owner.query('insert into decision_flush select * from kept');
  expect((await counted('decision_flush')).records).toBe(10);
  expect((await idsOf()).length).toBe(10);
  expect(await rollUp()).toMatchObject({ flushes: 0, records: 0, revision: null });
  expect(await counted('decision_flush')).toEqual({ rows: 0, records: 0 });
  expect(await counted('decision_block')).toMatchObject({ records: 10 });
  expect((await told()).length).toBe(1);
});

test('a tenant that asks little has few blocks after many roll-ups, and one that asks much has them divided', async () => {
  const asked: DecisionRecord[] = [];
  for (let n = 0; n < 40; n += 1) {
    const some = decisions(50, 25, AT + n * 50);
    asked.push(...some);
    await put(some);
    await rollUp();
  }
  const { rows, records } = await counted('decision_block');
  expect(records).toBe(2000);
  expect(rows).toBeLessThan(25);
  const mine = asked.filter(({ decision }) => decision.customerId === 'customer-3').reverse();
  expect(await idsOf({ customerId: customerOf('customer-3') })).toEqual(
    mine.map(({ decision }) => decision.id),
  );
  // The hour after is not put together with it.
  await put(decisions(33_000, 5000, AT + HOUR));
  await rollUp();
  const [row] = await tenantRows<{ buckets: number; records: number }>(
    tenant,
    `select count(distinct bucket)::int as buckets, avg(records)::int as records from decision_block where bucket >= 256`,
  );
  expect(row?.buckets).toBe(256);
  expect(await idsOf({ customerId: customerOf('customer-3') })).toHaveLength(80 + 7);
}, 120_000);

test('of a block that is divided, who names one customer reads its piece alone; others read all of it', async () => {
  const asked = decisions(240, 30);
  await put(asked);
  await rollUp();
  expect(await counted('decision_block')).toEqual({ rows: 1, records: 240 });
  const names = Array.from({ length: 30 }, (_, n) => customerOf(`customer-${String(n)}`));
  const mine = (...customers: string[]): string[] =>
    asked
      .filter(({ decision }) => customers.includes(decision.customerId))
      .map(({ decision }) => decision.id)
      .reverse();
  const readAll = async (): Promise<void> => {
    for (const customerId of names) expect(await idsOf({ customerId })).toEqual(mine(customerId));
    const some = names.slice(3, 9);
    expect(await idsOf({ only: some })).toEqual(mine(...some));
    expect((await idsOf()).length).toBe(240);
  };
  await readAll();
  // Nothing is left of the others but where they were.
  await tenant.owner.query('create table whole as select body, piece_ends from decision_block');
  await tenant.owner.query('update decision_block set body = substr(body, 1, piece_ends[1])');
  const read = await Promise.allSettled(names.map((customerId) => idsOf({ customerId })));
  const found = names.filter((_, n) => read[n]?.status === 'fulfilled');
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThan(15);
  for (const customerId of found) expect(await idsOf({ customerId })).toEqual(mine(customerId));
  await expect(idsOf()).rejects.toThrow();
  await tenant.owner.query('update decision_block set body = (select body from whole)');
  await readAll();
});

test('a body in pieces says so in each of them, and what is not read whole is not merged', async () => {
  await put(decisions(240, 30));
  await rollUp();
  const [block] = await tenantRows<{ body: Buffer; ends: number[] }>(
    tenant,
    'select body, piece_ends as ends from decision_block',
  );
  const { body, ends } = block!;
  ends.forEach((end, n) => {
    const [header = ''] = brotliDecompressSync(body.subarray(ends[n - 1] ?? 0, end))
      .toString()
      .split('\n');
    expect(JSON.parse(header)).toEqual([expect.any(Array), expect.any(Array), ends.length]);
  });
  // As who knows of one piece alone would have it.
  await tenant.owner.query('update decision_block set piece_from = null, piece_ends = null');
  for (let n = 0; n < 3; n += 1) {
    await put(decisions(240, 30, AT + 1000 * (n + 1)));
    if (n < 2) await rollUp();
  }
  const before = await counted('decision_block');
  await expect(rollUp()).rejects.toThrow(/^a block of 240 decisions was read as one of \d+$/);
  expect(await counted('decision_block')).toEqual(before);
  await tenant.owner.query('update decision_block set piece_ends = $1 where piece_ends is null', [ends]);
  await rollUp();
  expect(await counted('decision_block')).toMatchObject({ records: 960 });
}, 120_000);

test('there is no way back to versions that know of no pieces while a block has some', async () => {
  const source = new DataSource({
    type: 'postgres',
    url: tenant.url,
    migrations: [PiecesOfBlocks1764710000000],
  });
  await source.initialize();
  try {
    await put(decisions(240, 30));
    await rollUp();
    const undone = () => new PiecesOfBlocks1764710000000().down(source.createQueryRunner());
    await expect(undone()).rejects.toThrow(/divided into pieces/);
    await tenant.owner.query('delete from decision_block');
    await undone();
    await put(decisions(240, 30));
    await expect(rollUp()).rejects.toThrow(/piece_from/);
  } finally {
    await source.destroy();
  }
});

test('what was spooled for years finds its place, and is found', async () => {
  const old = decisionOf('acme', Date.UTC(2001, 0, 1));
  const midnight = [
    decisionOf('acme', Date.UTC(2026, 0, 2) - 1),
    decisionOf('acme', Date.UTC(2026, 0, 2)),
    decisionOf('acme', Date.UTC(2026, 0, 2) + 1),
  ];
  const young = decisionOf('acme', Date.now());
  await put([young]);
  await rollUp();
  await put([old, ...midnight]);
  await rollUp();
  const expected = [young, ...[...midnight].reverse(), old].map(({ decision }) => decision.id);
  expect(await idsOf()).toEqual(expected);
  expect(await idsOf({ customerId: customerOf('acme') })).toEqual(expected);
  expect(await idsOf({ since: instant(Date.UTC(2026, 0, 2)) })).toEqual(expected.slice(0, 3));
  const days = await tenantRows<{ day: string }>(
    tenant,
    'select distinct day::text from decision_block order by 1',
  );
  expect(days.map(({ day }) => day).slice(0, 3)).toEqual(['2001-01-01', '2026-01-01', '2026-01-02']);
});

test('another tenant is neither seen nor rolled up', async () => {
  const other = await createTestTenant(tenant.url);
  await put(decisions(20, 2));
  const theirs = decisions(30, 2);
  await putDecisions(other.db, other.caller.tenantId, theirs);
  expect((await rollingTenants(tenant.db, 0, 10)).sort()).toEqual(
    [tenant.caller.tenantId, other.caller.tenantId].sort(),
  );
  expect(await rollingTenants(tenant.db, 0, 1)).toHaveLength(1);
  await rollUp();
  expect(await rollingTenants(tenant.db, 0, 10)).toEqual([other.caller.tenantId]);
  expect(await idsOf()).toHaveLength(20);
  expect(await decisionIds(other)).toHaveLength(30);
  await rollUpDecisions(other.db, other.caller.tenantId);
  expect(await idsOf({ customerId: customerOf('customer-1') })).toHaveLength(10);
  expect(await decisionIds(other, { customerId: customerOf('customer-1') })).toHaveLength(15);
  expect(await idsOf({ id: theirs[0]?.decision.id ?? '' })).toEqual([]);
  await other.close();
});

test('a tenant is due when its oldest flush has waited, or when there is enough for a whole roll-up', async () => {
  await put([decisionOf('acme', Date.now())]);
  expect(await rollingTenants(tenant.db, 60_000, 10)).toEqual([]);
  expect(await rollingTenants(tenant.db, 0, 10)).toEqual([tenant.caller.tenantId]);
  await tenant.owner.query('update decision_flush set records = 65536');
  expect(await rollingTenants(tenant.db, 60_000, 10)).toEqual([tenant.caller.tenantId]);
});

test('blocks are deleted when the time of their newest record is over, and empty days dropped', async () => {
  const now = Date.now();
  const [old, young] = [decisionOf('acme', now - 91 * 24 * HOUR), decisionOf('acme', now - 89 * 24 * HOUR)];
  await put([old]);
  await put([young]);
  await rollUp();
  expect(await deleteOldDecisions(tenant.db, tenant.caller.tenantId)).toBe(1);
  expect(await idsOf()).toEqual([young.decision.id]);
  // One gateway is too old to send anything again that would be kept.
  expect(await tenantRows(tenant, 'select from decision_gateway')).toHaveLength(1);
  await tenant.owner.query(
    `create table decision_days.decision_block_20010101 partition of decision_block for values from ('20010101') to ('20010102')`,
  );
  await put([decisionOf('acme', Date.UTC(2001, 0, 1))]);
  await rollUp();
  expect(await dropEmptyDecisionDays(tenant.db)).toBe(0);
  await deleteOldDecisions(tenant.db, tenant.caller.tenantId);
  expect(await dropEmptyDecisionDays(tenant.db)).toBe(1);
  const { rows } = await tenant.owner.query(
    `select from pg_class where relname like 'decision_block_2%' and relkind = 'r'`,
  );
  expect(rows.length).toBe(8);
});

test("who names a customer or a decision looks through no others', and who looks through too many is told", async () => {
  const asked = decisions(5000, 400);
  await put(asked);
  await rollUp();
  const list = (filter: Partial<DecisionFilter>) =>
    listDecisions(
      tenant.db,
      tenant.caller.tenantId,
      { ...EVERY_DECISION, first: 50, after: null, ...filter },
      1000,
    );
  expect(await list({ allowed: true })).toMatchObject({ ok: false, code: 'BAD_USER_INPUT', field: 'since' });
  expect(await list({ allowed: true, customerId: customerOf('customer-9') })).toMatchObject({ ok: true });
  expect(await list({ code: 'NONE', customerId: customerOf('customer-9') })).toMatchObject({
    ok: true,
    page: { items: [] },
  });
  expect(await list({ only: [customerOf('customer-9')] })).toMatchObject({ ok: true });
  const id = asked[1234]?.decision.id ?? '';
  const found = await list({ id });
  if (!found.ok) throw new Error(found.message);
  expect(found.page.items.map(({ node }) => node)).toEqual([asked[1234]]);
});

describe('blocks that hold no such answer', () => {
  const rare = decisionOf('acme', AT + 10, { allowed: false, code: 'NOT_IN_PLAN', feature: 'a "rare" ünit' });
  const { code, feature } = rare.decision;
  const filters: Partial<DecisionFilter>[] = [
    { code },
    { feature },
    { allowed: false },
    { feature, code, allowed: false, customerId: customerOf('acme') },
  ];
  /** By each filter, and by what explains the past. */
  const found = async (): Promise<unknown[]> => {
    const sought = { customerId: customerOf('acme'), feature, at: instant(Date.now()), isWanted: () => true };
    const last = await lastDecision(tenant.db, tenant.caller.tenantId, sought);
    const listed = await Promise.all(filters.map((filter) => idsOf(filter)));
    return [...listed, last.ok && [last.record?.decision.id]];
  };
  const once = Array.from({ length: filters.length + 1 }, () => [rare.decision.id]);
  beforeEach(async () => {
    await tenant.owner.query("update tenant set decision_retention = 'P100Y'");
    await put([rare, decisionOf('acme', AT)]);
    for (const hours of [-1, 1, 2]) await put([decisionOf('acme', AT + hours * HOUR)]);
    await rollUp();
    expect(await counted('decision_block')).toMatchObject({ rows: 4 });
  });

  test('are passed over unread', async () => {
    // Whoever reads one of them fails.
    await tenant.owner.query("update decision_block set body = 'nothing' where records = 1");
    expect(await found()).toEqual(once);
    await tenant.owner.query('update decision_block set answers = null');
    await expect(idsOf({ code })).rejects.toThrow();
    await expect(idsOf({ code: 'ENTITLED' })).rejects.toThrow();
  });

  test('are looked through where they were written before it was noted, and noted when they are merged', async () => {
    await tenant.owner.query('update decision_block set answers = null');
    expect(await found()).toEqual(once);
    for (let n = 0; n < 3; n += 1) {
      await put([decisionOf('acme', AT + 20 + n)]);
      await rollUp();
    }
    expect(await found()).toEqual(once);
    const rows = await tenantRows(
      tenant,
      'select records, cardinality(answers) as answers from decision_block where answers is not null order by 1',
    );
    // Of two features, two codes and two verdicts.
    expect(rows).toEqual([{ records: 5, answers: 6 }]);
  });
});

test('what is personal is as unreadable in blocks as in flushes, and is opened for who may read', async () => {
  const personal = { fields: parsePersonalFields('email'), key: tenant.db.keys.decision };
  const recorder = new DecisionRecorder(tenant.db.recorder, { mode: 'async', personal });
  const record = decisionOf('acme', AT);
  const context = { email: 'ada@example.org', country: 'UK' };
  void recorder.record(tenant.caller.tenantId, { ...record, input: { ...record.input, context } });
  await recorder.close();
  await rollUp();
  const rows = await tenantRows<{ body: Buffer }>(tenant, 'select body from decision_block');
  const stored = rows.map(({ body }) => brotliDecompressSync(body).toString()).join();
  expect(stored).toContain('UK');
  expect(stored).not.toContain('example');
  const page = await listedDecisions(tenant, { customerId: customerOf('acme') });
  expect(page.items.map(({ node }) => node.input['context'])).toEqual([context]);
});

test('who follows a customer is not woken by a roll-up, neither from the history nor live', async () => {
  const id = await createTestCustomer(tenant, 'acme');
  const [customer] = await tenantRows<{ subject: string }>(tenant, 'select subject from customer');
  const { tenantId } = tenant.caller;
  const created = await currentRevision(tenant.db, tenantId);
  const feed = new EventFeed(tenant.db);
  await feed.start();
  try {
    await put(decisions(10, 1));
    await rollUp();
    const following = await feed.follow(tenantId, created, { subject: customer?.subject ?? null });
    if (!following.ok) throw new Error(following.message);
    await put(decisions(10, 1));
    await rollUp();
    await upsertCustomer(tenant.db, tenant.caller, { id, name: 'Acme' });
    expect(await following.events.next()).toMatchObject({
      value: { type: 'customer.updated', customerId: id },
    });
  } finally {
    await feed.stop();
  }
});
