import { fork } from 'node:child_process';
import path from 'node:path';
import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { API_KEY, type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  // Each batch waits between its decision and its commit, so that those of the two gateways overlap.
  const options = { breakGuard: brokenGuard(), slow: 'insert-spends:400' };
  system = await startSystem([options, options]);
});
afterAll(async () => {
  await system.close();
});

interface Answer {
  readonly allowed?: boolean;
  readonly error?: string;
}

/** One client process that sends all its keys at once, to both gateways in turn. */
function clientProcess(keys: readonly string[]): Promise<Answer[]> {
  const child = fork(path.join(__dirname, '../src/clients.cjs'));
  const urls = system.gateways.map((gateway) => gateway.client.url);
  child.send({ urls, apiKey: API_KEY, customerId: 'acme', feature: 'calls', keys });
  return new Promise((resolve, reject) => {
    child.once('message', (answers: Answer[]) => resolve(answers));
    child.once('error', reject);
  });
}

test('200 consumes from four processes through two gateways against a limit of 100 give exactly 100 yes', async () => {
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'pro');
  const answers = await Promise.all(
    [0, 1, 2, 3].map((client) =>
      clientProcess(Array.from({ length: 50 }, (_, index) => `${String(client)}-${String(index)}`)),
    ),
  );
  const all = answers.flat();
  expect(all.filter((answer) => answer.error !== undefined)).toEqual([]);
  expect(all.filter((answer) => answer.allowed)).toHaveLength(100);
  const { rows } = await system.owner.query<{ used: string; units: string }>(
    `select (select used from meter)::int as used, (select sum(quantity) from operation where quantity is not null)::int as units`,
  );
  expect(rows).toEqual([{ used: 100, units: 100 }]);
});
