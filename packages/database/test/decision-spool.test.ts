import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type DecisionRecord, DecisionRecorder, listDecisions, RECORDER_ROLE, Spool } from '@licet/database';
import { createOwnTenant, type OwnTenant } from '@licet/database/testing';
import { instant } from '@licet/domain';

let tenant: OwnTenant;
let directory: string;
beforeEach(async () => {
  tenant = await createOwnTenant();
  directory = await mkdtemp(path.join(tmpdir(), 'licet-spool-'));
});
afterEach(async () => {
  await tenant.close();
  await rm(directory, { recursive: true });
});

function record(): DecisionRecord {
  const at = instant(Date.now());
  return {
    ...{ operation: 'check', input: { customerId: 'acme' }, requestId: null, at },
    actor: { kind: 'API_KEY', id: 'key_1', name: null },
    decision: {
      ...{ id: `dec_${randomUUID()}`, allowed: true, code: 'ENTITLED', message: 'yes', customerId: 'acme' },
      ...{
        feature: 'calls',
        value: null,
        limit: null,
        unlimited: false,
        used: null,
        reserved: null,
        remaining: null,
      },
      ...{ resetsAt: null, validUntil: null, sources: [], release: 1, revision: '0000000000000001-00000000' },
      ...{ asOf: at, stale: false },
    },
  };
}

/** No place for the recorder, and its connections ended. */
async function takeAway(): Promise<void> {
  await limit(0);
  await tenant.owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and datname = current_database()`,
    [RECORDER_ROLE],
  );
}

async function limit(connections: number): Promise<void> {
  const { rows } = await tenant.owner.query<{ name: string }>('select current_database() as name');
  await tenant.owner.query(`alter database ${rows[0]?.name ?? ''} connection limit ${String(connections)}`);
}

async function idsOnRecord(): Promise<string[]> {
  const every = { id: null, customerId: null, only: null, feature: null, allowed: null, code: null };
  const page = { first: 1000, after: null, since: null, until: null };
  const listed = await listDecisions(tenant.db, tenant.caller.tenantId, { ...every, ...page });
  if (!listed.ok) throw new Error(listed.message);
  return listed.page.items.map(({ node }) => node.decision.id);
}

async function put(recorder: DecisionRecorder, count: number): Promise<string[]> {
  const records = Array.from({ length: count }, record);
  await Promise.all(records.map(async (one) => recorder.record(tenant.caller.tenantId, one)));
  return records.map(({ decision }) => decision.id);
}

test('while the database is away `strict` answers from the disk; when it is back all is delivered, each once', async () => {
  const recorder = new DecisionRecorder(tenant.db.recorder, {
    mode: 'strict',
    spool: await Spool.open(directory),
  });
  const asked = await put(recorder, 5);
  await takeAway();
  for (let round = 0; round < 5; round += 1) asked.push(...(await put(recorder, 20)));
  expect(recorder.counts.spooledBytes).toBeGreaterThan(0);
  expect((await idsOnRecord()).length).toBe(5);
  // It looks for more now and then, and leaves the processor to others.
  const before = performance.eventLoopUtilization();
  await delay(300);
  expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.7);
  await limit(-1);
  await recorder.settled();
  asked.push(...(await put(recorder, 5)));
  const onRecord = await idsOnRecord();
  expect([...onRecord].sort()).toEqual([...asked].sort());
  expect(recorder.counts).toMatchObject({ dropped: 0, spooledBytes: 0, unsentBytes: 0 });
  expect(await readdir(directory)).toEqual([]);
  await recorder.close();
});

test('what a process leaves on the disk the next one delivers, twice if it comes to that, and it is there once', async () => {
  await takeAway();
  const first = new DecisionRecorder(tenant.db.recorder, {
    mode: 'async',
    spool: await Spool.open(directory),
  });
  const asked = await put(first, 1000);
  await first.close();
  expect(first.counts).toMatchObject({ recorded: 0, dropped: 0 });
  const [file = ''] = await readdir(directory);
  expect((await stat(path.join(directory, file))).mode & 0o777).toBe(0o600);
  await limit(-1);
  // Two at once over the same directory.
  const next = await Promise.all([Spool.open(directory), Spool.open(directory)]);
  const recorders = next.map((spool) => new DecisionRecorder(tenant.db.recorder, { mode: 'async', spool }));
  for (const recorder of recorders) await recorder.settled();
  for (const recorder of recorders) await recorder.close();
  const onRecord = await idsOnRecord();
  expect([...onRecord].sort()).toEqual([...asked].sort());
  expect(await readdir(directory)).toEqual([]);
});

test('what an earlier version has left, which did not say whose it is, is delivered and found', async () => {
  await takeAway();
  const first = new DecisionRecorder(tenant.db.recorder, {
    mode: 'async',
    spool: await Spool.open(directory),
  });
  const asked = await put(first, 3);
  await first.close();
  const [name = ''] = await readdir(directory);
  const file = path.join(directory, name);
  const older = (await readFile(file, 'utf8')).replace(/"customers":\[[^\]]*\],/, '');
  expect(older).not.toContain('customers');
  await writeFile(file, older);
  await limit(-1);
  const next = new DecisionRecorder(tenant.db.recorder, {
    mode: 'async',
    spool: await Spool.open(directory),
  });
  await next.settled();
  await next.close();
  expect((await idsOnRecord()).sort()).toEqual(asked.sort());
  const { rows } = await tenant.owner.query('select customers from decision_flush');
  expect(rows).toEqual([{ customers: null }]);
});

test('a full disk is no reason to forget: what has no room is kept in memory and delivered', async () => {
  const recorder = new DecisionRecorder(tenant.db.recorder, {
    mode: 'async',
    spool: await Spool.open(directory, 10),
  });
  await takeAway();
  const asked = await put(recorder, 100);
  while (recorder.counts.unsentBytes === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await readdir(directory)).toEqual([]);
  await limit(-1);
  await recorder.settled();
  expect((await idsOnRecord()).sort()).toEqual(asked.sort());
  await recorder.close();
});

test('a file that nobody can read is set aside, and holds nothing up', async () => {
  await writeFile(path.join(directory, '000000000000001-x.flushes'), '[{"tenantId": "nobody"}]');
  const recorder = new DecisionRecorder(tenant.db.recorder, {
    mode: 'async',
    spool: await Spool.open(directory),
  });
  await recorder.settled();
  const asked = await put(recorder, 1);
  await recorder.close();
  expect(await idsOnRecord()).toEqual(asked);
  expect(await readdir(directory)).toEqual(['000000000000001-x.flushes.unreadable']);
});

test('a disk that is full in the middle of a file keeps nothing of it, and is asked again a little later', async () => {
  const program = path.join(__dirname, 'spool-program.ts');
  const register = path.join(__dirname, '../../../scripts/register-source.cjs');
  // Shells count in blocks of 512 or 1,024 bytes.
  const limited = 'ulimit -f 16; exec "$@"';
  const node = [process.execPath, '-C', '@licet/source', '-r', register, program, directory];
  const { stdout } = await promisify(execFile)('sh', ['-c', limited, 'sh', ...node]);
  expect(JSON.parse(stdout)).toEqual({ taken: [false, false, true], left: [], now: 1 });
});

test('a directory that cannot be written to is an error at once', async () => {
  await writeFile(path.join(directory, 'file'), '');
  await expect(Spool.open(path.join(directory, 'file'))).rejects.toThrow(/EEXIST|ENOTDIR/);
});
