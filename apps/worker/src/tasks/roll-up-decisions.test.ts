import { createOwnTenant, decisionOf, type OwnTenant, putDecisions } from '@licet/database/testing';
import { createLog } from '../log.js';
import { rollUpAll } from './roll-up-decisions.js';

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant();
});
afterEach(() => tenant.close());

const HOUR = 3_600_000;

const START = Date.now();

/** Decisions of so many hours ago, within milliseconds, whenever they are put: they are due at once. */
function put(count: number, hoursAgo: number): Promise<void> {
  const from = START - hoursAgo * HOUR;
  const records = Array.from({ length: count }, (_, n) => decisionOf(`customer-${String(n % 3)}`, from + n));
  return putDecisions(tenant.db, tenant.caller.tenantId, records);
}

/** The lines of the worker's log, until there is one that is wanted. */
async function logged(
  isWanted: (line: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>[]> {
  const stopping = new AbortController();
  const lines: Record<string, unknown>[] = [];
  const write = (text: string): void => {
    const line: Record<string, unknown> = JSON.parse(text);
    lines.push(line);
    if (isWanted(line)) stopping.abort();
  };
  await rollUpAll(tenant.db, createLog('info', { write }), stopping.signal);
  return lines;
}

async function sum(text: string): Promise<number> {
  const { rows } = await tenant.owner.query<{ sum: number }>(text);
  return rows[0]?.sum ?? 0;
}

test('a line of the log tells what a roll-up has read and written, and how late it was', async () => {
  await put(40, 1);
  const flushBytes = await sum('select sum(octet_length(body))::int as sum from decision_flush');
  const [line] = await logged(({ msg }) => msg === 'decisions rolled up');
  expect(line).toMatchObject({
    ...{ level: 30, tenantId: tenant.caller.tenantId, records: 40, flushes: 1, flushBytes },
    ...{ blocks: 1, mergedBlocks: 0, mergedRecords: 0, behindMs: null },
    blockBytes: await sum(
      'select sum(octet_length(body) + octet_length(ids) + 4 * cardinality(customers || answers))::int as sum from decision_block',
    ),
  });
  expect(line?.['waitedMs']).toBeGreaterThan(HOUR - 1000);
  expect(line?.['waitedMs']).toBeLessThan(2 * HOUR);
});

test('it tells of what was packed anew', async () => {
  for (let n = 0; n < 3; n += 1) {
    await put(10, 1);
    await logged(({ msg }) => msg === 'decisions rolled up');
  }
  await put(10, 1);
  const [line] = await logged(({ msg }) => msg === 'decisions rolled up');
  expect(line).toMatchObject({ records: 10, blocks: 1, mergedBlocks: 3, mergedRecords: 30 });
});

test('while more is there than one roll-up takes, it tells how long the oldest of that has waited', async () => {
  for (const hoursAgo of [9, 6, 3]) await put(10, hoursAgo);
  // As many as one roll-up takes.
  await tenant.owner.query('update decision_flush set records = 65536');
  let told = 0;
  const lines = await logged(() => (told += 1) === 3);
  const hours = (name: string): unknown[] =>
    lines.map((line) => (typeof line[name] === 'number' ? Math.floor(line[name] / HOUR) : line[name]));
  expect(lines.map(({ msg }) => msg)).toEqual(Array.from({ length: 3 }, () => 'decisions rolled up'));
  expect(hours('waitedMs')).toEqual([9, 6, 3]);
  expect(hours('behindMs')).toEqual([6, 3, null]);
});

test('a roll-up that fails is told of by its tenant, and made again', async () => {
  await put(10, 1);
  await tenant.owner.query('alter table decision_block add constraint nothing check (records < 0)');
  const [line] = await logged(() => true);
  expect(line).toMatchObject({
    ...{ level: 50, tenantId: tenant.caller.tenantId, error: { code: '23514' } },
    msg: "a tenant's decisions could not be rolled up; trying again",
  });
  await tenant.owner.query('alter table decision_block drop constraint nothing');
  expect((await logged(({ level }) => level === 30)).at(-1)).toMatchObject({ records: 10 });
});
