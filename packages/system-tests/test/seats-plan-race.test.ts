import { setTimeout as delay } from 'node:timers/promises';
import { createTestCustomer, subscribeTo, TEST_CATALOG } from '@licet/database/testing';
import type { SubscriptionId } from '@licet/domain';
import { brokenGuard } from '../src/guards/guards.js';
import { type MembersDone, startMembers } from '../src/seats/clients.js';
import { API_KEY, type RunningSystem, startSystem, until } from '../src/system.js';

/** Editors by plan; what becomes of those above it the transition to the plan says. */
const LIMITS: Readonly<Record<string, number>> = { large: 50, releasing: 20, blocking: 10, refusing: 15 };
const RELEASED_AFTER_MS = 1000;
const plan = (editors: number) => ({ family: 'office', model: 'subscription', entitlements: { editors } });
const CATALOG = {
  ...TEST_CATALOG,
  features: { ...TEST_CATALOG.features, editors: { type: 'seats', kind: 'named' } },
  plans: {
    ...TEST_CATALOG.plans,
    ...Object.fromEntries(Object.entries(LIMITS).map(([key, editors]) => [key, plan(editors)])),
  },
  transitions: [
    { from: 'large', to: 'releasing', seatsAbove: { releaseNewestAfter: 'PT1S' } },
    { from: 'large', to: 'blocking', seatsAbove: 'block' },
    { from: 'large', to: 'refusing', seatsAbove: 'refuse' },
    { from: ['releasing', 'blocking', 'refusing'], to: 'large' },
  ],
};

let system: RunningSystem;
beforeAll(async () => {
  const breakGuard = brokenGuard();
  // Batches wait between their decision and their commit, so that changes of plan fall in between.
  const options = { breakGuard, slow: 'insert-seats:20' };
  // The third changes plans: its connections are not all taken by waiting batches.
  system = await startSystem([options, options, { breakGuard }], undefined, CATALOG);
  await system.startWorker({ breakGuard });
});
afterAll(async () => {
  await system.close();
});

const PROCESSES = 4;
/** In all. */
const CALLERS = 500;
const ROUNDS = 8;

function askAll(): Promise<MembersDone[]> {
  const urls = system.gateways.slice(0, 2).map(({ client }) => client.url);
  const task = { urls, apiKey: API_KEY, customerId: 'acme', feature: 'editors', kind: 'NAMED' } as const;
  return Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      startMembers({
        ...{ ...task, rounds: ROUNDS, callers: CALLERS / PROCESSES },
        ...{ name: `client-${String(index)}`, seed: index + 1 },
      }),
    ),
  );
}

async function takenNow(): Promise<number> {
  const { rows } = await system.owner.query<{ used: number }>(
    `select used::int from meter where customer_id = 'acme' and feature = 'editors'`,
  );
  return rows[0]?.used ?? 0;
}

/** Longer than any worker takes. */
const RELEASED_IN_MS = 60_000;

/** How many are taken when time has had its chance to release those above the limit. */
async function takenInTime(): Promise<number> {
  const last = Date.now() + RELEASED_IN_MS;
  for (;;) {
    const taken = await takenNow();
    if (taken <= LIMITS['releasing']! || Date.now() > last) return taken;
    await delay(20);
  }
}

/** Down in each of the three ways and up again, until the callers are done. Returns how often it was refused, and was not. */
async function goUpAndDown(
  id: SubscriptionId,
  isOver: () => boolean,
): Promise<{ refused: number; rounds: number }> {
  const { client } = system.gateways[2]!;
  let refused = 0;
  let rounds = 0;
  let changes = 0;
  const change = (to: string): Promise<void> => client.changePlan(id, to, `change ${String((changes += 1))}`);
  const up = async (): Promise<void> => {
    await until(async () => isOver() || (await takenNow()) >= 30);
  };
  while (!isOver()) {
    rounds += 1;
    await up();
    await change('releasing');
    expect(await takenInTime()).toBeLessThanOrEqual(LIMITS['releasing']!);
    await change('large').then(up);
    await change('blocking');
    await change('large').then(up);
    try {
      await change('refusing');
      await change('large');
    } catch (error) {
      expect(String(error)).toContain('CONFLICT');
      refused += 1;
    }
  }
  return { refused, rounds };
}

interface Entry {
  readonly position: number;
  readonly type: string;
  readonly at: string;
  readonly by: string;
  readonly plan: string | null;
  readonly seat: { readonly id: string; readonly assignedAt: string } | null;
  readonly gone: boolean;
}

/** What the log, read alone, shows of one pool. */
class Replay {
  readonly beyond: string[] = [];
  readonly counts = new Map<string, number>();
  readonly taken = new Map<string, string>();
  #plan = '';
  #changedAt = 0;

  follow(entry: Entry): void {
    const { type, plan, seat, gone } = entry;
    if (plan !== null) this.#change(entry, plan);
    if (seat === null) return;
    if (type === 'seat.assigned') {
      this.#count('assigned');
      this.taken.set(seat.id, seat.assignedAt);
      if (this.taken.size > this.#limit) this.#find(entry, 'assigned');
    } else if (gone) {
      if (entry.by === 'WORKER') this.#release(entry, seat.id);
      this.taken.delete(seat.id);
    }
  }

  get #limit(): number {
    return LIMITS[this.#plan] ?? 0;
  }

  #change(entry: Entry, plan: string): void {
    this.#plan = plan;
    this.#changedAt = Date.parse(entry.at);
    this.#count(plan);
    if (plan === 'refusing' && this.taken.size > this.#limit) this.#find(entry, 'changed, though refused');
  }

  /** Time takes seats a second after the change, none that fits, and the newest first. */
  #release(entry: Entry, id: string): void {
    this.#count('released');
    if (this.#plan !== 'releasing' || this.taken.size <= this.#limit)
      this.#find(entry, 'released, though it fits');
    if (Date.parse(entry.at) !== this.#changedAt + RELEASED_AFTER_MS)
      this.#find(entry, 'released at another time');
    const key = ([one, at]: readonly [string, string]): string => `${at} ${one}`;
    const newest = [...this.taken].map(key).toSorted().at(-1);
    if (newest !== key([id, this.taken.get(id) ?? ''])) this.#find(entry, 'released, though not the newest');
  }

  #find({ position, at }: Entry, what: string): void {
    this.beyond.push(`${String(position)} ${at}: ${what}, ${String(this.taken.size)} taken on ${this.#plan}`);
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}

test('500 callers for seats while the plan goes up and down: the log, read alone, shows no seat beyond the limit at its position', async () => {
  await createTestCustomer(system.tenant, 'acme');
  const { id } = await subscribeTo(system.tenant, 'acme', 'large');
  let isOver = false;
  const asking = askAll().finally(() => (isOver = true));
  const changed = await goUpAndDown(id, () => isOver);
  const done = await asking;
  expect(done.flatMap(({ errors }) => errors)).toEqual([]);
  expect(changed.rounds).toBeGreaterThan(1);
  const { rows } = await system.owner.query<Entry>(
    `select position::int, type, body ->> 'at' as at, body #>> '{actor,kind}' as by, body #>> '{data,after,plan}' as plan,
       case when type like 'seat.%' then coalesce(nullif(body #> '{data,after}', 'null'), body #> '{data,before}') end as seat,
       body #> '{data,after}' = 'null' as gone
     from (select position, type, convert_from(body, 'UTF8')::jsonb as body from event
           where type like 'seat.%' or type in ('subscription.started', 'subscription.plan_changed')) e order by position`,
  );
  const log = new Replay();
  for (const entry of rows) log.follow(entry);
  expect(log.beyond).toEqual([]);
  expect(log.counts.get('released')).toBeGreaterThan(0);
  expect(log.counts.get('blocking')).toBeGreaterThan(1);
  expect(changed.refused).toBeGreaterThan(0);
  expect(log.taken.size).toBe(await takenNow());
});
