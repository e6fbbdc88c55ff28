import {
  activate,
  after,
  deactivate,
  heartbeat,
  LICENSE,
  licensed,
  licenseIn,
  machineId,
  NOW,
  releaseWith,
  run,
} from '../../../testing/machines.js';
import { type CustomerAccount, knownState, type Release } from '../../customer.js';
import { decide } from '../../decision/decide.js';
import { explain } from '../../explanation/explain.js';
import { applyDue, nextDue } from '../../subscription/due.js';
import { upcoming } from '../../subscription/upcoming.js';
import type { Instant } from '../../time/instant.js';
import { executeLicense } from '../execute-license.js';
import type { LicenseCommand } from '../command.js';
import type { MachineCommand } from './command.js';
import { executeMachine } from './execute-machine.js';
import { findMachine } from './match.js';

const TWO = releaseWith('{ limit: 2 }');

/** What was asked one after the other; each was allowed. */
function having(release: Release, commands: readonly MachineCommand[], account = licensed(release)) {
  return commands.reduce((state, command) => {
    const { decision, account: next } = run(state, command);
    expect(decision).toMatchObject({ allowed: true });
    return next;
  }, account);
}

function fingerprints(account: CustomerAccount): string[] {
  return licenseIn(account).machines.map(({ fingerprint }) => fingerprint);
}

describe('activation', () => {
  test('a machine takes a place, and the decision counts them', () => {
    const { account, events, decision, machine } = run(licensed(TWO), activate('one'));
    expect(decision).toMatchObject({
      ...{ allowed: true, code: 'ENTITLED', feature: '', customerId: account.id },
      ...{ limit: 2, used: 1, remaining: 1, validUntil: null },
      sources: [{ kind: 'LICENSE', id: LICENSE, key: 'desk' }],
    });
    expect(machine).toMatchObject({ fingerprint: 'one', name: null, activatedAt: NOW, inUseUntil: null });
    expect(events).toEqual([
      { type: 'machine.activated', at: NOW, machine: { licenseId: LICENSE, before: null, after: machine } },
    ]);
  });

  test('the same machine takes no second place, and nothing is told of it', () => {
    const one = having(TWO, [activate('one')]);
    const again = run(one, activate('one', { machineId: machineId('other') }));
    expect(again).toMatchObject({ account: one, events: [], decision: { code: 'ENTITLED', used: 1 } });
    expect(again.machine).toEqual(licenseIn(one).machines[0]);
  });

  test('what it names anew of itself is kept, what it leaves out stays, null clears its name', () => {
    const first = activate('one', { name: 'laptop', components: ['a', 'b'] });
    const known = having(TWO, [first]);
    expect(run(known, activate('one')).events).toEqual([]);
    const renamed = run(known, activate('one', { name: null, components: ['c'] }));
    expect(renamed.events).toMatchObject([
      { type: 'machine.updated', machine: { before: { name: 'laptop' } } },
    ]);
    expect(renamed.machine).toMatchObject({ name: null, components: ['c'] });
  });

  test('a machine that is known by its parts takes over its new fingerprint, but none that was derived', () => {
    const known = having(TWO, [activate('one', { components: ['a', 'b'] })]);
    const derived = run(known, activate('derived', { components: ['b', 'a'], isDerived: true }));
    expect(derived).toMatchObject({ events: [], machine: { fingerprint: 'one' } });
    const moved = run(known, activate('two', { components: ['a', 'b', 'c'] }));
    expect(moved.machine).toMatchObject({
      fingerprint: 'two',
      components: ['a', 'b', 'c'],
      activatedAt: NOW,
    });
    expect(fingerprints(moved.account)).toEqual(['two']);
  });

  test('a fingerprint that was derived goes with the parts that it was derived from', () => {
    const two = releaseWith('{ limit: 1, match: two }');
    const parts = {
      first: ['a', 'b', 'c', 'd'],
      second: ['c', 'd', 'e', 'f'],
      third: ['e', 'f', 'g', 'h'],
    } as const;
    const derived = (of: keyof typeof parts) =>
      activate(`parts-${of}`, { components: parts[of], isDerived: true });
    const { machines } = licenseIn(having(two, [derived('first'), derived('second'), derived('third')]));
    expect(machines).toMatchObject([{ fingerprint: 'parts-third', components: parts.third }]);
    const former = { fingerprint: 'parts-first', components: parts.first };
    expect(findMachine(machines, 'two', former)).toBeNull();
  });

  test('where several machines have enough equal parts it is the one with most of them', () => {
    const any = releaseWith('{ limit: 3, match: any }');
    const both = having(any, [
      activate('one', { components: ['a', 'x'] }),
      activate('two', { components: ['b', 'c'] }),
    ]);
    expect(run(both, activate('new', { components: ['a', 'b', 'c'] })).machine).toMatchObject({
      id: machineId('two'),
    });
  });

  test.each(['any', 'two', 'most', 'all'])(
    'with the components of another machine it is refused, whichever came first (match: %s)',
    (match) => {
      const release = releaseWith(`{ limit: 3, match: ${match} }`);
      const both = having(release, [
        activate('one', { components: ['a', 'b'] }),
        activate('two', { components: ['c', 'd'] }),
      ]);
      for (const command of [
        activate('one', { components: ['d', 'c'] }),
        activate('two', { components: ['a', 'b'] }),
      ])
        expect(executeMachine(both, command, NOW)).toEqual({
          ok: false,
          refusal: {
            ...{ code: 'CONFLICT', field: 'components' },
            message: expect.stringContaining('deactivate that one, or leave the components out') as unknown,
          },
        });
      const moved = having(release, [deactivate('two'), activate('one', { components: ['d', 'c'] })], both);
      expect(licenseIn(moved).machines).toMatchObject([{ fingerprint: 'one', components: ['d', 'c'] }]);
      const shared = executeMachine(both, activate('one', { components: ['a', 'b', 'c'] }), NOW);
      expect(shared).toMatchObject({ ok: true, decision: { allowed: true } });
    },
  );

  test('beyond the limit it is denied and changes nothing', () => {
    const full = having(TWO, [activate('one'), activate('two')]);
    expect(run(full, activate('three'))).toMatchObject({
      ...{ account: full, events: [], machine: null },
      decision: { allowed: false, code: 'MACHINE_LIMIT_EXCEEDED', limit: 2, used: 2, remaining: 0 },
    });
  });

  test("the licence's own limit counts instead of the plan's", () => {
    const account = licensed(TWO, 'desk', 1);
    expect(run(having(TWO, [activate('one')], account), activate('two')).decision).toMatchObject({
      ...{ code: 'MACHINE_LIMIT_EXCEEDED', limit: 1 },
    });
  });

  test.each<[LicenseCommand, string, string]>([
    [{ kind: 'suspendLicense', licenseId: LICENSE }, 'LICENSE_SUSPENDED', 'reinstate it'],
    [{ kind: 'revokeLicense', licenseId: LICENSE }, 'LICENSE_REVOKED', 'issue another one'],
  ])(
    'on a licence after %j it is %s, and so is a heartbeat; giving back is done',
    (command, code, remedy) => {
      const known = having(TWO, [activate('one')]);
      const outcome = executeLicense(known, command, TWO, NOW);
      if (!outcome.ok) throw new Error(outcome.refusal.message);
      for (const asked of [activate('one'), activate('two'), heartbeat('one')]) {
        const { decision, events } = run(outcome.account, asked);
        expect({ decision, events }).toMatchObject({ decision: { allowed: false, code }, events: [] });
        expect(decision.message).toContain(remedy);
      }
      expect(run(outcome.account, deactivate('one')).decision.code).toBe('DONE');
    },
  );

  test('a licence that is not bound to machines takes none', () => {
    const free = licensed(TWO, 'free');
    for (const command of [activate('one'), deactivate('one'), heartbeat('one')])
      expect(executeMachine(free, command, NOW)).toMatchObject({
        ok: false,
        refusal: { code: 'BAD_USER_INPUT', field: 'licenseId' },
      });
  });

  test('a licence that is not there is unknown', () => {
    const { decision } = run({ ...licensed(TWO), licenses: [] }, activate('one'));
    expect(decision).toMatchObject({ allowed: false, code: 'UNKNOWN_LICENSE', customerId: '', sources: [] });
  });
});

describe('whenFull: replaceOldest', () => {
  const replacing = releaseWith('{ limit: 2, whenFull: replaceOldest, deactivations: 2, per: P1D }');

  test('the machine that was activated first makes room, and that is a deactivation', () => {
    const full = having(replacing, [activate('one'), activate('two')]);
    const { account, events, decision } = run(full, activate('three'));
    expect(fingerprints(account)).toEqual(['two', 'three']);
    expect(events.map(({ type }) => type)).toEqual(['machine.deactivated', 'machine.activated']);
    expect(decision).toMatchObject({ code: 'ENTITLED', used: 2 });
    expect(licenseIn(account).deactivations).toEqual([NOW]);
  });

  test('without a deactivation left it is denied until the first that counts is over', () => {
    const commands = ['one', 'two', 'three', 'four'].map((name) => activate(name));
    const spent = having(replacing, commands);
    const denied = run(spent, activate('five'), after(60));
    expect(denied).toMatchObject({ account: spent, events: [] });
    expect(denied.decision).toMatchObject({
      ...{ allowed: false, code: 'DEACTIVATION_LIMIT_EXCEEDED', validUntil: after(24 * 60) },
    });
    expect(run(spent, activate('five'), after(24 * 60)).decision.code).toBe('ENTITLED');
  });

  test('where several have to make room it is denied until there are as many deactivations', () => {
    const full = having(replacing, [activate('one'), activate('two'), activate('three')]);
    const lower = { ...full, licenses: full.licenses.map((one) => ({ ...one, machineLimit: 1 })) };
    const denied = run(lower, activate('four'), after(60));
    expect(denied.decision).toMatchObject({
      ...{ allowed: false, code: 'DEACTIVATION_LIMIT_EXCEEDED', validUntil: after(24 * 60) },
    });
    expect(run(lower, activate('four'), after(24 * 60)).decision.code).toBe('ENTITLED');
  });

  test('as many make room as a lowered limit asks for, or none', () => {
    const full = having(replacing, [activate('one'), activate('two')]);
    const lower = { ...full, licenses: full.licenses.map((one) => ({ ...one, machineLimit: 1 })) };
    expect(fingerprints(run(lower, activate('three')).account)).toEqual(['three']);
    const once = having(replacing, [deactivate('two'), activate('two')], full);
    const spent = { ...once, licenses: once.licenses.map((one) => ({ ...one, machineLimit: 1 })) };
    expect(run(spent, activate('three')).decision.code).toBe('DEACTIVATION_LIMIT_EXCEEDED');
  });
});

describe('deactivation', () => {
  const counted = releaseWith('{ limit: 2, deactivations: 1, per: P1D }');

  test('it frees the place; done again it is done, and changes nothing', () => {
    const full = having(TWO, [activate('one'), activate('two')]);
    const { account, events, decision, machine } = run(full, deactivate('one'));
    expect(decision).toMatchObject({ code: 'DONE', allowed: true, used: 1 });
    expect(machine).toMatchObject({ fingerprint: 'one' });
    expect(events).toMatchObject([{ type: 'machine.deactivated', machine: { after: null } }]);
    expect(run(account, deactivate('one'))).toMatchObject({ account, events: [], machine: null });
    expect(run(account, activate('three')).decision.code).toBe('ENTITLED');
  });

  test('by its id', () => {
    const known = having(TWO, [activate('one')]);
    const named = { ...deactivate('one'), machine: { id: machineId('one') } };
    expect(fingerprints(run(known, named).account)).toEqual([]);
  });

  test('as many as the plan says in the last `per`; what is denied keeps the machine', () => {
    const once = having(counted, [activate('one'), activate('two'), deactivate('one')]);
    const denied = run(once, deactivate('two'), after(1));
    expect(denied).toMatchObject({ account: once, events: [], machine: { fingerprint: 'two' } });
    expect(denied.decision).toMatchObject({
      ...{ allowed: false, code: 'DEACTIVATION_LIMIT_EXCEEDED', validUntil: after(24 * 60) },
    });
    expect(run(once, deactivate('two'), after(24 * 60)).decision.code).toBe('DONE');
  });

  test('without `per` they count for ever, and with 0 there are none', () => {
    const forever = releaseWith('{ limit: 2, deactivations: 1 }');
    const once = having(forever, [activate('one'), activate('two'), deactivate('one')]);
    const later = after(1_000_000);
    expect(run(once, deactivate('two'), later).decision).toMatchObject({
      ...{ code: 'DEACTIVATION_LIMIT_EXCEEDED', validUntil: null },
    });
    const never = releaseWith('{ limit: 2, deactivations: 0, per: P1D }');
    expect(run(having(never, [activate('one')]), deactivate('one')).decision.allowed).toBe(false);
  });
});

describe('places atOnce', () => {
  const turns = releaseWith('{ limit: 3, atOnce: 1 }');
  const both = having(turns, [activate('one'), activate('two')]);

  test('a heartbeat takes a place, others wait, and its renewal is told of as such', () => {
    const taken = run(both, heartbeat('one'));
    expect(taken).toMatchObject({ machine: { inUseUntil: after(10), lastSeenAt: NOW } });
    expect(taken.events.map(({ type }) => type)).toEqual(['machine.place_taken']);
    expect(run(taken.account, heartbeat('two'))).toMatchObject({
      ...{ account: taken.account, events: [], machine: { fingerprint: 'two' } },
      decision: { allowed: false, code: 'MACHINE_IN_USE', validUntil: after(10) },
    });
    const renewed = run(taken.account, heartbeat('one', 'PT1H'), after(5));
    expect(renewed).toMatchObject({ machine: { inUseUntil: after(65), lastSeenAt: after(5) } });
    expect(renewed.events.map(({ type }) => type)).toEqual(['machine.seen']);
  });

  test('it ends with its ttl: time writes it down, and until then it counts as ended', () => {
    const { account } = run(both, heartbeat('one'));
    expect(nextDue(account, turns)).toBe(after(10));
    expect(upcoming(account, turns, NOW, { until: null, most: 5 })).toMatchObject([
      { type: 'machine.place_expired', at: after(10) },
    ]);
    const due = applyDue(account, turns, after(60));
    expect(due.events).toMatchObject([
      {
        type: 'machine.place_expired',
        at: after(10),
        machine: { after: { inUseUntil: null, lastSeenAt: NOW } },
      },
    ]);
    expect(run(due.account, heartbeat('two'), after(60)).decision.code).toBe('ENTITLED');
    const state = knownState(turns, account);
    const codeAt = (at: Instant) =>
      decide(state, { feature: 'cad', quantity: 1, fingerprint: 'two' }, at).code;
    expect([after(9), after(10)].map(codeAt)).toEqual(['MACHINE_IN_USE', 'ENTITLED']);
  });

  test('places that end at one instant end in the order of the ids', () => {
    const two = releaseWith('{ limit: 3, atOnce: 2 }');
    const taken = having(two, [activate('b'), activate('a'), heartbeat('b'), heartbeat('a')]);
    expect(applyDue(taken, two, after(10)).events).toMatchObject([
      { machine: { before: { id: machineId('a') } } },
      { machine: { before: { id: machineId('b') } } },
    ]);
  });

  test('deactivated it leaves its place to others', () => {
    const { account } = run(both, heartbeat('one'));
    const freed = having(turns, [deactivate('one'), heartbeat('two')], account);
    expect(licenseIn(freed).machines).toMatchObject([{ fingerprint: 'two', inUseUntil: after(10) }]);
  });

  test('of machines that do not take turns it notes when they were seen, and holds nothing', () => {
    const { account, events, machine } = run(having(TWO, [activate('one')]), heartbeat('one'));
    expect(machine).toMatchObject({ lastSeenAt: NOW, inUseUntil: null });
    expect(events.map(({ type }) => type)).toEqual(['machine.seen']);
    expect(nextDue(account, TWO)).toBeNull();
  });

  test('of a machine that is not activated it is denied', () => {
    expect(run(both, heartbeat('three')).decision).toMatchObject({
      ...{ allowed: false, code: 'NOT_ACTIVATED' },
    });
  });

  test.each([
    ['PT25H', /too long/],
    ['PT0.0001S', /too short/],
  ])('of %s it is refused, and why is said', (ttl, message) => {
    expect(executeMachine(both, heartbeat('one', ttl), NOW)).toMatchObject({
      ok: false,
      refusal: { code: 'BAD_USER_INPUT', field: 'ttl', message: expect.stringMatching(message) },
    });
  });
});

describe('what is kept and explained', () => {
  test('an answer to one machine is not given to another', () => {
    const state = knownState(TWO, having(TWO, [activate('one', { components: ['a'] })]));
    const codeOf = (machine: { fingerprint?: string; components?: string[] }) =>
      decide(state, { feature: 'cad', quantity: 1, ...machine }, NOW).code;
    const asked = [
      { fingerprint: 'one' },
      { fingerprint: 'two' },
      {},
      { components: ['a'] },
      { components: ['b'] },
    ];
    const codes = ['ENTITLED', 'NOT_ACTIVATED', 'NOT_ACTIVATED', 'ENTITLED', 'NOT_ACTIVATED'];
    expect(asked.map(codeOf)).toEqual(codes);
    expect(asked.map(codeOf)).toEqual(codes);
  });

  test('a machine that is not activated may be, where a place is free', () => {
    const asked = { feature: 'cad', quantity: 1, fingerprint: 'two' };
    const { reasons, remedies, steps } = explain(knownState(TWO, having(TWO, [activate('one')])), asked, NOW);
    expect(reasons.map(({ code }) => code)).toEqual(['NOT_ACTIVATED']);
    expect(remedies).toMatchObject([{ kind: 'ACTIVATE_MACHINE', plan: 'desk', availableAt: null }]);
    expect(steps.filter(({ outcome }) => outcome === 'SKIPPED').map(({ rule }) => rule)).toContain(
      'MACHINE_IN_USE',
    );
    const full = knownState(TWO, having(TWO, [activate('one'), activate('three')]));
    expect(explain(full, asked, NOW).remedies).toEqual([]);
  });

  test('a machine that has to wait is told until when', () => {
    const turns = releaseWith('{ limit: 3, atOnce: 1 }');
    const taken = having(turns, [activate('one'), activate('two'), heartbeat('one')]);
    const asked = { feature: 'cad', quantity: 1, fingerprint: 'two' };
    const { reasons, remedies } = explain(knownState(turns, taken), asked, NOW);
    expect(reasons.map(({ code }) => code)).toEqual(['MACHINE_IN_USE']);
    expect(remedies).toMatchObject([{ kind: 'WAIT', availableAt: after(10) }]);
  });
});
