import { consume, newCustomer } from './customers.js';
import { type Answer, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

function addCredits(customerId: string, quantity: number): Promise<Answer> {
  return gateway.send(
    'mutation ($input: AddCreditsInput!) { addCredits(input: $input) { revision block { id } } }',
    { input: { customerId, feature: 'ai-credits', quantity, idempotencyKey: newIdempotencyKey() } },
  );
}

/** What answers with a revision, and of which quantity it is then asked since when: code, type and what the event is about. */
async function since(customerId: string, revision: string, quantity = 1): Promise<unknown> {
  const input = { customerId, feature: 'ai-credits', quantity, atLeast: revision };
  const why = await gateway.send(
    'query ($input: CheckInput!) { explain(input: $input) { decision { code } since { type subjectId } } }',
    { input },
  );
  const type = why.get('explain.since.type');
  const about = type === 'usage.recorded' ? [] : [why.get('explain.since.subjectId')];
  return [why.get('explain.decision.code'), type ?? null, ...about].join(' ');
}

test('of a prepaid feature `since` is what gave units, or took the last of them', async () => {
  await newCustomer(gateway, 'ada', 'free');
  const first = await addCredits('ada', 10);
  const block = first.text('addCredits.block.id');
  expect(await since('ada', first.text('addCredits.revision'))).toBe(`ENTITLED credits.added ${block}`);
  const second = await addCredits('ada', 5);
  const revision = second.text('addCredits.revision');
  expect(await since('ada', revision)).toBe(`ENTITLED credits.added ${block}`);
  expect(await since('ada', revision, 11)).toBe(
    `ENTITLED credits.added ${second.text('addCredits.block.id')}`,
  );
  expect(await since('ada', revision, 16)).toBe(`LIMIT_EXCEEDED credits.added ${block}`);

  const spent = (await consume(gateway, { customerId: 'ada', feature: 'ai-credits', quantity: 12 })).text(
    'consume.revision',
  );
  expect(await since('ada', spent)).toBe(`ENTITLED credits.added ${block}`);
  expect(await since('ada', spent, 5)).toBe('LIMIT_EXCEEDED usage.recorded');
});

test('what was recorded beyond all blocks is owed, and the block that pays for it turns nothing', async () => {
  await newCustomer(gateway, 'bob', 'free');
  await addCredits('bob', 3);
  const recorded = await gateway.send(
    'mutation ($events: [UsageEventInput!]!) { recordUsage(events: $events) { revision accepted } }',
    { events: [{ source: 'test', id: 'bob', customerId: 'bob', feature: 'ai-credits', quantity: 5 }] },
  );
  expect(recorded.get('recordUsage.accepted')).toBe(1);
  expect(await since('bob', recorded.text('recordUsage.revision'))).toBe('LIMIT_EXCEEDED usage.recorded');
  const paid = await addCredits('bob', 2);
  expect(await since('bob', paid.text('addCredits.revision'))).toBe('LIMIT_EXCEEDED usage.recorded');
  const more = await addCredits('bob', 4);
  const block = more.text('addCredits.block.id');
  expect(await since('bob', more.text('addCredits.revision'))).toBe(`ENTITLED credits.added ${block}`);
  const voided = await gateway.send(
    'mutation ($id: ID!) { voidCredits(blockId: $id, reason: "a refund") { revision } }',
    { id: block },
  );
  expect(await since('bob', voided.text('voidCredits.revision'))).toBe(
    `LIMIT_EXCEEDED credits.voided ${block}`,
  );
});
