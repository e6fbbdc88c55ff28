import { setTimeout as delay } from 'node:timers/promises';
import { createTestCustomer } from '@licet/database/testing';
import { randomNumbers } from '../src/crash/random.cjs';
import { expectAtLast } from '../src/expect-at-last.js';
import { brokenGuard } from '../src/guards/guards.js';
import { consumeOn, type Issued, issueFile, settleFile } from '../src/license-files/ask.js';
import { type Replay, replayLog } from '../src/log/replay.js';
import { replayFiles } from '../src/log/replay-files.js';
import { type RunningSystem, startSystem } from '../src/system.js';

// Everybody waits for one customer: on a machine with other work that takes a while.
jest.setTimeout(300_000);

const CAP = 10;
const LIMIT = 120;
const CALLERS = 110;
const SPENDERS = 10;
const ROUNDS = 2;
const CATALOG = {
  catalog: 1,
  name: 'Files',
  features: { cad: { type: 'boolean' }, calls: { type: 'metered', window: 'P1M', anchor: 'calendar' } },
  plans: {
    shop: {
      model: 'perpetual',
      machines: { limit: 2 * CALLERS, offlineFiles: CAP },
      entitlements: { cad: true, calls: LIMIT },
    },
    /** More than are ever wanted. */
    fleet: {
      model: 'perpetual',
      machines: { limit: 2 * CALLERS },
      entitlements: { cad: true, calls: 100 * LIMIT },
    },
  },
};

let system: RunningSystem;

beforeEach(async () => {
  const breakGuard = brokenGuard();
  // What is out is read some time before it is decided on, so that the commands of two gateways overlap.
  const options = { breakGuard, slow: 'license-files-out:2:client' };
  system = await startSystem([options, options], undefined, CATALOG);
  await system.startWorker({ breakGuard });
});
afterEach(async () => {
  await system.close();
});

/** One or the other gateway, by number. */
function gateway(number: number) {
  const running = system.gateways[number % system.gateways.length];
  if (running === undefined) throw new Error('there are gateways');
  return running.client;
}

async function license(plan: string): Promise<string> {
  await createTestCustomer(system.tenant, 'acme');
  await gateway(0).send(
    `mutation ($plan: String!) { issueLicense(input: { customerId: "acme", plan: $plan, idempotencyKey: "one" }) { revision } }`,
    { plan },
  );
  const { rows } = await system.owner.query<{ id: string }>('select id from license');
  expect(rows).toHaveLength(1);
  return rows[0]!.id;
}

async function nothingIsLent(): Promise<void> {
  const open = "select * from reservation where status = 'OPEN'";
  await expectAtLast(async () => (await system.owner.query<object>(open)).rows, []);
}

interface Counter {
  readonly used: number;
  readonly reserved: number;
}

async function counter(): Promise<Counter> {
  const { rows } = await system.owner.query<Counter>('select used::int, reserved::int from meter');
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

/** Sound in itself, with no more files out and no more units out than allowed, at any position. */
async function soundLog(cap: number, limit: number) {
  const units: Replay = await replayLog(system.owner, () => limit);
  const { beyond, broken, files } = await replayFiles(system.owner, cap);
  expect({ beyond, broken }).toEqual({ beyond: [], broken: [] });
  expect(units.beyond).toEqual([]);
  expect(units.broken).toEqual([]);
  return { ...units, files: [...files.values()] };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

const CODES = ['ENTITLED', 'OFFLINE_LIMIT_EXCEEDED', 'LIMIT_EXCEEDED'];
const FATES = ['settle', 'settle', 'late', 'forget'] as const;

test('120 callers at the cap of one licence and the limit of its units: the log, read alone, shows neither passed', async () => {
  const licenseId = await license('shop');
  const random = randomNumbers(9);
  const issued: Issued[] = [];
  const settled = new Map<string, number>();
  const codes: string[] = [];
  const machine = async (_: unknown, index: number): Promise<void> => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const fate = FATES[random(FATES.length)] ?? 'settle';
      const asked = {
        ...{ licenseId, fingerprint: `m-${String(index)}`, validFor: fate === 'settle' ? 'PT1H' : 'PT1S' },
        budgets: [{ feature: 'calls', quantity: 1 + random(4) }],
        idempotencyKey: `m-${String(index)}-${String(round)}`,
      };
      const { code, file } = await issueFile(gateway(index + round), asked);
      codes.push(code);
      if (file === null) continue;
      issued.push(file);
      if (fate === 'forget') continue;
      const spent = random(file.budget + 1);
      if (fate === 'late') await delay(Math.max(0, Date.parse(file.expiresAt) + 20 - Date.now()));
      expect(await settleFile(gateway(index + round + 1), file.id, spent)).toBe('DONE');
      settled.set(file.id, spent);
    }
  };
  await gateway(0).send(
    'mutation ($input: ActivateMachineInput!) { activateMachine(input: $input) { decision { code } } }',
    { input: { licenseId, fingerprint: 'office' } },
  );
  let consumed = 0;
  const spender = async (_: unknown, index: number): Promise<void> => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const key = `s-${String(index)}-${String(round)}`;
      const units = await consumeOn(gateway(index + round), 'acme', 'office', key);
      consumed += units;
    }
  };
  await Promise.all([
    ...Array.from({ length: CALLERS }, machine),
    ...Array.from({ length: SPENDERS }, spender),
  ]);
  await nothingIsLent();

  const log = await soundLog(CAP, LIMIT);
  expect(codes.filter((code) => !CODES.includes(code))).toEqual([]);
  // All that there is to see has happened.
  expect(new Set(codes)).toContain('OFFLINE_LIMIT_EXCEEDED');
  expect(issued.length).toBeGreaterThan(CAP);
  expect(consumed).toBeGreaterThan(0);
  expect(new Set([...log.leases.values()].map(({ status }) => status))).toEqual(
    new Set(['SPENT', 'RETURNED']),
  );
  // What is told of each file is what was answered, and what it counts.
  expect(log.files.map(({ id }) => id).sort()).toEqual(issued.map(({ id }) => id).sort());
  expect(
    log.files.filter(({ id, spent }) => (spent?.['calls'] ?? null) !== (settled.get(id) ?? null)),
  ).toEqual([]);
  const counted = issued.map(({ id, budget }) => settled.get(id) ?? budget);
  expect(await counter()).toEqual({ used: consumed + sum(counted), reserved: 0 });
});

const LANES = 8;
const TURNS = 4;

test('of settlements that race the end of their file, and one another, each counts once', async () => {
  const licenseId = await license('fleet');
  const settled: { readonly spent: number; readonly told: readonly string[] }[] = [];
  const lane = async (_: unknown, number: number): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const name = `m-${String(number)}-${String(turn)}`;
      const { code, file } = await issueFile(gateway(number), {
        ...{ licenseId, fingerprint: name, validFor: 'PT2S', idempotencyKey: name },
        budgets: [{ feature: 'calls', quantity: 10 }],
      });
      expect(code).toBe('ENTITLED');
      if (file === null) return;
      // Some before its end, some after, most about then.
      const moment = Date.parse(file.expiresAt) + 20 * (number * TURNS + turn) - 10 * LANES * TURNS;
      await delay(Math.max(0, moment - Date.now()));
      const told = await Promise.all([
        settleFile(gateway(0), file.id, 3),
        settleFile(gateway(1), file.id, 3),
        settleFile(gateway(number), file.id, 4),
      ]);
      settled.push({ spent: told[2] === 'DONE' ? 4 : 3, told });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  // The first says what was spent; who says the same hears the same, who says otherwise is refused.
  for (const { spent, told } of settled)
    expect(told).toEqual(spent === 3 ? ['DONE', 'DONE', 'CONFLICT'] : ['CONFLICT', 'CONFLICT', 'DONE']);
  await nothingIsLent();

  const log = await soundLog(2 * CALLERS, 100 * LIMIT);
  expect([...log.leases.values()].filter(({ status }) => status !== 'RETURNED')).toEqual([]);
  expect(log.files).toHaveLength(LANES * TURNS);
  expect(await counter()).toEqual({ used: sum(settled.map(({ spent }) => spent)), reserved: 0 });
});
