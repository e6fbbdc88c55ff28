import { newCustomer, time } from '../../testing/subscriptions.js';
import { releaseFrom, subscriptionFrom, type Given } from '../../testing/states.js';
import { instant } from '../time/instant.js';
import { type Condition, type Verdict } from './condition.js';
import { CustomerFacts, type Facts, SubscriptionFacts, UsageFacts } from './facts.js';
import { readCondition } from './read-condition.js';

const RELEASE = releaseFrom(`
catalog: 1
name: conditions
features: { sso: { type: boolean }, projects: { type: limit }, api-calls: { type: metered, window: P1M } }
plans: { pro: { model: subscription, trial: { for: P14D } } }
addOns: { more: { with: pro, entitlements: { projects: 1 } } }
`);
const NOW = time('2026-01-15T12:00:00Z');

function conditionOf(text: string): Condition {
  const reading = readCondition(text, { scope: 'PLAN', features: RELEASE.catalog.features });
  if (!reading.ok) throw new Error(`${text}: ${JSON.stringify(reading.faults)}`);
  return reading.condition;
}

function factsWith(given: {
  readonly attributes?: Record<string, unknown>;
  readonly context?: Record<string, unknown>;
  readonly subscription?: Given;
  readonly at?: string;
}): Facts {
  const customer = newCustomer();
  const profile = {
    name: 'Acme',
    createdAt: time('2026-01-14T12:00:00Z'),
    attributes: given.attributes ?? {},
  };
  return {
    customer: new CustomerFacts({ ...customer, profile }),
    context: given.context ?? {},
    subscription: new SubscriptionFacts(subscriptionFrom(RELEASE, given.subscription ?? { plan: 'pro' })),
    usage: (key) => new UsageFacts({ used: key === 'projects' ? 7 : 0, reserved: 2 }),
    now: given.at === undefined ? NOW : time(given.at),
  };
}

const says = (text: string, given: Parameters<typeof factsWith>[0] = {}): Verdict =>
  conditionOf(text).verdict(factsWith(given));

describe('conditions see', () => {
  test.each<[string, Parameters<typeof factsWith>[0]]>([
    ['customer.id == "acme" && customer.name == "Acme" && customer.timeZone == "UTC"', {}],
    ['customer.attributes.country in ["DE", "FR"]', { attributes: { country: 'FR' } }],
    ['customer.attributes.employees >= 50', { attributes: { employees: 50 } }],
    ['customer.attributes.tier == 2 && customer.attributes.tier in [1, 2]', { attributes: { tier: 2 } }],
    ['int(context.seats) * 2 == 10', { context: { seats: 5 } }],
    ['"beta" in customer.attributes.tags', { attributes: { tags: ['beta'] } }],
    ['customer.attributes.tags.exists(t, t.startsWith("b"))', { attributes: { tags: ['a', 'b1'] } }],
    ['customer.attributes.address.city == "Bonn"', { attributes: { address: { city: 'Bonn' } } }],
    ['has(context.vip) && context.vip', { context: { vip: true } }],
    ['context.vip', { context: { vip: true } }],
    ['!has(subscription.trialEndsAt) && subscription.status == "ACTIVE"', {}],
    [
      'subscription.trialEndsAt - now < duration("72h")',
      { subscription: { plan: 'pro', status: 'TRIALING', endsAt: '2026-01-17' } },
    ],
    ['subscription.plan == "pro" && subscription.planVersion == 1', {}],
    ['subscription.addOns["more"] >= 3', { subscription: { plan: 'pro', addOns: { more: 3 } } }],
    ['!("more" in subscription.addOns)', {}],
    ['usage.projects.used + usage.projects.reserved == 9 && usage["api-calls"].used == 0', {}],
    ['now - customer.createdAt < duration("72h")', {}],
    ['now < timestamp(customer.attributes.until)', { attributes: { until: '2026-01-16' } }],
    ['customer.createdAt.getFullYear() == 2026', {}],
  ])('%s', (text, given) => {
    expect(says(text, given)).toEqual({ kind: 'MET' });
  });
});

test.each<[string, Parameters<typeof factsWith>[0], string]>([
  ['customer.attributes.country == "DE"', {}, 'customer.attributes.country'],
  ['context.region == "eu"', {}, 'context.region'],
  ['context.user.role == "admin"', { context: { user: {} } }, 'context.user.role'],
  ['context["device"].kind == "phone"', {}, 'context["device"]'],
  ['subscription.trialEndsAt > now', {}, 'subscription.trialEndsAt'],
  ['has(customer.attributes.address.city)', {}, 'customer.attributes.address'],
])('%s names the fact that is missing', (text, given, field) => {
  expect(says(text, given)).toEqual({ kind: 'MISSING', fields: [field] });
});

test.each<[string, Record<string, unknown>, string[]]>([
  ['context.a == 1 && context.b == 2', {}, ['context.a', 'context.b']],
  ['context.a == 1 && context.b == 2', { a: 1 }, ['context.b']],
  ['context.a == 1 || context.b == 2 || context.c == 3', { b: 1 }, ['context.a', 'context.c']],
  ['context.a < context.b', {}, ['context.a', 'context.b']],
  ['context.a.b < context.a.c', {}, ['context.a']],
  ['(context.b == 1 && context.a == 2) || context.c', { a: 1 }, ['context.c']],
  ['(has(context.a) ? context.a == 1 : context.b == 2) && context.c', {}, ['context.b', 'context.c']],
  ['(context.a).b == 1 && (context.c == 2)', {}, ['context.a', 'context.c']],
  ['((context.b) == 1 || customer.id == "acme") && context.c', {}, ['context.c']],
  ['has(context.a.b) == has(context.c) && context.d', {}, ['context.a', 'context.d']],
  ['(context.a == 1 && context.b == 2) == context.c', { b: 3 }, ['context.c']],
  ['(has(context.a)) && context.b || !(context.c)', { a: 1 }, ['context.b', 'context.c']],
  ['context.tags.exists(t, t == context.a) && context.b', { tags: ['x'] }, ['context.a', 'context.b']],
  ['context.tags.exists(t, t == context.a) && context.b', {}, ['context.tags', 'context.b']],
])('%s, of %j, names every fact that is missing', (text, context, fields) => {
  expect(says(text, { context })).toEqual({ kind: 'MISSING', fields });
});

test('a missing fact beside one that decides by itself changes nothing', () => {
  expect(says('context.vip || customer.id == "acme"')).toEqual({ kind: 'MET' });
  expect(says('context.vip && customer.id == "other"')).toEqual({ kind: 'NOT_MET' });
});

test.each<[string, Parameters<typeof factsWith>[0], RegExp]>([
  ['context.level < 5', { context: { level: 'high' } }, /^`context.level < 5` cannot be worked out/],
  ['context.level ? true : false', { context: { level: 'high' } }, /^`context.level` cannot be worked out/],
  ['context.vip', { context: { vip: 'yes' } }, /neither true nor false/],
  [
    'now < timestamp(context.until)',
    { context: { until: '15 January 2026 12:00:00' } },
    /is not a time; write RFC 3339/,
  ],
  [
    '"a" in context.tags',
    { context: { tags: Array.from({ length: 1001 }, () => 'b') } },
    /`context.tags` is too long/,
  ],
  ['context.a.text == "b"', { context: { a: { text: 'x'.repeat(5000) } } }, /`context.a.text` is too long/],
])('%s cannot be evaluated on facts that do not fit, and says why', (text, given, detail) => {
  expect(says(text, given)).toMatchObject({ kind: 'BROKEN', detail: expect.stringMatching(detail) });
});

test('beside facts that are too long the others can be read', () => {
  const context = { tags: Array.from({ length: 5000 }, () => 'b'), region: 'eu' };
  expect(says('context.region == "eu"', { context })).toEqual({ kind: 'MET' });
});

/** Where it turns, found by trying the instants around the one that it names. */
test.each<[string, string | null]>([
  ['now < timestamp("2026-02-01T00:00:00Z")', '2026-02-01T00:00:00.000Z'],
  ['now <= timestamp("2026-02-01")', '2026-02-01T00:00:00.001Z'],
  ['now > timestamp("2026-02-01")', '2026-02-01T00:00:00.001Z'],
  ['now >= timestamp("2026-02-01")', '2026-02-01T00:00:00.000Z'],
  ['timestamp("2026-02-01") < now', '2026-02-01T00:00:00.001Z'],
  ['timestamp("2026-02-01") <= now', '2026-02-01T00:00:00.000Z'],
  ['now == timestamp("2026-02-01")', '2026-02-01T00:00:00.000Z'],
  ['now - customer.createdAt < duration("72h")', '2026-01-17T12:00:00.000Z'],
  ['now - customer.createdAt <= duration("72h")', '2026-01-17T12:00:00.001Z'],
  ['duration("72h") > now - customer.createdAt', '2026-01-17T12:00:00.000Z'],
  ['now - customer.createdAt < duration("24h0m0.0005s")', '2026-01-15T12:00:00.001Z'],
  ['timestamp("2026-02-01") - now < duration("24h")', '2026-01-31T00:00:00.001Z'],
  ['timestamp("2026-02-01") - now <= duration("24h")', '2026-01-31T00:00:00.000Z'],
  ['timestamp("2026-02-01") - now > duration("0.0005s")', '2026-02-01T00:00:00.000Z'],
  ['now < customer.createdAt + duration("72h")', '2026-01-17T12:00:00.000Z'],
  ['now < (customer.createdAt) + duration("72h")', '2026-01-17T12:00:00.000Z'],
  ['now < customer.createdAt + (duration("36h") + duration("36h"))', '2026-01-17T12:00:00.000Z'],
  ['(now) - ((customer.createdAt)) < (duration("24h")) + (duration("48h"))', '2026-01-17T12:00:00.000Z'],
  [
    'now < timestamp("2026-03-01") - (timestamp("2026-02-10T00:00:00Z") - (timestamp(\'2026-02-01\')))',
    '2026-02-20T00:00:00.000Z',
  ],
  [
    'now < (["a\\"b\\n", r"\\d"].exists(t, t == "\\u0061\\"b\\n") ? timestamp("2026-02-01") : customer.createdAt)',
    '2026-02-01T00:00:00.000Z',
  ],
  ['now < timestamp(context.missing)', null],
  ['now < timestamp("2026-01-01")', null],
  ['customer.id == "acme"', null],
])('%s turns at %s', (text, expected) => {
  const condition = conditionOf(text);
  const facts = factsWith({});
  const at = condition.turnsAfter(facts, NOW);
  expect(at === null ? null : new Date(at).toISOString()).toBe(expected);
  const verdictAt = (now: number): Verdict => condition.verdict({ ...facts, now: instant(now) });
  const before = verdictAt(at === null ? NOW + 9e10 : at - 1);
  expect(before).toEqual(verdictAt(NOW));
  if (at !== null) expect(verdictAt(at)).not.toEqual(before);
});

test('of several comparisons the next one turns it, again and again', () => {
  const condition = conditionOf('now > timestamp("2026-02-01") && now < timestamp("2026-03-01")');
  const facts = factsWith({});
  const first = condition.turnsAfter(facts, NOW);
  expect(first).toBe(time('2026-02-01T00:00:00.001Z'));
  expect(condition.turnsAfter(facts, first ?? NOW)).toBe(time('2026-03-01'));
  expect(condition.turnsAfter(facts, time('2026-03-01'))).toBeNull();
});

test('a condition is compared as it is written', () => {
  expect(JSON.stringify({ when: conditionOf('context.vip') })).toBe('{"when":"context.vip"}');
});

test('a condition that is too long is refused', () => {
  const text = `context.a == "${'x'.repeat(4096)}"`;
  expect(readCondition(text, { scope: 'PLAN', features: new Map() })).toMatchObject({ ok: false });
});

test.each([
  ['deep', `${'('.repeat(40)}true${')'.repeat(40)}`],
  ['wide', `context.a in [${Array.from({ length: 501 }, (_, n) => `"${String(n)}"`).join(', ')}]`],
  ['long', Array.from({ length: 400 }, () => 'true').join(' || ')],
])('a condition that is too %s is refused', (_what, text) => {
  const reading = readCondition(text, { scope: 'PLAN', features: new Map() });
  expect(reading).toMatchObject({ ok: false, faults: [{ message: expect.stringMatching(/too large/) }] });
});

test('a condition may take so many steps on the longest list, and no more', () => {
  const tests = Array.from({ length: 15 }, (_, n) => `t == "${String(n)}"`).join(' || ');
  const condition = conditionOf(`context.tags.exists(t, ${tests})`);
  const facts = factsWith({ context: { tags: Array.from({ length: 1000 }, () => 'x') } });
  expect(condition.verdict(facts)).toEqual({ kind: 'NOT_MET' });
  const more = `context.tags.exists(t, ${tests} || t == "a" || t == "b" || ${tests} || ${tests})`;
  expect(readCondition(more, { scope: 'PLAN', features: new Map() })).toMatchObject({ ok: false });
});

const joined = (parts: number) => Array.from({ length: parts }, () => 'context.tags').join(' + ');

test.each([
  ['goes through many lists joined into one', `(${joined(12)}).exists(t, t == "a" || t == "b" || t == "c")`],
  ['joins lists again and again', `size(${joined(20)}) == 0`],
  ['measures a long text for each item', 'context.tags.exists(t, size(string(context.text)) > 0)'],
  [
    'changes a long text, and measures it for each item',
    'context.tags.exists(t, context.text.trim().size() > 0)',
  ],
])('a condition that %s may take too long', (_what, text) => {
  expect(readCondition(text, { scope: 'PLAN', features: new Map() })).toMatchObject({
    ok: false,
    faults: [{ message: expect.stringMatching(/may take more than 100000 steps/) }],
  });
});

test.each([
  `(${joined(3)}).exists(t, t == "a" || t == "b")`,
  'context.tags.exists(t, t.trim().size() > 3 && int(t) + 1 < 5)',
  'context.first + " " + context.last == customer.attributes.first + "-" + customer.attributes.last',
  Array.from({ length: 20 }, () => 'usage.projects.used').join(' + ') + ' < 9',
])('%s is bounded', (text) => {
  expect(conditionOf(text).text).toBe(text);
});
