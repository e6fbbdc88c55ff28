import { newCustomer } from './customers.js';
import { newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await newCustomer(gateway, 'ada', 'free');
});
afterAll(async () => {
  await gateway.close();
});

/** The value of each line of `/metrics`, by its name and labels. */
async function metrics(): Promise<Map<string, number>> {
  const response = await fetch(`${gateway.url}/metrics`);
  expect(response.headers.get('content-type')).toMatch('text/plain');
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

const CHECK = '{ check(input: { customerId: "ada", feature: "projects" }) { code } }';
const CONSUME = 'mutation ($input: ConsumeInput!) { consume(input: $input) { consumed } }';

test('what happens shows in the metrics, without a key, and names nobody', async () => {
  const before = await metrics();
  for (let round = 0; round < 5; round += 1) await gateway.send(CHECK);
  for (let round = 0; round < 4; round += 1) {
    const input = { customerId: 'ada', feature: 'projects', idempotencyKey: newIdempotencyKey() };
    await gateway.send(CONSUME, { input });
  }
  await gateway.send('{ nonsense }');
  const after = await metrics();
  const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  expect(grown('licet_checks_total{code="ENTITLED"}')).toBe(5);
  expect(grown('licet_spends_total{code="ENTITLED"}')).toBe(3);
  expect(grown('licet_spends_total{code="LIMIT_EXCEEDED"}')).toBe(1);
  expect(
    grown('licet_operations_total{lane="general"}') + grown('licet_operations_total{lane="compiled"}'),
  ).toBe(10);
  expect(grown('licet_operations_total{lane="compiled"}')).toBeGreaterThan(0);
  expect(grown('licet_http_responses_total{status="400"}')).toBe(1);
  expect(grown('licet_state_loads_total')).toBe(1);
  expect(grown('licet_state_hits_total')).toBe(4);
  expect(grown('licet_spend_batch_size_count')).toBeGreaterThan(0);
  expect(grown('licet_spend_batch_size_sum')).toBeGreaterThanOrEqual(4);
  expect(after.get('licet_states_kept')).toBe(1);
  expect(after.get('licet_spend_queue_depth')).toBe(0);
  expect(after.get('licet_feed_lag_seconds')).toBeLessThan(60);
  expect([...after.keys()].join('\n')).not.toMatch(/ada|meridian/i);
});

test('a subscription counts as an operation over a socket', async () => {
  const socket = gateway.socket();
  const stream = socket.iterate({
    query: 'subscription { entitlementsChanged(customerId: "ada") { cursor } }',
  });
  await stream.next();
  expect((await metrics()).get('licet_operations_total{lane="socket"}')).toBe(1);
  await stream.return?.();
  await socket.dispose();
});
