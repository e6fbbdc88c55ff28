import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { catalogWith, draft, publish } from '../src/catalogs.js';
import type { GraphqlClient } from '../src/graphql-client.js';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';

let system: RunningSystem;
let askers: readonly Asker[] = [];

beforeAll(async () => {
  const options = { breakGuard: brokenGuard() };
  system = await startSystem([options, options, options]);
  await system.startWorker();
});
afterAll(async () => {
  // Where the test has failed, they still ask.
  await Promise.all(askers.map((asker) => asker.stop()));
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
  set: entitlements(customerId: $id) { release entitlements { feature limit } }
  customer(id: $id) {
    check(feature: "projects") { release limit }
    subscriptions { customer {
      check(feature: "projects", quantity: 2) { release limit }
      entitlements { release entitlements { feature limit } }
    } }
  }
}`;
/** Beside those of `together`: decisions, and sets of entitlements. */
const OTHERS = 5;
const CONSUME = `mutation ($input: ConsumeInput!) { consume(input: $input) { decision { release limit } } }`;

/** What each decision, and each set of entitlements, of an answer says of `projects`. */
function decisionsIn(value: unknown): Seen[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!('release' in value) || typeof value.release !== 'number')
    return Object.values(value).flatMap(decisionsIn);
  const { release } = value;
  if ('limit' in value) return [{ release, limit: numberIn(value.limit) }];
  const entitlements: unknown[] =
    'entitlements' in value && Array.isArray(value.entitlements) ? value.entitlements : [];
  const [projects] = entitlements.filter(isOfProjects);
  return [{ release, limit: numberIn(projects?.limit) }];
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function isOfProjects(value: unknown): value is { readonly limit: unknown } {
  return typeof value === 'object' && value !== null && 'feature' in value && value.feature === 'projects';
}

/**
 * A client that asks one gateway without end, in one of its lanes, and spends in between; what it saw in its last
 * answer, and every answer that mixed releases.
 */
class Asker {
  last = 0;
  answers = 0;
  readonly lanes = new Set<string | null>();
  readonly wrong: Seen[][] = [];
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(
    client: GraphqlClient,
    /** What comes once is not compiled. */
    readonly lane: 'compiled' | 'general',
    private readonly limitOf: (release: number) => number | undefined,
  ) {
    this.#done = this.#ask(client);
  }

  async #ask(client: GraphqlClient): Promise<void> {
    const inputs = CUSTOMERS.slice(0, TOGETHER).map((customerId) => ({ customerId, feature: 'projects' }));
    while (!this.#stopped) {
      const at = this.answers % TOGETHER;
      const seen = await this.#send(client, QUERY, { inputs, one: inputs[at], id: CUSTOMERS[TOGETHER + at] });
      const spent = await this.#send(client, CONSUME, {
        input: { ...inputs[at], idempotencyKey: `${client.url} ${this.lane} ${String(this.answers)}` },
      });
      this.answers += 1;
      const release = seen[0]?.release ?? 0;
      const isWhole = seen.length === TOGETHER + OTHERS && spent.length === 1;
      const isOne = seen.every((one) => one.release === release);
      const fits = [...seen, ...spent].every((one) => one.limit === this.limitOf(one.release));
      if (!isWhole || !isOne || !fits) this.wrong.push([...seen, ...spent]);
      this.last = release;
    }
  }

  async #send(client: GraphqlClient, query: string, variables: object): Promise<Seen[]> {
    const text = this.lane === 'compiled' ? query : `# ${String(this.answers)}\n${query}`;
    const { data, lane } = await client.ask(text, variables);
    this.lanes.add(lane);
    return decisionsIn(data);
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
  askers = clients.flatMap((client) =>
    (['compiled', 'general'] as const).map(
      (lane) => new Asker(client, lane, (release) => limits.get(release)),
    ),
  );
  const delays: number[] = [];
  /** Until every client of every gateway has seen it; a wrong answer ends the wait, and the test with it. */
  async function everywhere(release: number, change: () => Promise<unknown>): Promise<void> {
    await change();
    const changed = performance.now();
    await until(
      () => askers.some((asker) => asker.wrong.length > 0) || askers.every((asker) => asker.last === release),
    );
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
  // The first visits of what is compiled are general.
  expect(
    askers.filter(({ lane, lanes }) => !lanes.has(lane) || (lane === 'general' && lanes.size > 1)),
  ).toEqual([]);
  expect(askers.map((asker) => asker.last)).toEqual(askers.map(() => 1));
});
