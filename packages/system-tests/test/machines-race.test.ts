import { setTimeout as delay } from 'node:timers/promises';
import { createTestCustomer } from '@licet/database/testing';
import { expectAtLast } from '../src/expect-at-last.js';
import { brokenGuard } from '../src/guards/guards.js';
import { replayMachines } from '../src/log/replay-machines.js';
import { type RunningSystem, startSystem } from '../src/system.js';

const LIMIT = 10;
const MACHINES = 100;
const CATALOG = {
  catalog: 1,
  name: 'Machines',
  features: { cad: { type: 'boolean' } },
  plans: {
    desk: { model: 'perpetual', machines: { limit: LIMIT }, entitlements: { cad: true } },
    turns: { model: 'perpetual', machines: { limit: MACHINES, atOnce: 1 }, entitlements: { cad: true } },
  },
};

let system: RunningSystem;

/** `read`: the statement whose rows wait before they are decided on, so that the commands of two gateways overlap. */
async function start(read: string, milliseconds = 2): Promise<void> {
  const breakGuard = brokenGuard();
  const options = { breakGuard, slow: `${read}:${String(milliseconds)}:client` };
  system = await startSystem([options, options], undefined, CATALOG);
  await system.startWorker({ breakGuard });
}
afterEach(async () => {
  await system.close();
});

/** One or the other gateway, by number. */
function send(number: number, query: string, variables: object): Promise<object> {
  const gateway = system.gateways[number % system.gateways.length];
  if (gateway === undefined) throw new Error('there are gateways');
  return gateway.client.send(query, variables);
}

async function issue(plan: string): Promise<string> {
  await createTestCustomer(system.tenant, 'acme');
  await send(
    0,
    `mutation ($plan: String!) { issueLicense(input: { customerId: "acme", plan: $plan, idempotencyKey: "one" }) { revision } }`,
    { plan },
  );
  const { rows } = await system.owner.query<{ id: string }>('select id from license');
  expect(rows).toHaveLength(1);
  return rows[0]!.id;
}

type Verb = 'activateMachine' | 'deactivateMachine' | 'heartbeatMachine';

/** The code of the decision. */
async function ask(number: number, verb: Verb, input: object, ttl = ''): Promise<string> {
  const type = verb === 'activateMachine' ? 'ActivateMachineInput' : 'MachineInput';
  const data = await send(
    number,
    `mutation ($input: ${type}!) { answer: ${verb}(input: $input${ttl === '' ? '' : `, ttl: "${ttl}"`}) { decision { code } } }`,
    { input },
  );
  const code = /"code":"(\w+)"/.exec(JSON.stringify(data))?.[1];
  if (code === undefined) throw new Error(JSON.stringify(data));
  return code;
}

function tally(codes: readonly string[]): Record<string, number> {
  return codes.reduce<Record<string, number>>(
    (counts, code) => ({ ...counts, [code]: (counts[code] ?? 0) + 1 }),
    {},
  );
}

async function machineRows(): Promise<number> {
  const { rows } = await system.owner.query<{ count: number }>('select count(*)::int from machine');
  return rows[0]?.count ?? 0;
}

test('activations race deactivations on two gateways: the log, read alone, never shows a machine beyond the limit', async () => {
  await start('account-licenses');
  const licenseId = await issue('desk');
  const caller = async (_: unknown, index: number): Promise<string[]> => {
    const codes: string[] = [];
    const named = { licenseId, fingerprint: `m-${String(index)}` };
    for (let round = 0; round < 4; round += 1) {
      const code = await ask(index + round, 'activateMachine', named);
      codes.push(code);
      if (code === 'ENTITLED') codes.push(await ask(index + round + 1, 'deactivateMachine', named));
    }
    return codes;
  };
  const codes = (await Promise.all(Array.from({ length: MACHINES }, caller))).flat();
  const counts = tally(codes);
  // Both have come in between.
  expect(counts['MACHINE_LIMIT_EXCEEDED']).toBeGreaterThan(0);
  expect(counts['ENTITLED']).toBeGreaterThan(LIMIT);

  const log = await replayMachines(system.owner, { limit: LIMIT, atOnce: null });
  expect(log.beyond).toEqual([]);
  expect(log.broken).toEqual([]);
  expect(log.counted.get('machine.activated')).toBe(counts['ENTITLED']);
  expect(log.counted.get('machine.deactivated')).toBe(counts['DONE']);
  expect(log.machines.get(licenseId)?.size).toBe(await machineRows());
});

test('100 machines send heartbeats for one place: the log, read alone, never shows two of them in use', async () => {
  await start('account-licenses-beating', 10);
  const licenseId = await issue('turns');
  const names = Array.from({ length: MACHINES }, (_, index) => ({
    licenseId,
    fingerprint: `m-${String(index)}`,
  }));
  await Promise.all(names.map((named, index) => ask(index, 'activateMachine', named)));
  const caller = async (named: object, index: number): Promise<string[]> => {
    const codes: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      codes.push(await ask(index + round, 'heartbeatMachine', named, 'PT0.05S'));
      // Places end in between.
      await delay(20);
    }
    return codes;
  };
  const counts = tally((await Promise.all(names.map(caller))).flat());
  expect(counts['MACHINE_IN_USE']).toBeGreaterThan(0);
  expect(counts['ENTITLED']).toBeGreaterThan(1);
  const inUse = 'select * from machine where in_use_until is not null';
  await expectAtLast(async () => (await system.owner.query<object>(inUse)).rows, []);

  const log = await replayMachines(system.owner, { limit: MACHINES, atOnce: 1 });
  expect(log.beyond).toEqual([]);
  expect(log.broken).toEqual([]);
  const taken = log.counted.get('machine.place_taken') ?? 0;
  expect(taken + (log.counted.get('machine.seen') ?? 0)).toBe(counts['ENTITLED']);
  expect(log.counted.get('machine.place_expired')).toBe(taken);
});
