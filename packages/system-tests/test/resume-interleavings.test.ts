import { brokenGuard } from '../src/guards/guards.js';
import type { GraphqlClient } from '../src/graphql-client.js';
import { follow, type Following } from '../src/live.js';
import { type RunningGateway, type RunningSystem, startSystem } from '../src/system.js';

/** One gateway writes; each test has another that is held at a statement. */
let system: RunningSystem;
let writer: GraphqlClient;

beforeAll(async () => {
  system = await startSystem([{ breakGuard: brokenGuard() }]);
  writer = system.gateways[0]!.client;
});
afterAll(async () => {
  await system.close();
});

function heldAt(statement: string): Promise<RunningGateway> {
  return system.startGateway({ breakGuard: brokenGuard(), held: statement });
}

/** Returns the cursor of the event that it makes. */
async function create(id: string): Promise<string> {
  const data = await writer.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', {
    id,
  });
  return /"revision":"([^"]*)"/.exec(JSON.stringify(data))?.[1] ?? '';
}

async function createAll(...ids: string[]): Promise<void> {
  for (const id of ids) await create(id);
}

/** Whom the next event is about; the error where the stream is over. */
async function nextOf(stream: Following): Promise<string> {
  const answer = JSON.stringify(await stream.next());
  return /"customerId":"([^"]*)"/.exec(answer)?.[1] ?? answer;
}

/** What comes up to an event, that one included. */
async function upTo(stream: Following, last: string): Promise<string[]> {
  const told: string[] = [];
  while (told.at(-1) !== last) told.push(await nextOf(stream));
  return told;
}

test('what is committed while a resume reads history comes behind it, and is not missed', async () => {
  const start = await create('start-1');
  await createAll('a', 'b', 'c');
  const gateway = await heldAt('read-history');
  const live = await follow(gateway.client, 'events { customerId }');
  const resumed = follow(gateway.client, `events(after: "${start}") { customerId }`);
  await gateway.held;
  await createAll('d', 'e');
  // The gateway has them, and hands them to those who follow.
  expect(await upTo(live, 'e')).toEqual(['d', 'e']);
  gateway.letGo();
  await create('last');
  expect(await upTo(await resumed, 'last')).toEqual(['a', 'b', 'c', 'd', 'e', 'last']);
});

test('what a resume has read as history does not come again from the live feed', async () => {
  const start = await create('start-2');
  await create('first');
  const gateway = await heldAt('read-on');
  const live = await follow(gateway.client, 'events { customerId }');
  await create('g');
  await gateway.held;
  // Not handed over by the live feed yet, but there: the resume reads beyond the end that the feed knows.
  await create('h');
  const resumed = await follow(gateway.client, `events(after: "${start}") { customerId }`);
  expect(await upTo(resumed, 'h')).toEqual(['first', 'g', 'h']);
  gateway.letGo();
  expect(await upTo(live, 'h')).toEqual(['g', 'h']);
  await create('end');
  expect(await upTo(resumed, 'end')).toEqual(['end']);
});

/** Replaces all behind a position by another history of as many events, as a restore does. */
async function replaceAfter(customerId: string): Promise<void> {
  await system.owner.query('alter table event disable trigger all');
  await system.owner.query(
    `update event set leaf_hash = sha256(leaf_hash)
     where position > (select max(position) from event where customer_id = $1)`,
    [customerId],
  );
}

test('a history that takes the place of another between two pages of a resume is not told as if it were one', async () => {
  const start = await create('start-3');
  await createAll(...Array.from({ length: 110 }, (_, index) => `old-${String(index)}`));
  const gateway = await heldAt('read-history');
  const resumed = follow(gateway.client, `events(after: "${start}") { customerId }`);
  await gateway.held;
  await replaceAfter('start-3');
  gateway.letGo();
  const stream = await resumed;
  let told = '';
  while (told === '' || told.startsWith('old-')) {
    expect(told).not.toBe('old-109');
    told = await nextOf(stream);
  }
  expect(told).toContain('CURSOR_EXPIRED');
});
