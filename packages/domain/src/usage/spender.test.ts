import fc from 'fast-check';
import { activate, LICENSE, machineId, NOW, run } from '../../testing/machines.js';
import { releaseFrom } from '../../testing/states.js';
import { newCustomer, planKey } from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { parseSeatId } from '../ids.js';
import { executeLicense } from '../license/execute-license.js';
import { occupy, type SeatRequest } from '../seats/occupy.js';
import { putSeat } from '../seats/seat.js';
import { spend } from './spend.js';

const release = releaseFrom(`
catalog: 1
name: spenders
features:
  editors: { type: seats, kind: named }
  renders: { type: limit }
  edits: { type: limit, needsSeat: editors }
plans:
  desk: { model: perpetual, machines: { limit: 6 }, entitlements: { editors: 9, renders: 3, edits: 3 } }
`);

function licensed(machines: readonly string[], members: readonly string[]): CustomerAccount {
  const issued = executeLicense(
    newCustomer(),
    {
      ...{
        kind: 'issueLicense',
        licenseId: LICENSE,
        keyHint: 'ABCDE',
        keyDigest: 'digest',
        plan: planKey('desk'),
      },
      ...{
        startsAt: null,
        expiresAt: null,
        maintenanceUntil: null,
        quantities: new Map(),
        machineLimit: null,
      },
    },
    release,
    NOW,
  );
  if (!issued.ok) throw new Error(issued.refusal.message);
  const activated = machines.reduce(
    (account, name) => run(account, activate(name, { machineId: machineId(name) })).account,
    issued.account,
  );
  const [first = ''] = machines;
  return members.reduce((account, memberId) => {
    const { decision, before, after } = take(account, memberId, first);
    expect(decision.allowed).toBe(machines.length > 0);
    return putSeat(account, before, after);
  }, activated);
}

function take(account: CustomerAccount, memberId: string, fingerprint: string | null) {
  const id = parseSeatId(`seat_${memberId}`);
  if (id === null) throw new Error('an id');
  const request: SeatRequest = { kind: 'assign', feature: 'editors', memberId, fingerprint };
  return occupy(knownState(release, account), request, id, NOW);
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const some = fc.subarray(NAMES);
const named = fc.option(fc.constantFrom(...NAMES, 'stranger'));

test('a spend is granted to whom a check for as many says yes, on whichever machine', () => {
  fc.assert(
    fc.property(
      fc.record({ machines: some, members: some }),
      fc.record({
        feature: fc.constantFrom('renders', 'edits'),
        quantity: fc.integer({ min: 1, max: 4 }),
        memberId: named,
        fingerprint: named,
      }),
      fc.constantFrom('consume' as const, 'reserve' as const),
      ({ machines, members }, asked, kind) => {
        const account = licensed(machines, machines.length > 0 ? members : []);
        const outcome = spend(knownState(release, account), { kind, ...asked }, NOW);
        const { allowed, code } = decide(knownState(release, account), asked, NOW);
        expect(outcome.decision).toMatchObject({ allowed, code });
        expect(outcome.delta + outcome.held).toBe(allowed ? asked.quantity : 0);
        const isOn = asked.fingerprint !== null && machines.includes(asked.fingerprint);
        if (!isOn) expect(code).toBe('NOT_ACTIVATED');
        expect(take(account, 'new', asked.fingerprint).decision.code).toBe(
          isOn ? 'ENTITLED' : 'NOT_ACTIVATED',
        );
      },
    ),
    { numRuns: 200 },
  );
});
