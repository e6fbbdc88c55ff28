import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { catalogWith, draft, publish } from '../src/catalogs.js';
import type { GraphqlClient } from '../src/graphql-client.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem([{}, {}, {}]);
  await system.startWorker();
});
afterAll(async () => {
  await system.close();
});

const CUSTOMERS = Array.from({ length: 20 }, (_, index) => `c${String(index)}`);
/** Asked for together at once; the others are only reached later in the same request. */
const TOGETHER = 10;
const BASE_LIMIT = 3;

interface Seen {
  readonly release: number;
  readonly limit: number | null;
}

/** Asks in all the ways that one request can: together, apart, and in fields that are only reached later. */
const QUERY = `query ($inputs: [CheckInput!]!, $one: CheckInput!, $id: ID!) {
  together: checkMany(inputs: $inputs) { release limit }
  apart: check(input: $one) { release limit }
  customer(id: $id) {
    check(feature: "projects") { release limit }
    subscriptions { customer { check(feature: "projects", quantity: 2) { release limit } } }
  }
}`;

/** Every decision of one answer. */
function decisionsIn(value: unknown): Seen[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('release' in value && 'limit' in value && typeof value.release === 'number') {
    return [{ release: value.release, limit: typeof value.limit === 'number' ? value.limit : null }];
  }
  return Object.values(value).flatMap(decisionsIn);
}

/** A client that asks one gateway without end; what it saw in its last answer, and every answer that mixed releases. */
class Asker {
  last = 0;
  answers = 0;
  readonly wrong: Seen[][] = [];
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(
    client: GraphqlClient,
    private readonly limitOf: (release: number) => number | undefined,
  ) {
    this.#done = this.#ask(client);
  }

  async #ask(client: GraphqlClient): Promise<void> {
    const inputs = CUSTOMERS.slice(0, TOGETHER).map((customerId) => ({ customerId, feature: 'projects' }));
    while (!this.#stopped) {
      const at = this.answers % TOGETHER;
      const seen = decisionsIn(
        await client.send(QUERY, { inputs, one: inputs[at], id: CUSTOMERS[TOGETHER + at] }),
      );
      this.answers += 1;
      const release = seen[0]?.release ?? 0;
      const fits = seen.every((one) => one.release === release && one.limit === this.limitOf(release));
      if (!fits || seen.length !== TOGETHER + 3) this.wrong.push(seen);
      this.last = release;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}

test('a published and a rolled-back rule reach three gateways under load, and no request mixes two releases', async () => {
  for (const customer of CUSTOMERS) {
    await createTestCustomer(system.tenant, customer);
    await subscribeTo(system.tenant, customer, 'free');
  }
  const limits = new Map([[1, BASE_LIMIT]]);
  const clients = system.gateways.map((gateway) => gateway.client);
  const askers = clients.flatMap((client) =>
    [1, 2].map(() => new Asker(client, (release) => limits.get(release))),
  );
  const delays: number[] = [];
  /** Until every client of every gateway has seen it. */
  async function everywhere(release: number, change: () => Promise<unknown>): Promise<void> {
    await change();
    const changed = performance.now();
    await until(() => askers.every((asker) => asker.last === release));
    delays.push(performance.now() - changed);
  }
  await until(() => askers.every((asker) => asker.answers > 3));
  for (let round = 0; round < 5; round += 1) {
    const publisher = clients[round % clients.length]!;
    const projects = BASE_LIMIT + 1 + round;
    const number = await draft(publisher, catalogWith(projects, 'now'));
    limits.set(number, projects);
    await everywhere(number, () => publish(publisher, number));
    await everywhere(1, () =>
      publisher.send('mutation { rollbackRelease(reason: "a test") { revision } }', {}),
    );
  }
  await Promise.all(askers.map((asker) => asker.stop()));
  const answers = askers.reduce((sum, asker) => sum + asker.answers, 0);
  process.stdout.write(
    `${String(answers)} requests; slowest of ${String(delays.length)} changes to reach all clients: ${Math.max(...delays).toFixed(0)} ms\n`,
  );
  expect(askers.flatMap((asker) => asker.wrong)).toEqual([]);
  expect(askers.map((asker) => asker.last)).toEqual(askers.map(() => 1));
});
