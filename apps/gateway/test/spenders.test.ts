import {
  type Caller,
  executeLicenseCommand,
  executeMachineCommand,
  newLicenseKey,
  newMachineId,
} from '@licet/database';
import { parseLicenseId } from '@licet/domain';
import { CATALOG } from './catalog.js';
import { type Answer, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';
import { publish } from './publish.js';

const DOCUMENT = {
  ...CATALOG,
  features: {
    ...(CATALOG['features'] as object),
    renders: { type: 'limit' },
    drafts: { type: 'limit', needsSeat: 'admins' },
    admins: { type: 'seats', kind: 'named' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
    views: { type: 'boolean', needsSeat: 'viewers' },
  },
  plans: {
    ...(CATALOG['plans'] as object),
    desk: {
      model: 'perpetual',
      machines: { limit: 2 },
      entitlements: { renders: 5, drafts: 5, admins: 2, viewers: 2, views: true },
    },
  },
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await publish(gateway, DOCUMENT);
});
afterAll(() => gateway.close());

interface Issued {
  readonly id: string;
  readonly key: string;
}

/** A licence of `desk`, activated on the machine. */
async function issueOn(customerId: string, fingerprint: string): Promise<Issued> {
  await gateway.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', {
    id: customerId,
  });
  const issued = await gateway.send(
    'mutation ($input: IssueLicenseInput!) { issueLicense(input: $input) { key license { id } } }',
    { input: { customerId, plan: 'desk', idempotencyKey: newIdempotencyKey() } },
  );
  const id = issued.text('issueLicense.license.id');
  const activated = await gateway.send(
    'mutation ($input: ActivateMachineInput!) { activateMachine(input: $input) { decision { allowed } } }',
    { input: { licenseId: id, fingerprint } },
  );
  expect(activated.get('activateMachine.decision.allowed')).toBe(true);
  return { id, key: issued.text('issueLicense.key') };
}

const MUTATIONS = {
  consume:
    'mutation ($input: ConsumeInput!) { answer: consume(input: $input) { replayed decision { code } } }',
  reserve:
    'mutation ($input: ReserveInput!) { answer: reserve(input: $input) { reservation { quantity } decision { code } } }',
  lend: 'mutation ($input: LeaseQuotaInput!) { answer: leaseQuota(input: $input) { lease { quantity } decision { code } } }',
  lease:
    'mutation ($input: LeaseSeatInput!) { answer: leaseSeat(input: $input) { revision decision { code } } }',
  assign: `mutation ($input: SeatInput!, $fingerprint: String) {
    answer: assignSeat(input: $input, fingerprint: $fingerprint) { decision { code } } }`,
  release: 'mutation ($input: SeatInput!) { answer: releaseSeat(input: $input) { decision { code } } }',
  validate: `mutation ($input: ValidateLicenseInput!) {
    answer: validateLicense(input: $input) { code decisions { feature code } } }`,
} as const;

function send(
  kind: keyof typeof MUTATIONS,
  input: object,
  other: object = {},
  key?: string | null,
): Promise<Answer> {
  return gateway.send(MUTATIONS[kind], { input, ...other }, key);
}

/** The decision's code, or the error's code and field. */
async function codeOf(answer: Promise<Answer>): Promise<unknown> {
  const answered = await answer;
  const [error] = answered.errors;
  return error ? [error.extensions.code, error.extensions.field] : answered.get('answer.decision.code');
}

const spend = (kind: 'consume' | 'reserve' | 'lend', asked: object, idempotencyKey = newIdempotencyKey()) =>
  codeOf(
    send(kind, {
      idempotencyKey,
      ...(kind === 'consume' ? {} : { ttl: 'PT1H' }),
      ...(kind === 'lend' ? { quantity: 1 } : {}),
      ...asked,
    }),
  );

describe.each(['consume', 'reserve', 'lend'] as const)('%s', (kind) => {
  const customerId = `ada ${kind}`;
  beforeAll(async () => {
    await issueOn(customerId, 'studio');
    await send('assign', { customerId, feature: 'admins', memberId: 'ann' }, { fingerprint: 'studio' });
  });

  test('is granted to the machines of a licence, and to members who hold the seat that it needs', async () => {
    const machine = (fingerprint: string | null) =>
      spend(kind, { customerId, feature: 'renders', fingerprint });
    expect(await machine('studio')).toBe('ENTITLED');
    expect(await machine('cellar')).toBe('NOT_ACTIVATED');
    expect(await machine(null)).toBe('NOT_ACTIVATED');
    const member = (memberId: string | null) =>
      spend(kind, { customerId, feature: 'drafts', fingerprint: 'studio', memberId });
    expect(await member('ann')).toBe('ENTITLED');
    expect(await member('bob')).toBe('NO_SEAT');
    expect(await member(null)).toBe('NO_SEAT');
  });

  test('under one key is asked by one member on one machine', async () => {
    const key = newIdempotencyKey();
    const asked = { customerId, feature: 'drafts', fingerprint: 'studio', memberId: 'ann' };
    expect(await spend(kind, asked, key)).toBe('ENTITLED');
    expect(await spend(kind, asked, key)).toBe('ENTITLED');
    const conflict = ['CONFLICT', 'input.idempotencyKey'];
    expect(await spend(kind, { ...asked, memberId: 'bob' }, key)).toEqual(conflict);
    expect(await spend(kind, { ...asked, fingerprint: 'cellar' }, key)).toEqual(conflict);
  });

  test.each([
    ['a member with a control character', { memberId: 'a\u0007' }, 'input.memberId'],
    ['an empty member', { memberId: '' }, 'input.memberId'],
    ['an empty fingerprint', { fingerprint: '' }, 'input.fingerprint'],
    ['a fingerprint that is too long', { fingerprint: 'f'.repeat(256) }, 'input.fingerprint'],
  ])('with %s names the field, and spends nothing', async (_, asked, field) => {
    expect(await spend(kind, { customerId, feature: 'renders', ...asked })).toEqual([
      'BAD_USER_INPUT',
      field,
    ]);
  });
});

test('in a list each spend names its own machine, and what is wrong is told at its index', async () => {
  await issueOn('bea', 'studio');
  const asked = { customerId: 'bea', feature: 'renders' };
  const answer = await gateway.send(
    'mutation ($inputs: [ConsumeInput!]!) { consumeMany(inputs: $inputs) { decision { code } } }',
    {
      inputs: ['studio', 'cellar', ''].map((fingerprint) => {
        return { ...asked, fingerprint, idempotencyKey: newIdempotencyKey() };
      }),
    },
  );
  expect(answer.errors.map(({ extensions: { field } }) => field)).toEqual(['inputs.2.fingerprint']);
  expect(answer.get('consumeMany')).toEqual([
    { decision: { code: 'ENTITLED' } },
    { decision: { code: 'NOT_ACTIVATED' } },
    null,
  ]);
});

test('seats of a licence that is bound to machines are taken on its machines', async () => {
  await issueOn('cid', 'studio');
  const seat = { customerId: 'cid', memberId: 'ann' };
  const assign = (fingerprint: string | null) =>
    codeOf(send('assign', { ...seat, feature: 'admins' }, { fingerprint }));
  const lease = (fingerprint: string | null) =>
    codeOf(send('lease', { ...seat, feature: 'viewers', fingerprint }));
  for (const take of [assign, lease]) {
    expect(await take(null)).toBe('NOT_ACTIVATED');
    expect(await take('cellar')).toBe('NOT_ACTIVATED');
    expect(await take('studio')).toBe('ENTITLED');
  }
  expect(await assign('')).toEqual(['BAD_USER_INPUT', 'fingerprint']);
  expect(await lease('')).toEqual(['BAD_USER_INPUT', 'input.fingerprint']);
});

test('a licence key leases seats on its own machines alone, whatever else its customer has', async () => {
  const { key } = await issueOn('dan', 'studio');
  await issueOn('dan', 'cellar');
  const lease = (fingerprint: string | null, bearer?: string) => {
    const input = { customerId: 'dan', feature: 'viewers', memberId: 'ann', fingerprint };
    return codeOf(send('lease', input, {}, bearer));
  };
  expect(await lease('cellar', key)).toBe('NOT_ACTIVATED');
  expect(await lease(null, key)).toBe('NOT_ACTIVATED');
  expect(await lease('studio', key)).toBe('ENTITLED');
  expect(await lease('cellar')).toBe('ENTITLED');
});

test('validateLicense decides for the member that it names', async () => {
  const { key } = await issueOn('eve', 'studio');
  const input = { customerId: 'eve', feature: 'viewers', memberId: 'ann', fingerprint: 'studio' };
  const leased = await send('lease', input, {}, key);
  const atLeast = leased.text('answer.revision');
  const decided = async (memberId: string | null) => {
    const asked = {
      key,
      fingerprint: 'studio',
      features: ['viewers', 'views', 'renders'],
      memberId,
      atLeast,
    };
    const answer = (await send('validate', asked, {}, null)).get('answer.decisions');
    return Array.isArray(answer) ? answer.map(({ code }: { code: unknown }) => code) : answer;
  };
  expect(await decided('ann')).toEqual(['ENTITLED', 'ENTITLED', 'ENTITLED']);
  expect(await decided('bob')).toEqual(['NO_SEAT', 'NO_SEAT', 'ENTITLED']);
  expect(await decided(null)).toEqual(['ENTITLED', 'NO_SEAT', 'ENTITLED']);
  expect(await codeOf(send('validate', { key, memberId: '' }, {}, null))).toEqual([
    'BAD_USER_INPUT',
    'input.memberId',
  ]);
});

describe('atLeast of validateLicense', () => {
  const caller = (): Caller => {
    return {
      tenantId: gateway.tenantId,
      actor: { kind: 'SYSTEM', id: 'elsewhere', name: null },
      requestId: null,
    };
  };

  test('answers from a state that holds what another process has written, a rotated key included', async () => {
    const { id, key } = await issueOn('fay', 'studio');
    const { db } = gateway.services;
    const licenseId = parseLicenseId(id);
    if (licenseId === null) throw new Error('a licence id');
    const codeAt = async (asked: object) =>
      (await send('validate', { key, ...asked }, {}, null)).get('answer.code');
    expect(await codeAt({ fingerprint: 'cellar' })).toBe('NOT_ACTIVATED');
    const activated = await executeMachineCommand(db, caller(), {
      kind: 'activateMachine',
      ...{ licenseId, machineId: newMachineId(), fingerprint: 'cellar', isDerived: false, components: [] },
    });
    if (!activated.ok) throw new Error(activated.message);
    expect(await codeAt({ fingerprint: 'cellar', atLeast: activated.revision })).toBe('ENTITLED');
    const { key: another, known } = newLicenseKey(db);
    const rotated = await executeLicenseCommand(db, caller(), {
      command: { kind: 'rotateLicenseKey', licenseId, ...known },
      ...{ customerId: null, key: another, idempotencyKey: newIdempotencyKey(), reason: null },
    });
    if (!rotated.ok) throw new Error(rotated.message);
    expect(await codeAt({ atLeast: rotated.revision })).toBe('UNKNOWN_LICENSE');
  });

  test('that is no revision of this history names the field', async () => {
    const { key } = await issueOn('gil', 'studio');
    expect(await codeOf(send('validate', { key, atLeast: 'nonsense' }, {}, null))).toEqual([
      'BAD_USER_INPUT',
      'input.atLeast',
    ]);
  });
});
