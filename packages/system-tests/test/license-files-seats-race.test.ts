import { createTestCustomer } from '@licet/database/testing';
import { randomNumbers } from '../src/crash/random.cjs';
import { expectAtLast } from '../src/expect-at-last.js';
import { brokenGuard } from '../src/guards/guards.js';
import { answered, codeIn, issueFile, settleFile } from '../src/license-files/ask.js';
import { replayFiles } from '../src/log/replay-files.js';
import { replaySeats } from '../src/log/replay-seats.js';
import { type RunningSystem, startSystem } from '../src/system.js';

// Everybody waits for one customer: on a machine with other work that takes a while.
jest.setTimeout(300_000);

const SEATS = 4;
const CALLERS = 40;
const ROUNDS = 3;
const CATALOG = {
  catalog: 1,
  name: 'Files with seats',
  features: { viewers: { type: 'seats', kind: 'floating', lease: 'PT1S' } },
  plans: { shop: { model: 'perpetual', entitlements: { viewers: SEATS } } },
};

let system: RunningSystem;

beforeEach(async () => {
  const breakGuard = brokenGuard();
  // Both a batch of leases and a file wait between their decision and their commit, so that those of two gateways overlap.
  const options = { breakGuard, slow: 'insert-seats:5' };
  system = await startSystem([options, options], undefined, CATALOG);
  await system.startWorker({ breakGuard });
});
afterEach(async () => {
  await system.close();
});

/** One or the other gateway, by number. */
function gateway(number: number) {
  const running = system.gateways[number % system.gateways.length];
  if (running === undefined) throw new Error('there are gateways');
  return running.client;
}

/** The code of the decision on a member's seat. */
async function move(
  number: number,
  operation: 'leaseSeat' | 'releaseSeat',
  memberId: string,
  more: object = {},
): Promise<string> {
  const type = operation === 'leaseSeat' ? 'LeaseSeatInput' : 'SeatInput';
  const query = `mutation ($input: ${type}!) { ${operation}(input: $input) { decision { code } } }`;
  const input = { customerId: 'acme', feature: 'viewers', memberId, ...more };
  return codeIn(await answered(gateway(number), query, { input }).then(JSON.stringify, String));
}

const FATES = ['settle', 'give back', 'lease', 'forget'] as const;

test('files that borrow seats, beside leases of the same pool: the log shows neither more seats than there are nor more files', async () => {
  await createTestCustomer(system.tenant, 'acme');
  await gateway(0).send(
    'mutation { issueLicense(input: { customerId: "acme", plan: "shop", idempotencyKey: "one" }) { revision } }',
    {},
  );
  const { rows } = await system.owner.query<{ id: string }>('select id from license');
  const licenseId = rows[0]?.id ?? '';
  const random = randomNumbers(19);
  const codes = new Set<string>();
  const machine = async (index: number, memberId: string, fate: (typeof FATES)[number]): Promise<void> => {
    const { code, file } = await issueFile(gateway(index), {
      ...{ licenseId, fingerprint: memberId, validFor: fate === 'forget' ? 'PT1S' : 'PT1H' },
      ...{ seatFeature: 'viewers', memberId, idempotencyKey: memberId },
    });
    codes.add(`issue ${code}`);
    if (file === null || fate === 'forget') return;
    if (fate === 'give back') codes.add(`release ${await move(index, 'releaseSeat', memberId)}`);
    if (fate === 'lease') codes.add(`renew ${await move(index + 1, 'leaseSeat', memberId, { ttl: 'PT3S' })}`);
    const settled = await Promise.all([0, 1].map((number) => settleFile(gateway(number), file.id, 0)));
    for (const one of settled) codes.add(`settle ${one}`);
  };
  const person = async (index: number, memberId: string): Promise<void> => {
    const code = await move(index, 'leaseSeat', memberId);
    codes.add(`lease ${code}`);
    if (random(2) === 0) codes.add(`release ${await move(index + 1, 'releaseSeat', memberId)}`);
  };
  const caller = async (_: unknown, index: number): Promise<void> => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const memberId = `member-${String(index)}-${String(round)}`;
      if (index % 2 === 0) await machine(index + round, memberId, FATES[random(FATES.length)] ?? 'settle');
      else await person(index + round, memberId);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const sound = async () => {
    const seats = await replaySeats(system.owner, SEATS);
    const files = await replayFiles(system.owner, SEATS);
    expect([seats.beyond, seats.broken, files.beyond, files.broken]).toEqual([[], [], [], []]);
    return [...seats.pools.values()].map(({ size }) => size);
  };
  await sound();
  expect([...codes]).toEqual(expect.arrayContaining(['issue ENTITLED', 'issue NO_SEAT']));
  // Settled, ended or given back, none is taken at last.
  const allAreFree = () =>
    expectAtLast(async () => (await system.owner.query<object>('select id from seat')).rows, []);
  await allAreFree();
  expect(await sound()).toEqual([0]);
  // Whose file got a seat is chance: each fate once more with seats for all, and a person.
  await Promise.all(FATES.map((fate, index) => machine(index, `afterwards-${fate}`, fate)));
  await allAreFree();
  await person(0, 'afterwards');
  await allAreFree();
  expect(await sound()).toEqual([0]);
  // Nobody hears of a conflict, and all that there is to see has happened.
  const allowed = ['issue ENTITLED', 'lease ENTITLED', 'release DONE', 'renew ENTITLED', 'settle DONE'];
  expect([...codes].filter((code) => !/ (?:NO_SEAT|SEAT_COOLDOWN)$/.test(code)).sort()).toEqual(allowed);
  const { rows: counters } = await system.owner.query<object>(
    "select used::int, reserved::int from meter where feature = 'viewers'",
  );
  expect(counters).toEqual([{ used: 0, reserved: 0 }]);
});
