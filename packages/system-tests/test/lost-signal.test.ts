import { setTimeout as delay } from 'node:timers/promises';
import type { GraphqlClient } from '../src/graphql-client.js';
import { brokenGuard } from '../src/guards/guards.js';
import { follow, type Following } from '../src/live.js';
import { type RunningSystem, startSystem } from '../src/system.js';

/** In which the test gives up on an event; it comes within a poll. */
const GIVEN_UP_AFTER_MS = 10_000;

let system: RunningSystem;

beforeAll(async () => {
  const breakGuard = brokenGuard();
  // The signals of the first one never leave it.
  system = await startSystem([{ breakGuard, slow: 'look-signal:60000' }, { breakGuard }, { breakGuard }]);
});
afterAll(async () => {
  await system.close();
});

async function upsert(client: GraphqlClient, id: string): Promise<void> {
  await client.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', { id });
}

async function nextOf(following: Following): Promise<unknown> {
  const gaveUp = new AbortController();
  const nothing = delay(GIVEN_UP_AFTER_MS, 'nothing came', { signal: gaveUp.signal }).catch(() => undefined);
  return Promise.race([following.next(), nothing]).finally(() => gaveUp.abort());
}

function created(id: string): object {
  return { events: { type: 'customer.created', customerId: id } };
}

test('a gateway killed between COMMIT and look signal: subscribers of the others get the events, in order, once', async () => {
  const [killed, ...others] = system.gateways;
  const streams = await Promise.all(others.map(({ client }) => follow(client, 'events { type customerId }')));
  for (const id of ['first', 'second']) await upsert(killed!.client, id);
  await killed!.stop('SIGKILL');
  for (const id of ['first', 'second']) {
    for (const stream of streams) expect(await nextOf(stream)).toEqual(created(id));
  }
  // What follows comes right behind: nothing comes twice.
  await upsert(others[0]!.client, 'third');
  for (const stream of streams) expect(await nextOf(stream)).toEqual(created('third'));
  await Promise.all(streams.map((stream) => stream.end()));
});
