import { applyDueBatch } from '@licet/database';
import { Client } from 'pg';
import { openTestDatabase, publish, spendOne, type TestTenant } from '@licet/database/testing';
import { CATALOG } from './catalog.js';
import { check, consume, newCustomer } from './customers.js';
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

/** As another process does it, of which this one hears by the log alone. */
async function elsewhere<T>(act: (process: TestTenant) => Promise<T>): Promise<T> {
  const { tenantId, services } = gateway;
  const db = await openTestDatabase(services.db.url);
  const actor = { kind: 'API_KEY', id: 'key_elsewhere', name: 'elsewhere' } as const;
  const close = () => db.close();
  try {
    return await act({ db, caller: { tenantId, actor, requestId: 'elsewhere' }, close });
  } finally {
    await close();
  }
}

async function spendElsewhere(
  customerId: string,
  feature: string,
  quantity: number,
  kind: 'consume' | 'release' | 'record' = 'consume',
): Promise<void> {
  const request = { customerId, feature, quantity, idempotencyKey: newIdempotencyKey() };
  const asked = kind === 'record' ? { kind, ...request, at: null } : { kind, ...request };
  const spent = await elsewhere(({ db, caller }) => spendOne(db, caller, asked));
  expect(spent).toMatchObject({ ok: true, decision: { allowed: true } });
}

/** A spend of another process, of which this one tells nobody until `meanwhile` is done. */
async function hearLate(
  spend: Parameters<typeof spendElsewhere>,
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  let hasRead = (): void => undefined;
  const reading = new Promise<void>((resolve) => (hasRead = resolve));
  const watch = await gateway.services.feed.watch(gateway.tenantId, {
    prepare: () => {
      hasRead();
      return gate;
    },
    events: () => undefined,
    lost: () => undefined,
  });
  await spendElsewhere(...spend);
  await reading;
  await meanwhile();
  watch.end();
  release();
}

test('what this process has spent itself is not told with a spend of another that it hears of later', async () => {
  await newCustomer(gateway, 'di', 'free');
  await check(gateway, { customerId: 'di', feature: 'projects' });
  const told = await following('di', 2, () =>
    hearLate(['di', 'projects', 3], async () => {
      const spent = await consume(gateway, { customerId: 'di', feature: 'api-calls', quantity: 10 });
      expect(spent.get('consume.consumed')).toBe(10);
    }),
  );
  expect(told).toEqual([
    ['usage.recorded', ['projects']],
    ['usage.recorded', ['api-calls']],
  ]);
});

test('a release that a load has brought is not told with a spend before it', async () => {
  const withFeature = (key: string) => {
    const known: Readonly<Record<string, unknown>> = { ...Object(CATALOG['features']) };
    const counted = { type: 'metered', unit: 'call', window: 'P1M', anchor: 'subscription' };
    return { ...CATALOG, features: { ...known, [key]: { type: 'boolean' }, [`${key}-calls`]: counted } };
  };
  await elsewhere((process) => publish(process, withFeature('former')));
  await newCustomer(gateway, 'eli', 'free');
  await newCustomer(gateway, 'eve', 'free');
  await check(gateway, { customerId: 'eli', feature: 'projects' });
  const told = await following('eli', 2, () =>
    hearLate(['eli', 'projects', 3], async () => {
      await elsewhere((process) => publish(process, withFeature('latter')));
      await check(gateway, { customerId: 'eve', feature: 'projects' });
    }),
  );
  expect(told).toEqual([
    ['usage.recorded', ['projects']],
    ['release.published', ['former', 'former-calls', 'latter', 'latter-calls']],
  ]);
});

test('a spend that is told of late is not the cause of what comes after it', async () => {
  await newCustomer(gateway, 'flo', 'free');
  await check(gateway, { customerId: 'flo', feature: 'projects' });
  const told = await following('flo', 2, () =>
    hearLate(['flo', 'projects', 1], async () => {
      await spendElsewhere('flo', 'projects', 2);
      await grantBriefly('flo', 'support', 'BLOCK');
    }),
  );
  expect(told).toEqual([
    ['usage.recorded', ['projects']],
    ['grant.created', ['support']],
  ]);
});

test('spends that are read together are told one by one, also where the last one leaves the answer as the first one did', async () => {
  await newCustomer(gateway, 'gus', 'free');
  const told = await following('gus', 3, () =>
    hearLate(['gus', 'projects', 3], async () => {
      await spendElsewhere('gus', 'projects', 2, 'release');
      await spendElsewhere('gus', 'projects', 4, 'record');
    }),
  );
  expect(told).toEqual(Array.from({ length: 3 }, () => ['usage.recorded', ['projects']]));
});

test('the log is not asked what has turned an answer where nothing else waits for the subscriber', async () => {
  await newCustomer(gateway, 'hal', 'free');
  await newCustomer(gateway, 'ida', 'free');
  await check(gateway, { customerId: 'hal', feature: 'projects' });
  const statements = jest.spyOn(Client.prototype, 'query');
  const touched = () =>
    statements.mock.calls.filter(([one]) => JSON.stringify(one).includes('touched-after'));
  try {
    // Read together, and the later one is another customer's.
    const told = await following('hal', 1, () =>
      hearLate(['ida', 'projects', 1], async () => {
        await spendElsewhere('hal', 'projects', 3);
        await spendElsewhere('ida', 'projects', 2);
      }),
    );
    expect(told).toEqual([['usage.recorded', ['projects']]]);
    expect(touched()).toHaveLength(0);
  } finally {
    statements.mockRestore();
  }
});
