import { setTimeout as delay } from 'node:timers/promises';
import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { type Asked, type Load, startLoad } from '../src/crash/clients.js';
import { audit, type Findings } from '../src/crash/ledger.js';
import { randomNumbers } from '../src/crash/random.cjs';
import { brokenGuard } from '../src/guards/guards.js';
import { OwnPostgres } from '../src/postgres/own-postgres.js';
import type { RunningProgram } from '../src/program.js';
import { API_KEY, type RunningGateway, type RunningSystem, startSystem, until } from '../src/system.js';
import { dueTrials, FIRST_END_MS, transitions, waiting } from '../src/trials.js';

const ROUNDS = Number(process.env['LICET_ROUNDS'] ?? 3);
const SEED = Number(process.env['LICET_SEED'] ?? Date.now() % 1_000_000);
const random = randomNumbers(SEED);

const CUSTOMERS = 8;
const TRIALS = 300;
/** Under load, trials end within this time, and so does the kill fall. */
const SPAN_MS = 1500;

let postgres: OwnPostgres;
let system: RunningSystem;
let gateways: RunningGateway[];
let worker: RunningProgram;
let loads: readonly Load[] = [];
const options = { breakGuard: brokenGuard() };

beforeAll(async () => {
  process.stdout.write(`crash rounds: LICET_SEED=${String(SEED)} LICET_ROUNDS=${String(ROUNDS)}\n`);
  postgres = await OwnPostgres.start();
  system = await startSystem([options, options], postgres);
  gateways = [...system.gateways];
  worker = await system.startWorker(options);
});
afterAll(async () => {
  for (const load of loads) load.abandon();
  await system.close();
});

/** Each kills a process without a word, and starts it again. */
const CRASHES = {
  gateway: async (): Promise<void> => {
    const at = random(gateways.length);
    const killed = gateways[at]!;
    await killed.stop('SIGKILL');
    await delay(random(300));
    gateways[at] = await system.startGateway({ ...options, port: Number(new URL(killed.client.url).port) });
  },
  worker: async (): Promise<void> => {
    await worker.stop('SIGKILL');
    await delay(random(300));
    worker = await system.startWorker(options);
  },
  postgres: async (): Promise<void> => {
    await postgres.kill();
    await delay(random(300));
    await postgres.start();
  },
};

async function newCustomers(round: string): Promise<{ id: string; customerId: string }[]> {
  const names = Array.from({ length: CUSTOMERS }, (_, index) => `${round}-c${String(index)}`);
  const subscriptions = [];
  for (const customerId of names) {
    await createTestCustomer(system.tenant, customerId);
    subscriptions.push({ id: (await subscribeTo(system.tenant, customerId, 'pro')).id, customerId });
  }
  return subscriptions;
}

function answered(loads: readonly Load[]): number {
  return loads.reduce((sum, load) => sum + load.answered, 0);
}

/** Waits for a condition; throws where a process has ended that was not killed. */
async function whileAllLive(condition: () => Promise<boolean> | boolean): Promise<void> {
  await until(() => {
    for (const { child, pid } of [...gateways, worker]) {
      if (child.exitCode !== null) throw new Error(`process ${String(pid)} has ended by itself`);
    }
    return condition();
  });
}

interface Round {
  readonly customers: readonly string[];
  readonly answers: readonly Asked[];
  /** How often something was sent. */
  readonly tries: number;
}

/** Load from three processes through both gateways, with a crash in its midst; ends when every outcome is known. */
async function crashUnderLoad(name: string, crash: () => Promise<void>): Promise<Round> {
  const subscriptions = await newCustomers(name);
  const customers = subscriptions.map(({ customerId }) => customerId);
  const urls = gateways.map((gateway) => gateway.client.url);
  loads = [0, 1, 2].map((index) =>
    startLoad({
      name: `${name}-${String(index)}`,
      seed: random(1_000_000),
      urls,
      apiKey: API_KEY,
      customers,
      lanes: 4,
      subscriptions: subscriptions.filter((_, place) => place % 3 === index),
    }),
  );
  await whileAllLive(() => loads.every((load) => load.answered > 5));
  await dueTrials(system, { count: TRIALS, prefix: `${name}-due`, withinMs: SPAN_MS });
  await delay(FIRST_END_MS + random(SPAN_MS));
  await crash();
  const known = answered(loads);
  // It goes on by itself.
  await whileAllLive(() => answered(loads) > known + 60);
  await whileAllLive(async () => (await waiting(system, `${name}-due`)) === 0);
  const handedIn = await Promise.all(loads.map((load) => load.finish()));
  return {
    customers,
    answers: handedIn.flatMap(({ answers }) => answers),
    tries: handedIn.reduce((sum, { tries }) => sum + tries, 0),
  };
}

const SOUND: Findings = {
  refused: [],
  spentTwice: [],
  lostRevisions: [],
  lostChanges: [],
  wrongCounters: [],
  beyondLimit: [],
  gaps: [],
  wrongSums: [],
};

/** Trials that did not move exactly once, by the log. */
async function wrongTrials(prefix: string): Promise<object[]> {
  const moved = await transitions(system, prefix);
  expect(moved).toHaveLength(TRIALS);
  const once = JSON.stringify(['subscription.trial_ended', 'subscription.plan_changed']);
  return moved.filter(({ types }) => JSON.stringify(types) !== once);
}

/** Every key that was granted is answered once more: as a replay, with the same units and revision. */
async function forgotten(answers: readonly Asked[]): Promise<string[]> {
  const { client } = gateways[random(gateways.length)]!;
  const granted = answers.filter(({ kind, given }) => kind === 'consume' && given.some(isAllowed));
  const lost: string[] = [];
  for (let start = 0; start < granted.length; start += 100) {
    const some = granted.slice(start, start + 100);
    const inputs = some.map(({ key, input }) => ({ ...input, idempotencyKey: key }));
    const data = await client.send(
      'mutation ($inputs: [ConsumeInput!]!) { consumeMany(inputs: $inputs) { consumed replayed revision } }',
      { inputs },
    );
    const replays: readonly unknown[] =
      'consumeMany' in data && Array.isArray(data.consumeMany) ? data.consumeMany : [];
    some.forEach(({ key, given }, index) => {
      const { consumed, revision } = given.find(isAllowed) ?? {};
      const same = JSON.stringify({ consumed, replayed: true, revision });
      if (JSON.stringify(replays[index]) !== same) lost.push(key);
    });
  }
  return lost;
}

function isAllowed({ decision }: Asked['given'][number]): boolean {
  return decision?.allowed === true;
}

test('the server keeps what it has said to be committed: it writes through to the disk', async () => {
  const { rows } = await system.owner.query(
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
            current_setting('full_page_writes') as full_page_writes`,
  );
  expect(rows).toEqual([{ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }]);
});

test.each(['gateway', 'worker', 'postgres'] as const)(
  'kill -9 of the %s at a random moment under load: nothing acknowledged is lost, nothing is done twice, no limit passed',
  async (victim) => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const name = `${victim}-${String(round)}`;
      const { customers, answers, tries } = await crashUnderLoad(name, CRASHES[victim]);
      const granted = answers.filter(({ given }) => given.some(isAllowed)).length;
      process.stdout.write(
        `${name}: ${String(answers.length)} operations (${String(granted)} granted) in ${String(tries)} tries\n`,
      );
      expect(granted).toBeGreaterThan(0);
      expect(await audit(system, answers, customers)).toEqual(SOUND);
      expect(await wrongTrials(`${name}-due`)).toEqual([]);
      expect(await forgotten(answers)).toEqual([]);
    }
  },
  60_000 + ROUNDS * 60_000,
);
