import {
  addOnVersionsAfter,
  changesBetween,
  isSameOffer,
  parseCatalogYaml,
  planVersionsAfter,
  previewRelease,
} from '../index.js';
import type { AddOnVersion, ParsedCatalog, Release, SubscriptionGroup } from '../index.js';
import { releaseFrom } from '../../testing/states.js';
import { addOn, addOnKey, planKey } from '../../testing/subscriptions.js';

function catalog(lines: { readonly calls?: number; readonly name?: string; readonly rest?: string }): string {
  const { calls = 10, name = 'Free', rest = '' } = lines;
  return `
catalog: 1
name: Test
features:
  sso: { type: boolean }
  calls: { type: metered, window: P1M, anchor: calendar }
plans:
  free: { name: ${name}, model: subscription, entitlements: { calls: ${String(calls)} } }
  pro: { model: subscription, period: P1M, entitlements: { calls: 100, sso: true } }
${rest}`;
}
function parsed(yaml: string): ParsedCatalog {
  const parse = parseCatalogYaml(yaml);
  if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
  return parse;
}
const base: Release = {
  ...releaseFrom(catalog({})),
  addOnVersions: new Map([[addOnKey('more'), { version: 1, addOn: addOn('more', ['pro'], { calls: 3 }) }]]),
};

/** The highest version that each plan ever had: others were sold between, and taken back. */
const NEWEST = new Map([
  ['free', 4],
  ['pro', 1],
]);

function candidate(yaml: string): { readonly parsed: ParsedCatalog; readonly release: Release } {
  const made = parsed(yaml);
  const planVersions = planVersionsAfter(made.catalog, base, NEWEST);
  const addOnVersions = addOnVersionsAfter(made.catalog, base, new Map([['more', 4]]));
  return {
    parsed: made,
    release: { ...base, number: 2, catalog: made.catalog, planVersions, addOnVersions },
  };
}
function addOnVersions(yaml: string): Record<string, number> {
  return Object.fromEntries(
    [...candidate(yaml).release.addOnVersions].map(([key, { version }]) => [key, version]),
  );
}
function versions(yaml: string): Record<string, number> {
  const { release } = candidate(yaml);
  return Object.fromEntries([...release.planVersions].map(([key, { version }]) => [key, version]));
}

test('a plan that sells the same keeps its version; another gets the next number that no version had', () => {
  expect(versions(catalog({}))).toEqual({ free: 1, pro: 1 });
  expect(versions(catalog({ name: 'Starter' }))).toEqual({ free: 1, pro: 1 });
  expect(versions(catalog({ calls: 11 }))).toEqual({ free: 5, pro: 1 });
  expect(versions(catalog({}).replace('P1M, ent', 'P1Y, ent'))).toEqual({ free: 1, pro: 2 });
});

test('an add-on that gives the same keeps its version, whatever it is called and sold with', () => {
  expect(addOnVersions(moreWith(3))).toEqual({ more: 1 });
  expect(addOnVersions(moreWith(3).replace('name: More, with: [pro]', 'name: Else, with: [free]'))).toEqual({
    more: 1,
  });
  expect(addOnVersions(moreWith(5))).toEqual({ more: 5 });
  expect(addOnVersions(catalog({}))).toEqual({});
});

test('the order in which a plan is written does not change it', () => {
  const other = parsed(catalog({}).replace('calls: 100, sso: true', 'sso: true, calls: 100')).catalog;
  const one = base.catalog.plans.get(planKey('pro'));
  const same = other.plans.get(planKey('pro'));
  expect(one && same && isSameOffer(one, same)).toBe(true);
});

test('changes are told by path: what is added, removed, changed; lists as a whole', () => {
  expect(
    changesBetween(
      { same: 1, gone: 2, deep: { x: 1, 'a/b': [1] }, list: [1, 2] },
      { same: 1, new: null, deep: { x: 2, 'a/b': [1] }, list: [2, 1] },
    ).map(({ path, kind, before, after }) => [path, kind, before, after]),
  ).toEqual([
    ['/deep/x', 'CHANGED', 1, 2],
    ['/gone', 'REMOVED', 2, null],
    ['/list', 'CHANGED', [1, 2], [2, 1]],
    ['/new', 'ADDED', null, null],
  ]);
  expect(changesBetween({ 'a/b~c': 1 }, { 'a/b~c': 2 })[0]?.path).toBe('/a~1b~0c');
});

const sold = (key: string) => {
  const version = base.planVersions.get(planKey(key));
  if (!version) throw new Error(key);
  return version;
};
/** An add-on of three calls, as it was bought. */
const MORE: AddOnVersion = {
  version: 1,
  addOn: addOn('more', ['pro'], { calls: 3 }),
};
const GROUPS: SubscriptionGroup[] = [
  { planVersion: sold('free'), addOns: [], movedBy: null, count: 7 },
  { planVersion: sold('pro'), addOns: [MORE], movedBy: null, count: 2 },
];
const moreWith = (calls: number, more = ''): string =>
  catalog({
    rest: `addOns: { more: { name: More, with: [pro], entitlements: { calls: ${String(calls)} } } }\n${more}`,
  });

test.each<[string, string, Record<string, number>]>([
  ['a plan, where subscriptions stay', catalog({ calls: 11 }), { '/plans/free/entitlements/calls': 0 }],
  [
    'a plan, where they move',
    catalog({ calls: 11, rest: 'existingSubscriptions: atRenewal' }),
    { '/existingSubscriptions': 0, '/plans/free/entitlements/calls': 7 },
  ],
  ['a name', catalog({ name: 'Starter' }), { '/plans/free/name': 0 }],
  [
    'a feature that some plans give',
    catalog({}).replace('{ type: boolean }', '{ type: boolean, whenUnknown: open }'),
    { '/features/sso/whenUnknown': 2 },
  ],
  [
    'a rule for all that give the feature',
    catalog({ rest: 'rules: [{ name: no, feature: calls, when: "true", then: deny }]' }),
    { '/rules': 9 },
  ],
  ['an add-on that is held, where subscriptions stay', moreWith(5), { '/addOns': 0 }],
  [
    'an add-on that is held, where they move',
    moreWith(5, 'existingSubscriptions: now'),
    { '/addOns': 2, '/existingSubscriptions': 0 },
  ],
  [
    'an add-on that gives the same under another name',
    moreWith(3, 'existingSubscriptions: now'),
    { '/addOns': 0, '/existingSubscriptions': 0 },
  ],
  ['the time zone', catalog({ rest: 'timeZone: Europe/Berlin' }), { '/timeZone': 9 }],
])('a preview counts the subscriptions that %s touches', (_name, yaml, counts) => {
  const { document } = parsed(catalog({}));
  const { changes } = previewRelease(candidate(yaml), {
    document,
    features: new Map(),
    subscriptions: GROUPS,
  });
  expect(Object.fromEntries(changes.map((change) => [change.path, change.subscriptionsAffected]))).toEqual(
    counts,
  );
});

test('a windowed feature does not become prepaid: its units would mean something else', () => {
  const yaml = catalog({})
    .replace('window: P1M, anchor: calendar', 'prepaid: true')
    .replace(/calls: 10+/g, 'x: 1');
  const made = parsed(yaml.replace(/entitlements: \{ x: 1(, sso: true)? \}/g, 'entitlements: {}'));
  const { problems } = previewRelease(
    { parsed: made, release: { ...base, catalog: made.catalog } },
    { document: {}, features: new Map([['calls', 'METERED']]), subscriptions: [] },
  );
  expect(problems).toMatchObject([{ path: '/features/calls/type', line: 6, severity: 'ERROR' }]);
});
