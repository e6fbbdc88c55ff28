import { applyDueBatch } from '@licet/database';
import { check, newCustomer } from './customers.js';
import { at, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

/** What becomes of events that are written, and so read, together. */
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

const FOLLOW = `subscription ($customerId: ID!) { entitlementsChanged(customerId: $customerId) { changed cause { type } } }`;
const GRANT = 'mutation ($input: GrantInput!) { grantEntitlement(input: $input) { grant { id } } }';

/** Tells what was sent after the first message: each cause with the features that it has changed. */
async function following(
  customerId: string,
  messages: number,
  act: () => Promise<unknown>,
): Promise<[unknown, unknown][]> {
  const socket = gateway.socket();
  const stream = socket.iterate({ query: FOLLOW, variables: { customerId } });
  try {
    await stream.next();
    await act();
    const told: [unknown, unknown][] = [];
    while (told.length < messages) {
      const { value }: { value?: unknown } = await stream.next();
      const changed = at(value, 'data.entitlementsChanged.changed');
      told.push([
        at(value, 'data.entitlementsChanged.cause.type'),
        Array.isArray(changed) ? changed.sort() : null,
      ]);
    }
    return told;
  } finally {
    await stream.return?.();
    await socket.dispose();
  }
}

/** Long enough for two of them to be granted, and for somebody to follow. */
const BRIEFLY_MS = 3000;

/** Of a feature that nothing else gives or takes, for as long as it takes to say so. */
async function grantBriefly(customerId: string, feature: string, effect: 'BLOCK' | 'ADD'): Promise<void> {
  const expiresAt = new Date(Date.now() + BRIEFLY_MS).toISOString();
  const input = {
    customerId,
    feature,
    effect,
    reason: 'a test',
    expiresAt,
    idempotencyKey: newIdempotencyKey(),
  };
  expect((await gateway.send(GRANT, { input })).errors).toEqual([]);
}

async function untilCode(customerId: string, feature: string, code: string): Promise<void> {
  while ((await check(gateway, { customerId, feature })).get('check.code') !== code);
}

test('what was due and a command, in one transaction: each is the cause of what it has changed', async () => {
  const id = await newCustomer(gateway, 'ada', 'free');
  await grantBriefly('ada', 'support', 'BLOCK');
  const told = await following('ada', 2, async () => {
    await untilCode('ada', 'support', 'ENTITLED');
    await gateway.send(GRANT, {
      input: {
        customerId: 'ada',
        feature: 'sso',
        effect: 'ADD',
        reason: 'a test',
        idempotencyKey: newIdempotencyKey(),
      },
    });
  });
  expect(id).toMatch(/^sub_/);
  expect(told).toEqual([
    ['grant.expired', ['support']],
    ['grant.created', ['sso']],
  ]);
});

test('what was due at several instants, written in one go: each is the cause of what it has changed', async () => {
  await newCustomer(gateway, 'ben', 'pro');
  await grantBriefly('ben', 'support', 'BLOCK');
  await grantBriefly('ben', 'sso', 'BLOCK');
  const told = await following('ben', 2, async () => {
    await untilCode('ben', 'support', 'ENTITLED');
    await untilCode('ben', 'sso', 'ENTITLED');
    await applyDueBatch(gateway.services.db, gateway.tenantId, 10);
  });
  expect(told).toEqual([
    ['grant.expired', ['support']],
    ['grant.expired', ['sso']],
  ]);
});

test('a change that takes everything along is the cause of all that it has changed, and what was due of the rest', async () => {
  const subscriptionId = await newCustomer(gateway, 'cy', 'pro');
  await grantBriefly('cy', 'support', 'BLOCK');
  const told = await following('cy', 1, async () => {
    await untilCode('cy', 'support', 'ENTITLED');
    await gateway.send('mutation ($id: ID!) { pauseSubscription(subscriptionId: $id) { revision } }', {
      id: subscriptionId,
    });
  });
  expect(told).toEqual([['subscription.paused', ['api-calls', 'editors', 'projects', 'sso', 'support']]]);
});
