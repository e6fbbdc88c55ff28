import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { doublesIn, idsOnRecord, missingIn, startAsking } from '../src/decisions/asking.js';
import { brokenGuard } from '../src/guards/guards.js';
import { OwnPostgres } from '../src/postgres/own-postgres.js';
import { type RunningGateway, type RunningSystem, startSystem, until } from '../src/system.js';

const OUTAGE_MS = Number(process.env['LICET_OUTAGE_MS'] ?? 3000);
const CUSTOMERS = ['acme', 'bobs'];
const breakGuard = brokenGuard();

let postgres: OwnPostgres;
let system: RunningSystem;
let spool: string;

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  system = await startSystem([], postgres);
  for (const customerId of CUSTOMERS) {
    await createTestCustomer(system.tenant, customerId);
    await subscribeTo(system.tenant, customerId, 'pro');
  }
});
afterAll(async () => {
  await system.close();
});
beforeEach(async () => {
  spool = await mkdtemp(path.join(tmpdir(), 'licet-spool-'));
});
afterEach(async () => {
  await rm(spool, { recursive: true });
});

function startGateway(mode: 'strict' | 'async', held?: string): Promise<RunningGateway> {
  const settings = { LICET_DECISION_LOG: mode, LICET_SPOOL_DIR: spool };
  return system.startGateway({ breakGuard, settings, ...(held === undefined ? {} : { held }) });
}

/** Those that are whole: one that was being written when its gateway was killed is none. */
async function filesOnDisk(): Promise<number> {
  return (await readdir(spool)).filter((name) => name.endsWith('.flushes')).length;
}

test('while Postgres is away decisions are answered and go to the disk; when it is back each is on record, once', async () => {
  const since = Date.now();
  const gateway = await startGateway('async');
  const asking = startAsking(() => [gateway.client], CUSTOMERS, 2);
  await until(() => asking.answered.length > 50);
  await postgres.kill();
  const before = asking.answered.length;
  await delay(OUTAGE_MS);
  const meanwhile = asking.answered.length - before;
  const files = await filesOnDisk();
  await postgres.start();
  const known = asking.answered.length;
  await until(() => asking.answered.length > known + 50);
  const answered = await asking.finish();
  // A stop leaves the rest on the disk, or brings it in.
  await until(async () => (await filesOnDisk()) === 0);
  await gateway.stop();
  const ids = await idsOnRecord((await startGateway('async')).client, since);
  process.stdout.write(
    `Postgres away for ${String(OUTAGE_MS)} ms: ${String(answered.length)} decisions answered, ${String(meanwhile)} meanwhile, in ${String(files)} files\n`,
  );
  expect(meanwhile).toBeGreaterThan(0);
  expect(files).toBeGreaterThan(0);
  expect(missingIn(ids, answered)).toEqual([]);
  expect(doublesIn(ids)).toEqual([]);
});

test('a gateway killed while Postgres is away leaves what it has answered on the disk; the next one brings it in, each once', async () => {
  const since = Date.now();
  const killed = await startGateway('strict');
  const asking = startAsking(() => [killed.client], CUSTOMERS, 2);
  await until(() => asking.answered.length > 50);
  await postgres.kill();
  await delay(OUTAGE_MS / 2);
  await until(async () => (await filesOnDisk()) > 0);
  await killed.stop('SIGKILL');
  const answered = await asking.finish();
  const files = await filesOnDisk();
  await delay(OUTAGE_MS / 2);
  await postgres.start();
  const next = await startGateway('strict');
  await until(async () => (await filesOnDisk()) === 0);
  const ids = await idsOnRecord(next.client, since);
  process.stdout.write(
    `killed while Postgres is away: ${String(answered.length)} decisions answered, ${String(files)} files left\n`,
  );
  expect(missingIn(ids, answered)).toEqual([]);
  expect(doublesIn(ids)).toEqual([]);
});

test('what was delivered from the disk by a gateway that was killed before it knew, is delivered again and is there once', async () => {
  const since = Date.now();
  const first = await startGateway('strict');
  const asking = startAsking(() => [first.client], CUSTOMERS, 2);
  await until(() => asking.answered.length > 50);
  await postgres.kill();
  await until(async () => (await filesOnDisk()) > 2);
  await first.stop('SIGKILL');
  const answered = await asking.finish();
  await postgres.start();
  const files = await filesOnDisk();
  const second = await startGateway('strict', 'write-decisions');
  await second.held;
  await second.stop('SIGKILL');
  expect(await filesOnDisk()).toBe(files);
  const third = await startGateway('strict');
  await until(async () => (await filesOnDisk()) === 0);
  const ids = await idsOnRecord(third.client, since);
  expect(missingIn(ids, answered)).toEqual([]);
  expect(doublesIn(ids)).toEqual([]);
});
