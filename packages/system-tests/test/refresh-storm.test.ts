import { createTestCustomer, createTestDatabase, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { CountingProxy } from '../src/postgres/counting-proxy.js';
import { type RunningGateway, type RunningSystem, startSystem } from '../src/system.js';

const CUSTOMERS = Array.from({ length: 40 }, (_, index) => `c${String(index)}`);
/** Of each customer's callers as many ask at once. */
const CALLERS = 2;
const READ = 'account-customers';
const MOST_READS = CUSTOMERS.length / 5;

let proxy: CountingProxy;
let system: RunningSystem;
let gateway: RunningGateway;

beforeAll(async () => {
  const database = await createTestDatabase();
  system = await startSystem([], database);
  proxy = await CountingProxy.start(database.url);
  gateway = await system.startGateway({ databaseUrl: proxy.url, breakGuard: brokenGuard() });
  await Promise.all(CUSTOMERS.map((customer) => createTestCustomer(system.tenant, customer)));
  await subscribeTo(system.tenant, 'c0', 'pro');
});
afterAll(async () => {
  await system.close();
  await proxy.close();
});

async function codeOf(customerId: string): Promise<string> {
  const query = 'query ($input: CheckInput!) { check(input: $input) { code } }';
  const data = await gateway.client.send(query, { input: { customerId, feature: 'sso' } });
  return /"code":"(\w+)"/.exec(JSON.stringify(data))?.[1] ?? JSON.stringify(data);
}

/** Asks until the answer rests on the customer's state, or there is a storm; how often that took. */
async function untilKnown(customerId: string): Promise<number> {
  for (let asked = 1; ; asked += 1) {
    const isKnown = (await codeOf(customerId)) !== 'UNAVAILABLE';
    if (isKnown || proxy.count(READ) > MOST_READS) return asked;
  }
}

test('many callers that wait for the database are no storm when it comes back: each state is read once, in few reads', async () => {
  // Rules and key are known from here on: the first use of a key attaches to the log, the second keeps it.
  for (let use = 0; use < 3; use += 1) expect(await codeOf('c0')).toBe('ENTITLED');
  proxy.cut();
  const known = CUSTOMERS.slice(1).flatMap((customer) =>
    Array.from({ length: CALLERS }, () => untilKnown(customer)),
  );
  // Nobody is answered from a state, and everybody goes on asking.
  expect(await codeOf('c1')).toBe('UNAVAILABLE');
  proxy.mend();
  const asked = (await Promise.all(known)).reduce((sum, times) => sum + times, 0);
  const reads = proxy.count(READ);
  process.stdout.write(
    `${String(asked)} checks, ${String(CUSTOMERS.length)} customers: ${String(reads)} reads, ${String(proxy.connections)} connections\n`,
  );
  expect(asked).toBeGreaterThan(known.length);
  expect(reads).toBeLessThanOrEqual(MOST_READS);
  // The pool's ten, and the one that listens.
  expect(proxy.connections).toBeLessThanOrEqual(11);
});
