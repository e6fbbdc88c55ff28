import { createTestCustomer } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { replayFiles } from '../src/log/replay-files.js';
import { type RunningGateway, type RunningSystem, startSystem, until } from '../src/system.js';

const CATALOG = {
  catalog: 1,
  name: 'Files',
  features: {
    calls: { type: 'metered', window: 'P1M' },
    viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
  },
  plans: {
    shop: {
      model: 'perpetual',
      machines: { limit: 2, offlineFiles: 2 },
      entitlements: { calls: 100, viewers: 2 },
    },
  },
};

let system: RunningSystem;
let input: object;

beforeEach(async () => {
  system = await startSystem([{ breakGuard: brokenGuard() }], undefined, CATALOG);
  await createTestCustomer(system.tenant, 'acme');
  await living().client.send(
    'mutation { issueLicense(input: { customerId: "acme", plan: "shop", idempotencyKey: "one" }) { revision } }',
    {},
  );
  const { rows } = await system.owner.query<{ id: string }>('select id from license');
  input = {
    ...{ licenseId: rows[0]?.id, fingerprint: 'cellar', validFor: 'P30D', idempotencyKey: 'file' },
    ...{ seatFeature: 'viewers', memberId: 'ann', budgets: [{ feature: 'calls', quantity: 60 }] },
  };
});
afterEach(async () => {
  await system.close();
});

function living(): RunningGateway {
  const [gateway] = system.gateways;
  if (gateway === undefined) throw new Error('there is a gateway');
  return gateway;
}

interface File {
  readonly id: string;
  readonly token: string;
}

async function issued({ client }: RunningGateway): Promise<File> {
  const query = `mutation ($input: IssueLicenseFileInput!) { issueLicenseFile(input: $input) { file { id token } } }`;
  const told: { readonly issueLicenseFile?: { readonly file: File } } = await client.send(query, { input });
  if (told.issueLicenseFile === undefined) throw new Error('a file is issued');
  return told.issueLicenseFile.file;
}

function whatIsTold(asked: Promise<File>): Promise<'a file' | 'nothing'> {
  return asked.then(
    () => 'a file',
    () => 'nothing',
  );
}

async function files(): Promise<File[]> {
  return (await system.owner.query<File>('select id, token from license_file')).rows;
}

/** One file, one machine, one seat, one budget, each told of once. */
async function countedOnce(): Promise<void> {
  const { rows } = await system.owner.query<object>(
    `select (select count(*)::int from machine) as machines, (select count(*)::int from seat) as seats,
            (select json_agg(quantity) from reservation) as budgets,
            (select json_object_agg(feature, json_build_array(used, reserved)) from meter) as counters,
            (select json_object_agg(type, times) from (
               select type, count(*) as times from event
               where type in ('seat.assigned', 'quota.leased', 'license.file_issued') group by type) e) as told`,
  );
  expect(rows).toEqual([
    {
      ...{ machines: 1, seats: 1, budgets: [60], counters: { calls: [0, 60], viewers: [1, 0] } },
      told: { 'seat.assigned': 1, 'quota.leased': 1, 'license.file_issued': 1 },
    },
  ]);
  const log = await replayFiles(system.owner, 2);
  expect([log.beyond, log.broken, log.files.size]).toEqual([[], [], 1]);
}

test('a file whose gateway is killed between its commit and the answer is had by the same key, to the letter, and counts once', async () => {
  // The answer to the row is kept back; the commit that goes with it is not.
  const killed = await system.startGateway({ held: 'insert-license-file' });
  const told = whatIsTold(issued(killed));
  await killed.held;
  await until(async () => (await files()).length > 0);
  await killed.stop('SIGKILL');
  expect(await told).toBe('nothing');
  const kept = await files();
  const again = await issued(living());
  expect([again]).toEqual(kept);
  // And of whoever else asks, at once.
  const other = await system.startGateway();
  expect(await Promise.all([living(), other, living(), other].map(issued))).toEqual(
    Array.from({ length: 4 }, () => again),
  );
  expect(await files()).toEqual(kept);
  await countedOnce();
});

test('of one whose gateway is killed before its commit nothing is left, and the same key gets one', async () => {
  const killed = await system.startGateway({ held: 'license-files-out' });
  const told = whatIsTold(issued(killed));
  await killed.held;
  await killed.stop('SIGKILL');
  expect(await told).toBe('nothing');
  expect(await files()).toEqual([]);
  const made = await issued(living());
  expect(await files()).toEqual([made]);
  await countedOnce();
});
