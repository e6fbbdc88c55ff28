import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  const options = { breakGuard: brokenGuard(), slow: 'insert-spends:5' };
  system = await startSystem([options, options]);
});
afterAll(async () => {
  await system.close();
});

test('each of 50 keys spends once, sent through both gateways at once and again in mid-flight', async () => {
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'pro');
  const keys = Array.from({ length: 50 }, (_, index) => `key-${String(index)}`);
  const consume = async (key: string, gateway: number): Promise<boolean> =>
    (await system.gateways[gateway]!.client.consume('acme', 'calls', key)).decision.allowed;
  const impatient = async (key: string): Promise<boolean> => {
    // The caller gives up while the gateway works, and asks again.
    await system.gateways[0]!.client.consume('acme', 'calls', key, AbortSignal.timeout(3)).catch(() => null);
    return consume(key, 0);
  };
  const allowed = await Promise.all(
    keys.flatMap((key) => [consume(key, 0), consume(key, 1), impatient(key)]),
  );
  expect(allowed.every(Boolean)).toBe(true);
  const { rows } = await system.owner.query(
    `select (select used from meter where customer_id = 'acme')::int as used,
            (select count(*) from operation where customer_id = 'acme' and quantity is not null)::int as operations`,
  );
  expect(rows).toEqual([{ used: 50, operations: 50 }]);
});

interface Recorded {
  readonly recordUsage: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly rejected: object[];
  };
}

function isRecorded(data: object): data is Recorded {
  return 'recordUsage' in data;
}

test('each of 50 usage events counts once, recorded through both gateways at once', async () => {
  await createTestCustomer(system.tenant, 'late');
  await subscribeTo(system.tenant, 'late', 'free');
  const events = Array.from({ length: 50 }, (_, index) => {
    const event = { customerId: 'late', feature: 'calls', source: 'proxy', id: `event-${String(index)}` };
    return { ...event, quantity: 2 };
  });
  const answers = await Promise.all(
    system.gateways.map(async ({ client }) => {
      const data = await client.send(
        'mutation ($events: [UsageEventInput!]!) { recordUsage(events: $events) { accepted duplicates rejected { code } } }',
        { events },
      );
      return isRecorded(data) ? data.recordUsage : null;
    }),
  );
  const sumOf = (name: 'accepted' | 'duplicates'): number =>
    answers.reduce((total, answer) => total + (answer?.[name] ?? 0), 0);
  expect(answers.flatMap((answer) => answer?.rejected)).toEqual([]);
  expect([sumOf('accepted'), sumOf('duplicates')]).toEqual([50, 50]);
  const { rows } = await system.owner.query(
    `select used::int, (select count(*) from operation where customer_id = 'late' and quantity is not null)::int as operations
     from meter where customer_id = 'late'`,
  );
  expect(rows).toEqual([{ used: 100, operations: 50 }]);
});
