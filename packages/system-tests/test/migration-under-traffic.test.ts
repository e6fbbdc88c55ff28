import { setTimeout as delay } from 'node:timers/promises';
import { queueMigration } from '@licet/database/testing';
import { residentBytes } from '../src/resident-bytes.js';
import { outcomesOf, progressOf, REFUSED_EVERY, subscribers, TEAM_CALLS } from '../src/subscribers.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';
import { spread, startTraffic } from '../src/traffic.js';

const SUBSCRIPTIONS = Number(process.env['LICET_SUBSCRIPTIONS'] ?? 2000);
/** Customers that spend, spread over all of them, so that some are moved early and some late. */
const SPENDING = 50;
const LANES = 4;
/** So many consumes come before it begins, to compare with: each customer's first ones among them. */
const CALM = 4 * SPENDING;
/** Between two looks at how far it has come: to look takes time from what is looked at. */
const LOOK_MS = 200;

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem([{}]);
}, 60_000);
afterAll(async () => {
  await system.close();
});

interface Told {
  readonly type: string;
  readonly customer_id: string | null;
  readonly meters: readonly { readonly subject: string; readonly used: number }[] | null;
}

/** Customers that were granted more than `team` gives once they had been moved to it, by the log. */
async function beyondLimit(): Promise<string[]> {
  const { rows: customers } = await system.owner.query<{ id: string; subject: string }>(
    'select id, subject from customer',
  );
  const idOf = new Map(customers.map(({ id, subject }) => [subject, id]));
  const { rows } = await system.owner.query<Told>(
    `select type, customer_id, convert_from(body, 'UTF8')::json -> 'data' -> 'meters' as meters from event
     where type in ('usage.recorded', 'subscription.plan_changed') order by position`,
  );
  const used = new Map<string, number>();
  const moved = new Set<string | null>();
  const beyond: string[] = [];
  for (const { type, customer_id, meters } of rows) {
    if (type === 'subscription.plan_changed') moved.add(customer_id);
    for (const meter of meters ?? []) {
      const id = idOf.get(meter.subject) ?? '';
      if (moved.has(id) && meter.used > TEAM_CALLS && meter.used > (used.get(id) ?? 0)) beyond.push(id);
      used.set(id, meter.used);
    }
  }
  return beyond;
}

test(
  `a migration while its customers check and spend: each subscription has its turn once, nobody is granted too much`,
  async () => {
    await subscribers(system, SUBSCRIPTIONS);
    const step = Math.floor(SUBSCRIPTIONS / SPENDING);
    const customers = Array.from({ length: SPENDING }, (_, index) => `m-${String(1 + index * step)}`);
    const [gateway] = system.gateways;
    if (!gateway) throw new Error('there is a gateway');
    const traffic = startTraffic({ client: gateway.client, customers, lanes: LANES });
    const worker = await system.startWorker();
    await until(() => traffic.answered >= CALM);
    const calm = traffic.answered;
    const begun = performance.now();
    let mostBytes = 0;
    await queueMigration(system.tenant, { toPlan: 'team' });
    await until(async () => {
      await delay(LOOK_MS);
      mostBytes = Math.max(mostBytes, await residentBytes(worker.pid));
      return (await progressOf(system)).status === 'SUCCEEDED';
    });
    const seconds = (performance.now() - begun) / 1000;
    const { granted, consumes, checks } = await traffic.finish();
    process.stdout.write(
      `${String(SUBSCRIPTIONS)} subscriptions migrated in ${seconds.toFixed(1)} s, ${(SUBSCRIPTIONS / seconds).toFixed(0)}/s; ` +
        `worker at most ${(mostBytes / 2 ** 20).toFixed(0)} MiB\n` +
        `before: consumes ${spread(consumes.slice(SPENDING, calm))}, checks ${spread(checks.slice(SPENDING, calm))}\n` +
        `meanwhile: consumes ${spread(consumes.slice(calm))}, checks ${spread(checks.slice(calm))}\n`,
    );
    const refused = SUBSCRIPTIONS / REFUSED_EVERY;
    expect(await progressOf(system)).toEqual({
      status: 'SUCCEEDED',
      total: SUBSCRIPTIONS,
      done: SUBSCRIPTIONS,
      moved: SUBSCRIPTIONS - refused,
      refused,
    });
    const wrong = (await outcomesOf(system)).filter(
      (one) => JSON.stringify(summaryOf(one)) !== MOVED && JSON.stringify(summaryOf(one)) !== REFUSED,
    );
    expect(wrong).toEqual([]);
    expect(granted.size).toBe(SPENDING);
    const { rows } = await system.owner.query<{ id: string; used: string | number }>(
      `select customer_id as id, used from meter where feature = 'calls'`,
    );
    expect(Object.fromEntries(rows.map(({ id, used }) => [id, Number(used)]))).toEqual(
      Object.fromEntries(granted),
    );
    expect(await beyondLimit()).toEqual([]);
  },
  60_000 + SUBSCRIPTIONS * 10,
);

const MOVED = JSON.stringify(['team', null, ['subscription.plan_changed']]);
const REFUSED = JSON.stringify(['pro', 'CONFLICT', null]);

function summaryOf({ plan, code, types }: Awaited<ReturnType<typeof outcomesOf>>[number]): unknown[] {
  return [plan, code, types];
}
