import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { catalogJsonSchema, parseCatalogDocument, parseCatalogYaml } from './parse.js';
import type { CatalogProblem } from './problem.js';

const EXAMPLE = readFileSync(path.join(__dirname, 'fixtures/example.yaml'), 'utf8');

test('the whole language is read: the example parses, every part of it kept', () => {
  const parse = parseCatalogYaml(EXAMPLE);
  if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
  const { catalog } = parse;
  expect(catalog.features.size).toBe(11);
  expect(catalog.plans.size).toBe(6);
  expect(catalog.addOns.size).toBe(2);
  expect(catalog.transitions).toHaveLength(4);
  expect(catalog.scenarios).toHaveLength(6);
  const plans = Object.fromEntries(catalog.plans);
  expect(plans['pro']?.rules).toHaveLength(2);
  expect(plans['desktop-perpetual']?.machines).toMatchObject({ limit: 2, match: 'two', offlineFiles: 2 });
  expect(Object.fromEntries(plans['studio-seats']?.entitlements ?? [])).toMatchObject({
    editors: { kind: 'BOUGHT', atLeast: 5, atMost: 500, default: 20 },
  });
  expect(Object.fromEntries(plans['metered']?.entitlements ?? [])).toMatchObject({
    'ai-credits': { kind: 'BLOCKS', blocks: [{ quantity: 10000, given: 'everyPeriod' }] },
  });
});

test('the JSON form of a document is read as its YAML form is', () => {
  const yaml = parseCatalogYaml(EXAMPLE);
  if (!yaml.ok) throw new Error('the example parses');
  const { catalog, document } = yaml;
  const json = parseCatalogDocument(JSON.parse(JSON.stringify(document)));
  expect(json).toMatchObject({ ok: true, document });
  expect(json.ok && json.catalog).toEqual(catalog);
});

test('the JSON Schema describes the document', () => {
  expect(catalogJsonSchema()).toMatchObject({
    type: 'object',
    properties: { plans: {}, features: {} },
    additionalProperties: false,
  });
});

const HEAD = 'catalog: 1\nname: x\n';
const FEATURES = `${HEAD}features:\n  sso: { type: boolean }\n  calls: { type: metered, window: P1M }\n  seats: { type: seats, kind: named }\n  level: { type: config, values: [a, b] }\n  credits: { type: metered, prepaid: true }\nplans:\n`;

/** What is wrong, where it stands (path, line, column), and what the message says. */
const MALFORMED: readonly (readonly [string, string, string, number, number, RegExp])[] = [
  ['a tab for indentation', 'catalog: 1\n\tname: x\n', '', 2, 1, /tab/i],
  ['a key twice', `${HEAD}name: y\nfeatures: {}\nplans: {}\n`, '', 3, 1, /unique/],
  ['an alias', `${HEAD}features: &f {}\nplans: *f\n`, '', 4, 8, /alias/],
  ['a merge', `${HEAD}features: {}\nplans:\n  <<: {}\n`, '', 5, 3, /merge/],
  ['nothing', '', '', 1, 1, /Invalid input|empty/],
  ['another version', 'catalog: 2\nname: x\nfeatures: {}\nplans: {}\n', '/catalog', 1, 10, /version 1/],
  ['a missing name', 'catalog: 1\nfeatures: {}\nplans: {}\n', '/name', 1, 1, /missing/],
  [
    'an unknown key',
    `${HEAD}features: {}\nplans: {}\ncolour: red\n`,
    '/colour',
    5,
    1,
    /unknown key `colour`/,
  ],
  [
    'an upper-case key',
    `${HEAD}features:\n  SSO: { type: boolean }\nplans: {}\n`,
    '/features/SSO',
    4,
    3,
    /not a key/,
  ],
  [
    'an unknown type',
    `${HEAD}features:\n  sso: { type: switch }\nplans: {}\n`,
    '/features/sso/type',
    4,
    16,
    /Invalid/,
  ],
  [
    'a bad duration',
    `${HEAD}staleFor: 1h\nfeatures: {}\nplans: {}\n`,
    '/staleFor',
    3,
    11,
    /`1h` is not a positive ISO 8601 duration/,
  ],
  [
    'a negative duration',
    `${HEAD}staleFor: -PT1H\nfeatures: {}\nplans: {}\n`,
    '/staleFor',
    3,
    11,
    /positive/,
  ],
  ['a bad time zone', `${HEAD}timeZone: Mars/Base\nfeatures: {}\nplans: {}\n`, '/timeZone', 3, 11, /IANA/],
  [
    'a window of ages',
    `${HEAD}features:\n  calls: { type: metered, window: P300000Y }\nplans: {}\n`,
    '/features/calls/window',
    4,
    35,
    /century/,
  ],
  [
    'a trial of ages',
    `${FEATURES}  p: { model: subscription, trial: { for: P101Y } }\n`,
    '/plans/p/trial/for',
    10,
    43,
    /century/,
  ],
  [
    'a number as a key',
    `${HEAD}features:\n  d: { type: boolean, versions: { 4.10: "2025-01-01" } }\nplans: {}\n`,
    '',
    4,
    35,
    /quotes/,
  ],
  ['a list as a key', `${HEAD}features:\n  ? [a]\n  : { type: boolean }\nplans: {}\n`, '', 4, 5, /quotes/],
  [
    'a name of the machine',
    `${HEAD}features:\n  __proto__: { type: boolean }\nplans: {}\n`,
    '',
    4,
    3,
    /__proto__/,
  ],
  [
    'a metered feature without a window',
    `${HEAD}features:\n  calls: { type: metered }\nplans: {}\n`,
    '/features/calls',
    4,
    10,
    /needs a `window`/,
  ],
  [
    'a window and prepaid',
    `${HEAD}features:\n  calls: { type: metered, prepaid: true, window: P1M }\nplans: {}\n`,
    '/features/calls/window',
    4,
    50,
    /no window/,
  ],
  [
    'a window of a minute',
    `${HEAD}features:\n  calls: { type: metered, window: PT1M }\nplans: {}\n`,
    '/features/calls/window',
    4,
    35,
    /an hour at least/,
  ],
  [
    'an unknown feature in a plan',
    `${FEATURES}  p: { model: subscription, entitlements: { nope: 1 } }\n`,
    '/plans/p/entitlements/nope',
    10,
    45,
    /no feature `nope`/,
  ],
  [
    'false for a boolean',
    `${FEATURES}  p: { model: subscription, entitlements: { sso: false } }\n`,
    '/plans/p/entitlements/sso',
    10,
    50,
    /leave it out/,
  ],
  [
    'a text for a number',
    `${FEATURES}  p: { model: subscription, entitlements: { calls: many } }\n`,
    '/plans/p/entitlements/calls',
    10,
    52,
    /limit/,
  ],
  [
    'a negative limit',
    `${FEATURES}  p: { model: subscription, entitlements: { calls: -1 } }\n`,
    '/plans/p/entitlements/calls',
    10,
    52,
    /whole number/,
  ],
  [
    'a fraction',
    `${FEATURES}  p: { model: subscription, entitlements: { calls: 1.5 } }\n`,
    '/plans/p/entitlements/calls',
    10,
    52,
    /whole number/,
  ],
  [
    'soft without overage',
    `${FEATURES}  p: { model: subscription, entitlements: { calls: { limit: 1, enforce: soft } } }\n`,
    '/plans/p/entitlements/calls',
    10,
    52,
    /needs an `overage`/,
  ],
  [
    'overage without soft',
    `${FEATURES}  p: { model: subscription, entitlements: { calls: { limit: 1, overage: 1 } } }\n`,
    '/plans/p/entitlements/calls',
    10,
    52,
    /`enforce: soft` only/,
  ],
  [
    'a value that is none',
    `${FEATURES}  p: { model: subscription, entitlements: { level: c } }\n`,
    '/plans/p/entitlements/level',
    10,
    52,
    /none of the feature's values: a, b/,
  ],
  [
    'a number for credits',
    `${FEATURES}  p: { model: subscription, entitlements: { credits: 5 } }\n`,
    '/plans/p/entitlements/credits',
    10,
    54,
    /expected object/,
  ],
  [
    'a trial that ends on nothing',
    `${FEATURES}  p: { model: subscription, trial: { for: P1D, then: q } }\n`,
    '/plans/p/trial/then',
    10,
    54,
    /no such key `q`/,
  ],
  [
    'a default outside of its bounds',
    `${FEATURES}  p: { model: seats, entitlements: { seats: { bought: { atLeast: 5, default: 1 } } } }\n`,
    '/plans/p/entitlements/seats/bought/default',
    10,
    78,
    /outside/,
  ],
  [
    'a perpetual plan with a period',
    `${FEATURES}  p: { model: perpetual, period: P1M }\n`,
    '/plans/p/period',
    10,
    34,
    /no period/,
  ],
  [
    'a transition to nowhere',
    `${FEATURES}  p: { model: subscription }\ntransitions:\n  - { from: p, to: q }\n`,
    '/transitions/0/to/0',
    12,
    20,
    /no such key `q`/,
  ],
  [
    'an add-on with an unknown plan',
    `${FEATURES}  p: { model: subscription }\naddOns:\n  a: { with: [q], entitlements: {} }\n`,
    '/addOns/a/with/0',
    12,
    15,
    /no such key `q`/,
  ],
  [
    'a scenario of an unknown plan',
    `${FEATURES}  p: { model: subscription }\nscenarios:\n  - { name: s, given: { plan: q }, check: { feature: sso }, expect: {} }\n`,
    '/scenarios/0/given/plan',
    12,
    31,
    /no such key `q`/,
  ],
];

test.each(MALFORMED)('%s is an error with its place', (_what, yaml, at, line, column, message) => {
  const parse = parseCatalogYaml(yaml);
  if (parse.ok) throw new Error('it was accepted');
  const found = parse.problems.map((problem: CatalogProblem) => [
    problem.path,
    problem.line,
    problem.column,
    problem.message,
  ]);
  expect(found).toContainEqual([at, line, column, expect.stringMatching(message)]);
});

test('all problems are told at once', () => {
  const parse = parseCatalogYaml(
    `${FEATURES}  p: { model: subscription, entitlements: { nope: 1, sso: 5 } }\n`,
  );
  expect(parse).toMatchObject({
    ok: false,
    problems: [{ path: '/plans/p/entitlements/nope' }, { path: '/plans/p/entitlements/sso' }],
  });
});

test('no text makes the parser throw', () => {
  const lines = EXAMPLE.split('\n');
  const mutation = fc.record({
    line: fc.nat(lines.length - 1),
    replacement: fc.oneof(
      fc.string(),
      fc.constantFrom(
        '',
        '  - {',
        'a: [',
        '? x',
        '<<: *a',
        '&a b: c',
        '!!int x',
        '  features: 1',
        'plans: 7',
        '%YAML 9',
      ),
    ),
  });
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      const text = [...lines];
      for (const { line, replacement } of mutations) text[line] = replacement;
      expect(typeof parseCatalogYaml(text.join('\n')).ok).toBe('boolean');
    }),
    { numRuns: 60 },
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(parseCatalogDocument(value).ok).toBe(false);
    }),
    { numRuns: 100 },
  );
});
