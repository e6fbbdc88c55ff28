import { CATALOG } from './catalog.js';
import { check, newCustomer } from './customers.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

const WRITTEN = {
  ...CATALOG,
  features: {
    ...(CATALOG['features'] as object),
    admins: { type: 'seats', kind: 'named' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
    renders: { type: 'limit' },
    cad: { type: 'boolean' },
  },
  plans: {
    ...(CATALOG['plans'] as object),
    studio: {
      model: 'subscription',
      entitlements: { admins: 9, viewers: 9, renders: 9 },
    },
    desk: { model: 'perpetual', machines: { limit: 2 }, entitlements: { cad: true } },
  },
};
const ROUNDS = 12;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await publish(gateway, WRITTEN);
});
afterAll(() => gateway.close());

interface Write {
  readonly asked: object;
  /** What the very next check says, without `atLeast`. */
  readonly then: object;
  readonly write: (customerId: string) => Promise<Answer>;
}

function mutation(field: string, type: string): (input: object) => Promise<Answer> {
  return (input) =>
    gateway.send(`mutation ($input: ${type}!) { ${field}(input: $input) { revision } }`, { input });
}

/** Performs the writes one after the other, each on a kept state; what the checks right after them have said. */
async function checkedAfter(customerId: string, writes: readonly Write[]): Promise<unknown[]> {
  const said: unknown[] = [];
  for (const { asked, write } of writes) {
    await check(gateway, { customerId, ...asked });
    expect((await write(customerId)).errors).toEqual([]);
    said.push((await check(gateway, { customerId, ...asked })).get('check'));
  }
  return said;
}

async function provesRounds(name: string, prepare: (id: string) => Promise<readonly Write[]>): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const customerId = `${name}-${String(round)}`;
    const writes = await prepare(customerId);
    const said = await checkedAfter(customerId, writes);
    expect(said).toEqual(writes.map(({ then }) => expect.objectContaining(then) as unknown));
  }
}

test('what was answered about a seat is in the next check of the same gateway', async () => {
  const ann = { feature: 'admins', memberId: 'ann' };
  const bob = { feature: 'viewers', memberId: 'bob' };
  await provesRounds('seats', async (id) => {
    await newCustomer(gateway, id, 'studio');
    const assign = mutation('assignSeat', 'SeatInput');
    const lease = mutation('leaseSeat', 'LeaseSeatInput');
    const back = mutation('releaseSeat', 'SeatInput');
    return [
      {
        asked: ann,
        then: { code: 'ENTITLED', used: 1 },
        write: (customerId) => assign({ customerId, ...ann }),
      },
      {
        asked: bob,
        then: { code: 'ENTITLED', used: 1 },
        write: (customerId) => lease({ customerId, ...bob }),
      },
      { asked: bob, then: { code: 'NO_SEAT', used: 0 }, write: (customerId) => back({ customerId, ...bob }) },
      { asked: ann, then: { code: 'NO_SEAT', used: 0 }, write: (customerId) => back({ customerId, ...ann }) },
    ];
  });
});

test('what was answered about a machine is in the next check of the same gateway', async () => {
  await provesRounds('machines', async (id) => {
    await newCustomer(gateway, id, 'studio');
    const issued = await gateway.send(
      'mutation ($input: IssueLicenseInput!) { issueLicense(input: $input) { license { id } } }',
      { input: { customerId: id, plan: 'desk', idempotencyKey: newIdempotencyKey() } },
    );
    const machine = { licenseId: issued.text('issueLicense.license.id'), fingerprint: 'box' };
    const asked = { feature: 'cad', fingerprint: 'box' };
    return [
      {
        asked,
        then: { code: 'ENTITLED' },
        write: () => mutation('activateMachine', 'ActivateMachineInput')(machine),
      },
      {
        asked,
        then: { code: 'NOT_ACTIVATED' },
        write: () => mutation('deactivateMachine', 'MachineInput')(machine),
      },
    ];
  });
});

test('what was spent, credited, granted or cancelled is in the next check of the same gateway', async () => {
  const renders = { feature: 'renders' };
  const credits = { feature: 'ai-credits' };
  await provesRounds('spends', async (id) => {
    const subscriptionId = await newCustomer(gateway, id, 'studio');
    const keyed = (field: string, type: string, input: object) => (customerId: string) =>
      mutation(field, type)({ customerId, ...input, idempotencyKey: newIdempotencyKey() });
    return [
      { asked: renders, then: { used: 1 }, write: keyed('consume', 'ConsumeInput', renders) },
      {
        asked: renders,
        then: { used: 1, reserved: 2 },
        write: keyed('reserve', 'ReserveInput', { ...renders, quantity: 2, ttl: 'PT1H' }),
      },
      {
        asked: credits,
        then: { code: 'ENTITLED', remaining: 5 },
        write: keyed('addCredits', 'AddCreditsInput', { ...credits, quantity: 5 }),
      },
      { asked: credits, then: { remaining: 4 }, write: keyed('consume', 'ConsumeInput', credits) },
      {
        asked: { feature: 'cad' },
        then: { code: 'ENTITLED_GRANT' },
        write: keyed('grantEntitlement', 'GrantInput', {
          ...{ feature: 'cad', effect: 'REPLACE', value: true, reason: 'a trial' },
        }),
      },
      {
        asked: renders,
        then: { code: 'SUBSCRIPTION_EXPIRED' },
        write: () => mutation('cancelSubscription', 'CancelInput')({ subscriptionId, timing: 'NOW' }),
      },
    ];
  });
});
