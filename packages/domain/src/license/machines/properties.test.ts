import fc from 'fast-check';
import {
  activate,
  after,
  deactivate,
  heartbeat,
  licensed,
  licenseIn,
  machineId,
  releaseWith,
  run,
} from '../../../testing/machines.js';
import { type CustomerAccount, knownState } from '../../customer.js';
import { decide } from '../../decision/decide.js';
import type { CustomerEvent } from '../../subscription/command.js';
import { accountAt, applyDue, nextDue } from '../../subscription/due.js';
import type { Instant } from '../../time/instant.js';
import type { License } from '../license.js';
import type { MachineCommand } from './command.js';
import { countedDeactivations } from './deactivations.js';
import { executeMachine } from './execute-machine.js';
import type { Machine } from './machine.js';
import { findMachine } from './match.js';

const policy = fc.record({
  limit: fc.integer({ min: 1, max: 6 }),
  match: fc.constantFrom('any', 'two', 'most', 'all'),
  atOnce: fc.constantFrom(undefined, 1, 1, 3),
  counted: fc.option(fc.nat(3).map((deactivations) => ({ deactivations, per: 'PT1H' }))),
  whenFull: fc.constantFrom('refuse', 'replaceOldest'),
});
const releaseOf = ({ counted, ...machines }: typeof policy extends fc.Arbitrary<infer T> ? T : never) =>
  releaseWith(JSON.stringify({ ...machines, ...counted }));
const fingerprint = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
/** Of few machines, that some of these calls mix up, and of any. */
const components = fc.oneof(
  fc.constantFrom(['p', 'q'], ['r', 's'], ['t', 'u'], ['p', 'q', 'r']),
  fc.uniqueArray(fc.constantFrom('p', 'q', 'r', 's', 't', 'u'), { maxLength: 4 }),
);
const command = fc.oneof(
  fingerprint.map((name) => ({ does: 'heartbeat' as const, name, parts: [] })),
  fingerprint.map((name) => ({ does: 'activate' as const, name, parts: [] })),
  fc.tuple(fingerprint, components).map(([name, parts]) => ({ does: 'activate' as const, name, parts })),
  fingerprint.map((name) => ({ does: 'deactivate' as const, name, parts: [] })),
  fingerprint.map((name) => ({ does: 'heartbeat' as const, name, parts: [] })),
);
/** Each so many minutes after the one before. */
const history = fc.array(fc.tuple(command, fc.integer({ min: 0, max: 4 })), {
  minLength: 10,
  maxLength: 40,
  size: 'max',
});

function commandOf(
  { does, name, parts }: { does: string; name: string; parts: readonly string[] },
  index: number,
) {
  const made: Record<string, MachineCommand> = {
    activate: activate(name, { components: parts, machineId: machineId(`${name}${String(index)}`) }),
    deactivate: deactivate(name),
    heartbeat: heartbeat(name),
  };
  const chosen = made[does];
  if (chosen === undefined) throw new Error(does);
  return chosen;
}

/** The machines of a licence as the events alone tell of them. */
function follow(known: ReadonlyMap<string, Machine>, events: readonly CustomerEvent[]): Map<string, Machine> {
  const machines = new Map(known);
  for (const event of events) {
    if (!('machine' in event)) throw new Error(event.type);
    const { before, after: then } = event.machine;
    if (before !== null) expect(machines.get(before.id)).toEqual(before);
    if (before !== null) machines.delete(before.id);
    if (then !== null) machines.set(then.id, then);
  }
  return machines;
}

/** No two are known by the same parts. */
function checkParts({ machines, planVersion: { plan } }: License): void {
  for (const machine of machines) {
    const found = findMachine(machines, plan.machines?.match ?? 'all', { ...machine, fingerprint: null });
    // Where so few parts name any machine at all.
    if (found !== null) expect(found).toBe(machine);
  }
}

function checkLimits({ timeZone, ...account }: CustomerAccount, now: Instant): void {
  const license = licenseIn({ timeZone, ...account });
  const { machines: bound } = license.planVersion.plan;
  expect(license.machines.length).toBeLessThanOrEqual(bound?.limit ?? 0);
  const inUse = license.machines.filter(({ inUseUntil }) => inUseUntil !== null && now < inUseUntil);
  expect(inUse.length).toBeLessThanOrEqual(bound?.atOnce ?? 0);
  const counted = countedDeactivations(license, now, timeZone).length;
  if (bound?.deactivations != null) expect(counted).toBeLessThanOrEqual(bound.deactivations);
  expect(new Set(license.machines.map((one) => one.fingerprint)).size).toBe(license.machines.length);
  checkParts(license);
}

test('whatever is asked, in whatever order: never more machines, places or deactivations than the plan allows', () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(policy, history, (machines, asked) => {
      const release = releaseOf(machines);
      let account: CustomerAccount = licensed(release);
      let told = new Map<string, Machine>();
      let minutes = 0;
      for (const [index, [what, later]] of asked.entries()) {
        minutes += later;
        const now = after(minutes);
        const due = applyDue(account, release, now);
        const outcome = executeMachine(due.account, commandOf(what, index), now);
        if (!outcome.ok) {
          expect(outcome.refusal).toMatchObject({ code: 'CONFLICT', field: 'components' });
          seen.set('CONFLICT', (seen.get('CONFLICT') ?? 0) + 1);
          told = follow(told, due.events);
          account = due.account;
          continue;
        }
        told = follow(told, [...due.events, ...outcome.events]);
        const { code, allowed } = outcome.decision;
        seen.set(code, (seen.get(code) ?? 0) + 1);
        if (!allowed) expect(outcome).toMatchObject({ account: due.account, events: [] });
        account = outcome.account;
        const license = licenseIn(account);
        checkLimits(account, now);
        expect([...told.values()]).toEqual(expect.arrayContaining([...license.machines]));
        expect(told.size).toBe(license.machines.length);
      }
    }),
    { numRuns: 100 },
  );
  // However rarely, by some seeds.
  expect([...seen.keys()].sort()).toEqual([
    'CONFLICT',
    'DEACTIVATION_LIMIT_EXCEEDED',
    'DONE',
    'ENTITLED',
    'MACHINE_IN_USE',
    'MACHINE_LIMIT_EXCEEDED',
    'NOT_ACTIVATED',
  ]);
});

test('a check says yes to exactly those machines whose heartbeat is granted, until when it says it does', () => {
  fc.assert(
    fc.property(policy, history, fingerprint, (machines, asked, name) => {
      const release = releaseOf(machines);
      let account = licensed(release);
      let now = after(0);
      for (const [index, [what, later]] of asked.entries()) {
        now = after((now - after(0)) / 60_000 + later);
        account = accountAt(account, release, now);
        const outcome = executeMachine(account, commandOf(what, index), now);
        if (outcome.ok) account = outcome.account;
      }
      const request = { feature: 'cad', quantity: 1, fingerprint: name };
      const state = knownState(release, account);
      const { code, validUntil } = decide(state, request, now);
      expect(run(account, heartbeat(name), now).decision.code).toBe(code);
      const until = validUntil ?? after(100_000);
      expect(decide(state, request, after((until - after(0)) / 60_000 - 0.5)).code).toBe(code);
      if (validUntil !== null) expect(decide(state, request, validUntil).code).not.toBe(code);
    }),
    { numRuns: 100 },
  );
});

/** As the database reads it for heartbeats of `named`: with those, those that are over, and the first to end of the others. */
function readInPart(account: CustomerAccount, named: readonly string[], now: Instant): CustomerAccount {
  const licenses = account.licenses.map((license) => {
    const isNamed = (one: Machine) => named.includes(one.fingerprint);
    const isOver = ({ inUseUntil }: Machine) => inUseUntil !== null && inUseUntil <= now;
    const ends = license.machines.flatMap((one) =>
      isNamed(one) || isOver(one) || one.inUseUntil === null ? [] : [one.inUseUntil],
    );
    const first = Math.min(...ends);
    const isRead = (one: Machine) => isNamed(one) || isOver(one) || one.inUseUntil === first;
    const unread = license.machines.filter((one) => !isRead(one));
    return {
      ...license,
      machines: license.machines.filter(isRead),
      unread: {
        activated: unread.length,
        inUse: unread.filter(({ inUseUntil }) => inUseUntil !== null).length,
      },
    };
  });
  return { ...account, licenses };
}

test('heartbeats are decided on machines that were read in part as on all of them, and so is what comes next', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const some = fc.subarray(names, { minLength: 1, maxLength: 3 });
  const taking = fc.record({ limit: fc.constant(8), atOnce: fc.integer({ min: 1, max: 7 }) });
  const beats = fc.array(fc.tuple(some, fc.integer({ min: 0, max: 6 }), fc.constantFrom('PT2M', 'PT9M')), {
    minLength: 4,
    maxLength: 12,
  });
  const seen = { inPart: 0, denied: 0 };
  fc.assert(
    fc.property(taking, fc.subarray(names, { minLength: 4 }), beats, (machines, known, asked) => {
      const release = releaseWith(JSON.stringify(machines));
      let whole = known.reduce((so, name) => run(so, activate(name)).account, licensed(release));
      let minutes = 0;
      for (const [named, later, ttl] of asked) {
        minutes += later;
        const now = after(minutes);
        let part = readInPart(whole, named, now);
        seen.inPart += licenseIn(part).unread?.inUse ?? 0;
        const [due, dueInPart] = [applyDue(whole, release, now), applyDue(part, release, now)];
        expect(dueInPart.events).toEqual(due.events);
        [whole, part] = [due.account, dueInPart.account];
        for (const name of named) {
          const expected = run(whole, heartbeat(name, ttl), now);
          const found = run(part, heartbeat(name, ttl), now);
          expect({ ...found, account: null }).toEqual({ ...expected, account: null });
          if (!found.decision.allowed) seen.denied += 1;
          [whole, part] = [expected.account, found.account];
        }
        expect(nextDue(part, release)).toBe(nextDue(whole, release));
      }
    }),
    { numRuns: 200 },
  );
  expect(seen.inPart).toBeGreaterThan(50);
  expect(seen.denied).toBeGreaterThan(50);
});
