import fc from 'fast-check';
import { licensee, NOW, request, state } from '../../testing/decision-questions.js';
import { featureKey, time } from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState, type KnownState, type Release } from '../customer.js';
import { decide } from '../decision/decide.js';
import type { CheckRequest } from '../decision/decision.js';
import { accountAt } from '../subscription/due.js';
import { executeGrant } from '../grant/execute-grant.js';
import { parseLicenseId, parseSeatId, parseSubscriptionId } from '../ids.js';
import { executeLicense } from '../license/execute-license.js';
import { occupy } from '../seats/occupy.js';
import { isHeld, putSeat } from '../seats/seat.js';
import type { CommandOutcome, SubscriptionCommand } from '../subscription/command.js';
import { execute } from '../subscription/execute.js';
import { explain } from './explain.js';
import type { DenialReason, Remedy } from './explanation.js';

test('an explanation explains the decision that a check gives', () => {
  fc.assert(
    fc.property(state, request, (customer, asked) => {
      if (customer.kind !== 'KNOWN') return;
      const fresh = knownState(customer.release, customer.account);
      expect(explain(customer, asked, NOW).decision).toEqual(decide(fresh, asked, NOW));
    }),
    { numRuns: 400 },
  );
});

test('the first reason gives the code and the message, and what is allowed has none', () => {
  fc.assert(
    fc.property(state, request, (customer, asked) => {
      const { decision, reasons } = explain(customer, asked, NOW);
      if (decision.allowed) {
        expect(reasons).toEqual([]);
        return;
      }
      expect(reasons[0]).toMatchObject({ code: decision.code, message: decision.message });
    }),
    { numRuns: 1000 },
  );
});

test('every reason is a step that failed, and a step names each test once for each source and rule', () => {
  fc.assert(
    fc.property(state, request, (customer, asked) => {
      const { steps, reasons } = explain(customer, asked, NOW);
      for (const { code, message, source } of reasons)
        expect(steps).toContainEqual({
          ...steps.find(({ rule, detail }) => rule === code && detail === message),
          rule: code,
          outcome: 'FAILED',
          detail: message,
          source,
        });
      const names = steps.map(({ rule, detail, source }) => JSON.stringify([rule, detail, source]));
      expect(new Set(names).size).toBe(names.length);
    }),
    { numRuns: 300 },
  );
});

test('explaining leaves nothing behind', () => {
  fc.assert(
    fc.property(state, request, (customer, asked) => {
      if (customer.kind !== 'KNOWN') return;
      explain(customer, asked, NOW);
      expect(customer.compiled.size).toBe(0);
    }),
    { numRuns: 50 },
  );
});

const forSso = request.map((asked) => ({ ...asked, feature: 'sso' }));

test.each([
  ['', state, request, 1000],
  [' to who has licences alone', licensee, forSso, 2000],
])('every remedy that is offered%s makes a check say yes', (whom, states, requests, numRuns) => {
  const offered = new Map<string, number>();
  const count = (what: string): void => void offered.set(what, (offered.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(states, requests, (customer, asked) => {
      if (customer.kind !== 'KNOWN') return;
      const { remedies, reasons } = explain(customer, asked, NOW);
      for (const remedy of remedies) {
        if (remedy.kind === 'SUPPLY_FACT') continue;
        count('all');
        count(remedy.kind);
        const after = applied(customer, remedy, reasons, asked);
        if (!after.ok) throw new Error(`${remedy.message}: ${after.refusal.message}`);
        const at = remedy.availableAt ?? NOW;
        expect(decide(knownState(customer.release, after.account), asked, at)).toMatchObject({
          allowed: true,
        });
      }
    }),
    { numRuns },
  );
  expect(offered.get('all')).toBeGreaterThan(100);
  for (const kind of whom === '' ? ['WAIT'] : ['WAIT', 'RENEW', 'REINSTATE'])
    expect(offered.get(kind)).toBeGreaterThan(5);
});

test('a missing fact is offered as a remedy where some value of it makes a check say yes', () => {
  let tried = 0;
  const withoutFact = request.map((asked) => ({
    ...asked,
    feature: 'vip',
    context: { lane: asked.quantity },
  }));
  fc.assert(
    fc.property(state, withoutFact, (customer, asked) => {
      const { remedies } = explain(customer, asked, NOW);
      const remedy = remedies.find(({ kind }) => kind === 'SUPPLY_FACT');
      if (!remedy?.message.includes('`context.vip`')) return;
      tried += 1;
      const supplied: CheckRequest = { ...asked, context: { ...asked.context, vip: true } };
      expect(decide(customer, supplied, NOW).allowed).toBe(true);
    }),
    { numRuns: 300 },
  );
  expect(tried).toBeGreaterThan(30);
});

/** What a person does who takes the remedy at its word. */
function applied(
  { account, release }: KnownState,
  remedy: Remedy,
  reasons: readonly DenialReason[],
  asked: CheckRequest,
): CommandOutcome {
  const current = accountAt(account, release, NOW);
  const run = (command: SubscriptionCommand) => execute(current, command, release, NOW);
  const { subscriptionId, plan, addOn, quantity } = remedy;
  switch (remedy.kind) {
    case 'WAIT':
      return { ok: true, account, events: [] };
    case 'LIFT_BLOCK':
      return reasons.reduce<CommandOutcome>(
        (outcome, { code, source }) =>
          code === 'BLOCKED' && source?.kind === 'GRANT' && outcome.ok
            ? executeGrant(outcome.account, { kind: 'revokeGrant', grantId: source.id }, release, NOW)
            : outcome,
        { ok: true, account: current, events: [] },
      );
    case 'RESUME':
      return run({ kind: 'resume', subscriptionId: must(subscriptionId) });
    case 'PAY':
      return run({
        kind: 'reportPayment',
        subscriptionId: must(subscriptionId),
        outcome: 'SUCCEEDED',
        at: null,
      });
    case 'RENEW':
      return executeLicense(
        current,
        { kind: 'renewLicense', licenseId: licenseNamed(remedy), ...endsNamed(remedy), quantities: null },
        release,
        NOW,
      );
    case 'REINSTATE':
      return executeLicense(
        current,
        { kind: 'reinstateLicense', licenseId: licenseNamed(remedy) },
        release,
        NOW,
      );
    case 'ACTIVATE_MACHINE':
      throw new Error('no licence is bound to machines here');
    case 'ADD_CREDITS':
    case 'BUY_QUANTITY':
      throw new Error('nothing in this catalog is prepaid, or sold by number');
    case 'ASSIGN_SEAT':
    case 'FREE_SEAT':
      return seated(current, release, asked, remedy);
    case 'ADD_ON': {
      const held = current.subscriptions.find(({ id }) => id === subscriptionId)?.addOns ?? [];
      const others = held.filter((bought) => bought.addOn.key !== addOn);
      return run({
        kind: 'adjust',
        subscriptionId: must(subscriptionId),
        addOns: [
          ...others.map((bought) => ({ addOn: bought.addOn.key, quantity: bought.quantity })),
          { addOn: must(addOn), quantity: must(quantity) },
        ],
        quantities: null,
        timing: 'NOW',
        at: null,
      });
    }
    case 'CHANGE_PLAN':
      return subscriptionId === null
        ? run({
            kind: 'subscribe',
            subscriptionId: must(parseSubscriptionId('sub_new')),
            plan: must(plan),
            addOns: [],
            quantities: new Map(),
            trial: true,
            startsAt: null,
          })
        : run({
            kind: 'changePlan',
            subscriptionId,
            plan: must(plan),
            from: null,
            addOns: null,
            quantities: null,
            timing: null,
            at: null,
          });
    case 'SUPPLY_FACT':
      throw new Error('a fact is no command');
  }
}

function seated(
  account: CustomerAccount,
  release: Release,
  { feature: key, memberId }: CheckRequest,
  { kind, quantity }: Remedy,
): CommandOutcome {
  const id = must(parseSeatId('seat_new'));
  const feature = release.catalog.features.get(featureKey(key))?.needsSeat ?? featureKey(key);
  const newest = account.seats
    .filter((seat) => seat.feature === feature && isHeld(seat))
    .toSorted((one, other) => other.assignedAt - one.assignedAt);
  const members =
    kind === 'ASSIGN_SEAT'
      ? [must(memberId ?? null)]
      : newest.slice(0, must(quantity)).map((seat) => seat.memberId);
  const stored = release.catalog.features.get(feature);
  const taking = stored?.type === 'SEATS' && stored.seats.kind === 'FLOATING' ? 'lease' : 'assign';
  let current = account;
  for (const member of members) {
    const request =
      kind === 'FREE_SEAT'
        ? ({ kind: 'giveBack', feature, memberId: member } as const)
        : ({ kind: taking, feature, memberId: member, ttl: null } as const);
    const { before, after } = occupy(knownState(release, current), request, id, NOW);
    current = putSeat(current, before, after);
  }
  return { ok: true, account: current, events: [] };
}

/** Until when it is to be renewed is told in words, too; nothing: as its plan says. */
function endsNamed({ message }: Remedy) {
  const ending = (name: string) => {
    const text = new RegExp(`\`${name}\` (\\S+)`).exec(message)?.[1];
    return text === undefined ? null : time(text);
  };
  return { expiresAt: ending('expiresAt'), maintenanceUntil: ending('maintenanceUntil') };
}

/** Which one is told in words. */
function licenseNamed({ message }: Remedy) {
  return must(parseLicenseId(/`(lic_\d+)`/.exec(message)?.[1] ?? ''));
}

function must<T>(value: T | null): T {
  if (value === null) throw new Error('the remedy does not say enough to be applied');
  return value;
}
