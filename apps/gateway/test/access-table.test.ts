import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import type { Client as SocketClient } from 'graphql-ws';
import { makeLicenseKey } from '@licet/database';
import { newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';
import { everything, type Operation, operationsOf, type Sample } from './sample-operations.js';

const TABLE = readFileSync(join(__dirname, '../../../docs/access.md'), 'utf8');
const ROLES = ['ADMIN', 'OPERATOR', 'SERVICE', 'READER'] as const;
const COLUMNS = [...ROLES, 'for some customers', 'customer token', 'licence key'] as const;
type Column = (typeof COLUMNS)[number];
const CELLS = ['yes', 'own', 'own key', '–'] as const;
type Cell = (typeof CELLS)[number];

interface Row {
  readonly name: string;
  readonly cells: ReadonlyMap<Column, Cell>;
}

const ROWS = TABLE.split('\n').flatMap((line): Row[] => {
  const [, name = '', ...cells] = line.split('|').map((cell) => cell.trim());
  const operation = /^`(\w+\.\w+)`$/.exec(name)?.[1];
  if (operation === undefined) return [];
  return [
    { name: operation, cells: new Map(COLUMNS.map((column, index) => [column, cellOf(cells[index])])) },
  ];
});

function cellOf(text: string | undefined): Cell {
  const cell = CELLS.find((known) => known === text);
  if (cell === undefined)
    throw new Error(`a cell of the table says neither of ${CELLS.join()}: ${String(text)}`);
  return cell;
}

let gateway: TestGateway;
let operations: Operation[];
let everythingOfIt: Operation[];
let askingForCodes: Operation[];
let own: Sample;
let other: Sample;
/** Of nobody: ids that are written like others, and one that is not. */
let unknown: readonly Sample[];
const credentials = new Map<Column, string>();
const sockets = new Map<Column, SocketClient>();

beforeAll(async () => {
  gateway = await startTestGateway();
  own = await newSample('ada');
  other = await newSample('bob');
  unknown = [
    {
      customerId: 'nobody',
      subscriptionId: nobodys(other.subscriptionId),
      licenseId: nobodys(other.licenseId),
      fileId: nobodys(other.fileId),
      grantId: nobodys(other.grantId),
      blockId: nobodys(other.blockId),
      reservationId: nobodys(other.reservationId),
      key: makeLicenseKey(),
      leaseId: nobodys(other.leaseId),
    },
    {
      customerId: 'nobody',
      subscriptionId: '',
      licenseId: 'no licence',
      fileId: 'no file',
      grantId: 'no grant',
      blockId: 'no block',
      reservationId: 'no reservation',
      key: 'no key',
      leaseId: 'no lease',
    },
  ];
  const some = await gateway.newKey({ role: 'ADMIN', customerIds: ['ada'] });
  credentials.set('for some customers', some.secret);
  for (const role of ROLES) credentials.set(role, (await gateway.newKey({ role })).secret);
  const made = await gateway.send('mutation { createCustomerToken(input: { customerId: "ada" }) { token } }');
  credentials.set('customer token', made.text('createCustomerToken.token'));
  credentials.set('licence key', own.key);
  for (const [column, secret] of credentials) sockets.set(column, gateway.socket(secret));
  const schema = buildClientSchema(await introspected());
  operations = operationsOf(schema);
  everythingOfIt = operationsOf(schema, everything(5));
  askingForCodes = operationsOf(schema, () => '{ code }');
});
afterAll(async () => {
  for (const socket of sockets.values()) await socket.dispose();
  await gateway.close();
});

/** Written like this id, and of nothing that there is. */
function nobodys(id: string): string {
  return `${id.slice(0, -4)}0000`;
}

async function newSample(customerId: string): Promise<Sample> {
  const subscriptionId = await newCustomer(gateway, customerId, 'pro');
  const issued = await gateway.send(
    `mutation { issueLicense(input: { customerId: "${customerId}", plan: "boxed", idempotencyKey: "of ${customerId}" }) { key license { id } } }`,
  );
  const licenseId = issued.text('issueLicense.license.id');
  const file = await gateway.send(
    `mutation { issueLicenseFile(input: { licenseId: "${licenseId}", fingerprint: "f", validFor: "P1D", idempotencyKey: "f ${customerId}" }) { file { id } } }`,
  );
  const given = await gateway.send(
    `mutation {
      grantEntitlement(input: { customerId: "${customerId}", feature: "projects", value: 1, reason: "r", idempotencyKey: "g ${customerId}" }) { grant { id } }
      addCredits(input: { customerId: "${customerId}", feature: "ai-credits", quantity: 1, idempotencyKey: "c ${customerId}" }) { block { id } }
      reserve(input: { customerId: "${customerId}", feature: "projects", quantity: 1, ttl: "PT1H", idempotencyKey: "r ${customerId}" }) { reservation { id } }
      leaseQuota(input: { customerId: "${customerId}", feature: "projects", quantity: 1, ttl: "PT1H", idempotencyKey: "q ${customerId}" }) { lease { id } }
    }`,
  );
  return {
    customerId,
    subscriptionId,
    licenseId,
    fileId: file.text('issueLicenseFile.file.id'),
    grantId: given.text('grantEntitlement.grant.id'),
    blockId: given.text('addCredits.block.id'),
    reservationId: given.text('reserve.reservation.id'),
    leaseId: given.text('leaseQuota.lease.id'),
    key: issued.text('issueLicense.key'),
  };
}

async function introspected(): Promise<IntrospectionQuery> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify({ query: getIntrospectionQuery() }),
  });
  const { data }: { data: IntrospectionQuery } = JSON.parse(await response.text());
  return data;
}

interface Ran {
  /** Of the first error; undefined: it went well. */
  readonly code: unknown;
  readonly lane: string | null;
  readonly data: string;
}

async function run(operation: Operation, column: Column, sample: Sample): Promise<Ran> {
  if (operation.name.startsWith('Subscription.')) return follow(operation, column, sample);
  const answer = await gateway.send(
    operation.query,
    operation.variables(sample),
    credentials.get(column) ?? null,
  );
  return {
    code: answer.errors[0]?.extensions.code,
    lane: answer.headers.get('x-licet-lane'),
    data: JSON.stringify(answer.get(operation.name.split('.')[1] ?? '')),
  };
}

/** The `code` of what is answered. */
async function codeSaid(name: string, column: Column, sample: Sample): Promise<unknown> {
  const { data } = await run(operationNamed(name, askingForCodes), column, sample);
  return at(JSON.parse(data), 'code');
}

/** Answered at once: who may follow is told that there is no such cursor. A socket that is closed lets nobody in. */
async function follow(operation: Operation, column: Column, sample: Sample): Promise<Ran> {
  const stream = sockets.get(column)?.iterate({
    query: operation.query,
    variables: operation.variables(sample),
  });
  try {
    const { value }: { value?: unknown } = (await stream?.next()) ?? {};
    return { code: at(value, 'errors.0.extensions.code'), lane: null, data: JSON.stringify(value) };
  } catch (closed) {
    expect(closed).toMatchObject({ code: 4403 });
    return { code: 'UNAUTHENTICATED', lane: null, data: '' };
  }
}

function operationNamed(name: string, from = operations): Operation {
  const operation = from.find((one) => one.name === name);
  if (operation === undefined) throw new Error(`the table has a row for what is no operation: ${name}`);
  return operation;
}

function isRefused({ code }: Ran): boolean {
  return code === 'FORBIDDEN' || code === 'UNAUTHENTICATED';
}

test('the table has a row for each operation, and for nothing else', () => {
  expect(ROWS.map(({ name }) => name).sort()).toEqual(operations.map(({ name }) => name).sort());
});

// What a token may do is looked at before the keys of the other columns change things.
describe.each([...COLUMNS].reverse())('with a credential of the column %s', (column) => {
  test.each(ROWS)('$name does what the table says', async ({ name, cells }) => {
    const operation = operationNamed(name);
    const cell = cells.get(column);
    const ran = await run(operation, column, own);
    switch (cell) {
      case 'yes':
        expect(isRefused(ran)).toBe(false);
        return;
      case 'own':
        // A key with the role ADMIN writes too, and not all that is asked for here can be done to the sample.
        if (column === 'for some customers') expect(isRefused(ran)).toBe(false);
        else expect([undefined, 'CURSOR_EXPIRED']).toContain(ran.code);
        for (const sample of [other, ...unknown])
          expect((await run(operation, column, sample)).code).toBe('FORBIDDEN');
        return;
      case 'own key':
        expect(ran.code).toBeUndefined();
        expect(await codeSaid(name, column, own)).not.toBe('UNKNOWN_LICENSE');
        expect((await run(operation, column, other)).code).toBe('FORBIDDEN');
        for (const sample of unknown) expect(await codeSaid(name, column, sample)).toBe('UNKNOWN_LICENSE');
        return;
      case undefined:
      case '–':
        expect(isRefused(ran)).toBe(true);
    }
  });
});

/** What a reference of each type counts as, by docs/access.md, and how one is written. */
const REFERENCES: readonly [string, string, (sample: Sample) => object][] = [
  ['Customer', 'Query.customer', ({ customerId }) => ({ id: customerId })],
  ['PlanSubscription', 'Query.subscription', ({ subscriptionId }) => ({ id: subscriptionId })],
  ['License', 'Query.license', ({ licenseId }) => ({ id: licenseId })],
  ['Plan', 'Query.plans', () => ({ key: 'pro' })],
  ['Feature', 'Query.features', () => ({ key: 'sso' })],
];

describe.each(['customer token', 'for some customers'] as const)(
  'by reference, a credential %s',
  (column) => {
    let secret: string | undefined;
    beforeAll(async () => {
      const named = { role: 'ADMIN', operations: ['_entities'], customerIds: ['ada'] };
      secret = column === 'customer token' ? credentials.get(column) : (await gateway.newKey(named)).secret;
    });

    async function codeFor(typename: string, reference: object): Promise<unknown> {
      const answer = await gateway.send(
        'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }',
        { of: [{ __typename: typename, ...reference }] },
        secret ?? null,
      );
      return answer.errors[0]?.extensions.code ?? at(answer.get('_entities'), '0.__typename');
    }

    test.each(REFERENCES)('finds a %s as it may run %s', async (typename, counted, referenceOf) => {
      const cell = ROWS.find(({ name }) => name === counted)?.cells.get(column);
      expect(await codeFor(typename, referenceOf(own))).toBe(cell === '–' ? 'FORBIDDEN' : typename);
      if (cell !== 'own') return;
      for (const sample of [other, ...unknown])
        expect(await codeFor(typename, referenceOf(sample))).toBe('FORBIDDEN');
    });
  },
);

describe('a customer token', () => {
  test.each(ROWS.filter(({ cells }) => cells.get('customer token') === 'own'))(
    'sees by $name no other customer, and nobody of the vendor, however deep it asks, in both lanes',
    async ({ name }) => {
      await gateway.send(
        `mutation { grantEntitlement(input: { customerId: "ada", feature: "projects", value: 1, reason: "secret reason", idempotencyKey: "g" }) { revision } }`,
      );
      const operation = operationNamed(name, everythingOfIt);
      const rans = [];
      for (const visit of [1, 2, 3, 4])
        rans.push([visit, await run(operation, 'customer token', own)] as const);
      for (const [, { code, data }] of rans) {
        expect([undefined, 'CURSOR_EXPIRED']).toContain(code);
        expect(data).not.toMatch(/bob|secret reason|a key|bootstrap|"key_/);
      }
      if (!name.startsWith('Subscription.'))
        expect(new Set(rans.map(([, { lane }]) => lane))).toEqual(new Set(['general', 'compiled']));
    },
  );
});
