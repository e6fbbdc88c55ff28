import { releaseFrom } from '../../testing/states.js';
import {
  accepted,
  featureKey,
  newCustomer,
  refused,
  subscribeTo,
  time,
} from '../../testing/subscriptions.js';
import { type CustomerAccount, knownState } from '../customer.js';
import { decide } from '../decision/decide.js';
import { ceilingOf } from '../decision/entitlement.js';
import { type GrantId, parseGrantId } from '../ids.js';
import type { CommandOutcome } from '../subscription/command.js';
import { applyDue, nextDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import { instant } from '../time/instant.js';
import { windowAt } from '../usage/window.js';
import { executeGrant, type GrantCommand } from './execute-grant.js';
import { grantStatusAt } from './grant.js';

const RELEASE = releaseFrom(`
catalog: 1
name: grants
features:
  sso: { type: boolean }
  projects: { type: limit }
  calls: { type: metered, window: P1M, anchor: subscription }
  credits: { type: metered, prepaid: true }
  seats: { type: seats, kind: named }
  support: { type: config, values: [low, high] }
plans:
  free: { model: subscription, entitlements: { projects: 3, support: low } }
`);
const NOW = time('2026-01-15T12:00:00Z');
const LATER = time('2026-02-01');
const END = time('2026-03-01');

function id(text: string): GrantId {
  const parsed = parseGrantId(`grant_${text}`);
  if (parsed === null) throw new Error(text);
  return parsed;
}
type Make = Extract<GrantCommand, { kind: 'grantEntitlement' }>;
const grant = (feature: string, given: Partial<Make> = {}): GrantCommand => ({
  kind: 'grantEntitlement',
  grantId: id('1'),
  feature,
  effect: 'ADD',
  value: null,
  reason: 'a promise',
  startsAt: null,
  expiresAt: null,
  ...given,
});
const revoke = (name = '1'): GrantCommand => ({ kind: 'revokeGrant', grantId: id(name) });
const run = (account: CustomerAccount, command: GrantCommand, now = NOW): CommandOutcome =>
  executeGrant(account, command, RELEASE, now);
const made = (command: GrantCommand, account = newCustomer()): CustomerAccount =>
  accepted(run(account, command)).account;
const told = ({ events }: { readonly events: readonly { type: string; at: number }[] }): [string, number][] =>
  events.map(({ type, at }) => [type, at]);
const code = (account: CustomerAccount, feature: string, at = NOW, quantity = 1): string =>
  decide(knownState(RELEASE, account), { feature, quantity }, at).code;

test('a grant counts at once, needs no plan, and is told of', () => {
  const outcome = accepted(run(newCustomer(), grant('sso')));
  expect(outcome.events).toMatchObject([
    { type: 'grant.created', at: NOW, grant: { before: null, after: { status: 'ACTIVE', startsAt: NOW } } },
  ]);
  expect(code(outcome.account, 'sso')).toBe('ENTITLED_GRANT');
});

test('one that begins and ends by itself does so when it is due, once, whoever looks late', () => {
  const account = made(grant('projects', { value: 5, startsAt: LATER, expiresAt: END }));
  expect(account.grants[0]?.status).toBe('SCHEDULED');
  expect(decide(knownState(RELEASE, account), { feature: 'projects', quantity: 1 }, NOW)).toMatchObject({
    code: 'NO_ACTIVE_PLAN',
    validUntil: LATER,
  });
  expect(decide(knownState(RELEASE, account), { feature: 'projects', quantity: 5 }, LATER)).toMatchObject({
    code: 'ENTITLED_GRANT',
    limit: 5,
    validUntil: END,
  });
  expect(code(account, 'projects', END)).toBe('NO_ACTIVE_PLAN');
  expect(nextDue(account, RELEASE)).toBe(LATER);
  const late = applyDue(account, RELEASE, time('2026-09-01'));
  expect(told(late)).toEqual([
    ['grant.started', LATER],
    ['grant.expired', END],
  ]);
  expect(nextDue(late.account, RELEASE)).toBeNull();
  const early = applyDue(applyDue(account, RELEASE, LATER).account, RELEASE, END);
  expect(early.account).toEqual(late.account);
});

test('at one instant what ends goes before what begins', () => {
  const first = made(grant('projects', { value: 5, expiresAt: LATER }));
  const account = made(grant('projects', { grantId: id('2'), value: 9, startsAt: LATER }), first);
  expect(told(applyDue(account, RELEASE, END))).toEqual([
    ['grant.expired', LATER],
    ['grant.started', LATER],
  ]);
});

describe('revoking', () => {
  test.each([
    ['a running one', grant('sso'), NOW],
    ['one that has not begun', grant('sso', { startsAt: LATER }), NOW],
  ])('%s ends it for good', (_what, command, at) => {
    const { account, events } = accepted(run(made(command), revoke(), at));
    expect(events).toMatchObject([{ type: 'grant.revoked', grant: { after: { status: 'REVOKED' } } }]);
    expect(code(account, 'sso', END)).toBe('NO_ACTIVE_PLAN');
    expect(nextDue(account, RELEASE)).toBeNull();
  });

  test('twice changes nothing the second time', () => {
    const once = accepted(run(made(grant('sso')), revoke())).account;
    expect(accepted(run(once, revoke()))).toEqual({ ok: true, account: once, events: [] });
  });

  test('what has expired, or is not there, is refused', () => {
    const expired = applyDue(made(grant('sso', { expiresAt: LATER })), RELEASE, LATER).account;
    expect(refused(run(expired, revoke(), LATER))).toEqual({ code: 'CONFLICT', field: 'grantId' });
    expect(refused(run(newCustomer(), revoke('other')))).toEqual({ code: 'NOT_FOUND', field: 'grantId' });
  });
});

describe('the value goes by the type of the feature', () => {
  test.each<[string, Partial<Make>, object]>([
    ['sso', {}, { kind: 'ADD', value: { kind: 'ON' } }],
    ['sso', { value: true }, { kind: 'ADD', value: { kind: 'ON' } }],
    ['projects', { value: 7 }, { kind: 'ADD', value: { kind: 'UNITS', limit: 7 } }],
    ['projects', { value: 'unlimited' }, { kind: 'ADD', value: { kind: 'UNITS', limit: null } }],
    ['calls', { effect: 'REPLACE', value: 0 }, { kind: 'REPLACE', value: { kind: 'UNITS', limit: 0 } }],
    ['support', { value: 'high' }, { kind: 'ADD', value: { kind: 'VALUE', value: 'high' } }],
    ['projects', { effect: 'BLOCK' }, { kind: 'BLOCK' }],
  ])('%s %j', (feature, given, effect) => {
    expect(made(grant(feature, given)).grants[0]?.effect).toEqual(effect);
  });

  test.each<[string, Partial<Make>, string, RegExp]>([
    ['sso', { value: false }, 'value', /leave the value out, or write a BLOCK/],
    ['projects', {}, 'value', /whole number from 1 to 2\^53-1, or `unlimited`/],
    ['projects', { value: 0 }, 'value', /from 1/],
    ['projects', { value: 1.5 }, 'value', /whole number/],
    ['projects', { effect: 'REPLACE', value: -1 }, 'value', /from 0/],
    ['support', { value: 'hgh' }, 'value', /one of `low`, `high`; did you mean `high`\?/],
    ['sso', { effect: 'BLOCK', value: true }, 'value', /takes no value/],
    ['credits', { value: 5 }, 'feature', /is prepaid; give its units by `addCredits`/],
    ['sso', { expiresAt: NOW }, 'expiresAt', /does not lie after now/],
    ['sso', { startsAt: END, expiresAt: LATER }, 'expiresAt', /does not lie after its start/],
    ['sso', { startsAt: time('2015-01-01') }, 'startsAt', /more than ten years back/],
    ['sso', { expiresAt: time('2200-01-01') }, 'expiresAt', /more than a century ahead/],
  ])('%s %j is refused at `%s`', (feature, given, field, message) => {
    const outcome = run(newCustomer(), grant(feature, given));
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'BAD_USER_INPUT', field, message: expect.stringMatching(message) },
    });
  });

  test('an unknown feature is NOT_FOUND, with the one that was meant', () => {
    const outcome = run(newCustomer(), grant('projcts', { value: 1 }));
    expect(outcome).toMatchObject({
      ok: false,
      refusal: { code: 'NOT_FOUND', field: 'feature', message: expect.stringMatching(/`projects`/) },
    });
  });
});

test('a customer has so many grants at once and no more; those that ended do not count', () => {
  const one = made(grant('sso'));
  const [first] = one.grants;
  if (!first) throw new Error('a grant');
  const grants = Array.from({ length: 1000 }, (_, n) => ({ ...first, id: id(`n${String(n)}`) }));
  expect(refused(run({ ...one, grants }, grant('sso')))).toEqual({
    code: 'CONFLICT',
    field: 'customerId',
  });
  const ended = grants.map((each, n) => (n === 0 ? { ...each, status: 'REVOKED' as const } : each));
  expect(run({ ...one, grants: ended }, grant('sso')).ok).toBe(true);
});

describe('windows', () => {
  const calls = RELEASE.catalog.features.get(featureKey('calls'));
  const startOf = (account: CustomerAccount, at = END): number | undefined => {
    if (calls?.type !== 'METERED') throw new Error('metered');
    return windowAt(calls, account, at)?.start;
  };

  test('of a feature that a grant gives are counted from its beginning', () => {
    const account = made(grant('calls', { value: 10, startsAt: LATER }));
    const begun = applyDue(account, RELEASE, END).account;
    expect(startOf(begun)).toBe(END);
    expect(startOf(begun, instant(END - 1))).toBe(LATER);
  });

  test('of a feature that is handed from one grant to the next go on', () => {
    const first = made(grant('calls', { value: 10, expiresAt: LATER }));
    const account = made(grant('calls', { grantId: id('2'), value: 10, startsAt: LATER }), first);
    expect(applyDue(account, RELEASE, END).account.windowAnchors.get(featureKey('calls'))).toBe(NOW);
  });

  test('are anchored by no block', () => {
    expect(made(grant('calls', { effect: 'BLOCK' })).windowAnchors.size).toBe(0);
  });
});

test('the ceiling beside the counter is what the grant makes of it, until it ends', () => {
  const bought = accepted(execute(newCustomer(), subscribeTo('free'), RELEASE, NOW)).account;
  const more = made(grant('projects', { value: 5, expiresAt: END }), bought);
  const ceiling = (account: CustomerAccount) => ceilingOf(account, RELEASE, featureKey('projects'), NOW);
  expect(ceiling(more)).toMatchObject({ ceiling: 8, validUntil: END });
  expect(
    ceiling(made(grant('projects', { grantId: id('2'), effect: 'REPLACE', value: 1 }), more)),
  ).toMatchObject({
    ceiling: 6,
  });
  expect(ceiling(made(grant('projects', { grantId: id('3'), effect: 'BLOCK' }), more))).toMatchObject({
    ceiling: 0,
  });
});

test('the status is shown as time has made it', () => {
  const [one] = made(grant('sso', { startsAt: LATER, expiresAt: END })).grants;
  if (!one) throw new Error('a grant');
  expect([NOW, LATER, END].map((at) => grantStatusAt(one, at))).toEqual(['SCHEDULED', 'ACTIVE', 'EXPIRED']);
});
