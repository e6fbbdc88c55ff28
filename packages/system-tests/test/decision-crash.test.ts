import { setTimeout as delay } from 'node:timers/promises';
import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import {
  type AnsweredDecision,
  doublesIn,
  gapsIn,
  idsOnRecord,
  missingIn,
  startAsking,
} from '../src/decisions/asking.js';
import { randomNumbers } from '../src/crash/random.cjs';
import { OwnPostgres } from '../src/postgres/own-postgres.js';
import { type RunningGateway, type RunningSystem, startSystem, until } from '../src/system.js';

const ROUNDS = Number(process.env['LICET_ROUNDS'] ?? 3);
const SEED = Number(process.env['LICET_SEED'] ?? Date.now() % 1_000_000);
const random = randomNumbers(SEED);
const CUSTOMERS = ['acme', 'bobs', 'carl', 'dora'];
/** What `async` may lose, in milliseconds before a kill; left out: it is only printed, a machine in a hurry keeps no time. */
const WINDOW_MS = Number(process.env['LICET_DECISION_WINDOW_MS'] ?? Infinity);

let system: RunningSystem;

beforeAll(async () => {
  process.stdout.write(`decision rounds: LICET_SEED=${String(SEED)} LICET_ROUNDS=${String(ROUNDS)}\n`);
  system = await startSystem([], await OwnPostgres.start());
  for (const customerId of CUSTOMERS) {
    await createTestCustomer(system.tenant, customerId);
    await subscribeTo(system.tenant, customerId, 'pro');
  }
});
afterAll(async () => {
  await system.close();
});

interface Round {
  readonly answered: readonly AnsweredDecision[];
  readonly missing: readonly AnsweredDecision[];
  readonly doubles: readonly string[];
  readonly killedAt: number;
}

/** A gateway that is killed while it answers; what it has answered, and what of that is not on record. */
async function killUnderLoad(mode: string, reader: RunningGateway): Promise<Round> {
  const since = Date.now();
  const gateway = await system.startGateway({ settings: { LICET_DECISION_LOG: mode } });
  const asking = startAsking(() => [gateway.client], CUSTOMERS, 6);
  await until(() => asking.answered.length > 50);
  await delay(random(700));
  const killedAt = Date.now();
  await gateway.stop('SIGKILL');
  const answered = await asking.finish();
  // What it had sent to the server may still be on its way.
  await until(async () => {
    const { rows } = await system.owner.query(
      `select from pg_stat_activity where usename = 'licet_recorder' and query like '%decision_flush%' and state = 'active'`,
    );
    return rows.length === 0;
  });
  const ids = await idsOnRecord(reader.client, since);
  return { answered, missing: missingIn(ids, answered), doubles: doublesIn(ids), killedAt };
}

test.each(['strict', 'async'] as const)(
  'kill -9 of a gateway under load, `%s`: no answered decision is lost but the last of `async`, and none is there twice',
  async (mode) => {
    const reader = await system.startGateway();
    const tolerated = mode === 'strict' ? -Infinity : WINDOW_MS;
    const oldest: number[] = [];
    let [answers, lost] = [0, 0];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { answered, missing, doubles, killedAt } = await killUnderLoad(mode, reader);
      const ages = missing.map(({ at }) => killedAt - at);
      answers += answered.length;
      lost += missing.length;
      if (ages.length > 0) oldest.push(Math.max(...ages));
      expect(ages.filter((age) => age > tolerated)).toEqual([]);
      // What is lost is the end.
      expect(gapsIn(answered, missing)).toEqual([]);
      expect(doubles).toEqual([]);
    }
    process.stdout.write(
      `${mode}: ${String(ROUNDS)} kills, ${String(answers)} decisions answered, ${String(lost)} lost; ` +
        `ages of the oldest lost before each kill, ms: ${oldest.length === 0 ? 'none' : oldest.sort((a, b) => a - b).join(' ')}\n`,
    );
  },
  60_000 + ROUNDS * 30_000,
);
