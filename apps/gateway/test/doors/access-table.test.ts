import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newCustomer } from '../customers.js';
import { at, startTestGateway, type TestGateway } from '../gateway.js';
import { type DoorAnswer, post } from './door.js';

const TABLE = readFileSync(join(__dirname, '../../../../docs/access.md'), 'utf8');
const ROLES = ['ADMIN', 'OPERATOR', 'SERVICE', 'READER'] as const;
const COLUMNS = [...ROLES, 'customer token', 'licence key'] as const;

interface Row {
  readonly path: string;
  /** By column. */
  readonly cells: readonly string[];
  /** Of the operation that it counts as. */
  readonly operation: string;
}

const ROWS = TABLE.split('\n').flatMap((line): Row[] => {
  const [, address = '', ...cells] = line.split('|').map((cell) => cell.trim());
  const path = /^`POST (\/\S+)`$/.exec(address)?.[1];
  const operation = /^`\w+\.(\w+)`$/.exec(cells[COLUMNS.length] ?? '')?.[1];
  return path === undefined || operation === undefined
    ? []
    : [{ path, operation, cells: cells.slice(0, COLUMNS.length) }];
});

/** Asks about a customer by the address. */
const ASKED: Readonly<
  Record<string, (customerId: string) => { readonly body: object; readonly type: string }>
> = {
  '/ofrep': (targetingKey) => ({ type: 'application/json', body: { context: { targetingKey } } }),
  '/access': (id) => ({
    type: 'application/json',
    body: {
      subject: { type: 'customer', id },
      action: { name: 'use' },
      resource: { type: 'feature', id: 'sso' },
    },
  }),
  '/events': (subject) => ({
    type: 'application/cloudevents+json',
    body: { specversion: '1.0', id: '1', source: '/test', type: 'api-calls', subject },
  }),
};

let gateway: TestGateway;
const secrets = new Map<string, string>();
beforeAll(async () => {
  gateway = await startTestGateway();
  for (const id of ['ada', 'bob']) await newCustomer(gateway, id, 'pro');
  for (const role of ROLES) secrets.set(role, (await gateway.newKey({ role })).secret);
  const made = await gateway.send('mutation { createCustomerToken(input: { customerId: "ada" }) { token } }');
  secrets.set('customer token', made.text('createCustomerToken.token'));
  const issued = await gateway.send(
    'mutation { issueLicense(input: { customerId: "ada", plan: "boxed", idempotencyKey: "l" }) { key } }',
  );
  secrets.set('licence key', issued.text('issueLicense.key'));
});
afterAll(() => gateway.close());

function ask({ path }: Row, customerId: string, key: string | null): Promise<DoorAnswer> {
  const asked = ASKED[path.slice(0, path.indexOf('/', 1) === -1 ? undefined : path.indexOf('/', 1))];
  if (asked === undefined) throw new Error(`nobody knows how to ask ${path}`);
  const { body, type } = asked(customerId);
  return post(gateway, path, body, { key, headers: { 'content-type': type } });
}

test('the table has the doors', () => {
  expect(ROWS).toHaveLength(5);
});

describe.each(ROWS)('POST $path', (row) => {
  test.each(COLUMNS.map((column, index) => [column, row.cells[index]] as const))(
    'with a credential of the column %s: %s',
    async (column, cell) => {
      const key = secrets.get(column) ?? '';
      const own = await ask(row, 'ada', key);
      const other = await ask(row, 'bob', key);
      switch (cell) {
        case 'yes':
          expect([own.status, other.status]).toEqual([200, 200]);
          return;
        case 'own':
          expect([own.status, other.status]).toEqual([200, 403]);
          return;
        default:
          expect(cell).toBe('–');
          expect([own.status, other.status]).toEqual([403, 403]);
      }
    },
  );

  test('nobody asks without a credential', async () => {
    expect((await ask(row, 'ada', null)).status).toBe(401);
  });

  test('a key that names operations opens it if it names the one that it counts as', async () => {
    const named = await gateway.newKey({ role: 'SERVICE', operations: [row.operation] });
    expect((await ask(row, 'ada', named.secret)).status).toBe(200);
    const otherwise = await gateway.newKey({ role: 'SERVICE', operations: ['consume'] });
    const refused = await ask(row, 'ada', otherwise.secret);
    expect(refused.status).toBe(403);
    expect(JSON.stringify(refused.body)).toContain(row.operation);
  });
});

test('of a list each evaluation is for itself', async () => {
  const customer = (id: string): object => ({ subject: { type: 'customer', id } });
  const { status, body } = await post(
    gateway,
    '/access/v1/evaluations',
    {
      action: { name: 'use' },
      resource: { type: 'feature', id: 'sso' },
      evaluations: [customer('ada'), customer('bob')],
    },
    { key: secrets.get('customer token') ?? '' },
  );
  expect(status).toBe(200);
  expect(at(body, 'evaluations.1')).toMatchObject({ decision: false, context: { error: { status: 403 } } });
});
