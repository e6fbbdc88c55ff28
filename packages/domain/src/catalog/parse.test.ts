import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { catalogJsonSchema, parseCatalogDocument, parseCatalogYaml } from './parse.js';
import { type Path, pointer } from './problem.js';

const EXAMPLE = readFileSync(path.join(__dirname, 'fixtures/example.yaml'), 'utf8');

test('the whole language is read: the example parses, every part of it kept', () => {
  const parse = parseCatalogYaml(EXAMPLE);
  if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
  const { catalog } = parse;
  expect(parse.problems).toEqual([]);
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
  const json = parseCatalogDocument(JSON.parse(JSON.stringify(yaml.document)));
  expect(json).toEqual({ ...yaml, locate: expect.any(Function) });
});

test('the JSON Schema describes the document', () => {
  expect(catalogJsonSchema()).toMatchObject({
    type: 'object',
    properties: { plans: {}, features: {} },
    additionalProperties: false,
  });
});

const HEAD = 'catalog: 1\nname: x\n';

/** The places of all single values of a document. */
function leavesOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([key, part]) =>
    leavesOf(part, [...at, Array.isArray(value) ? Number(key) : key]),
  );
}

function replaced(value: unknown, [step, ...below]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === step ? replaced(item, below, by) : item));
  if (typeof value !== 'object' || value === null) throw new Error('the path ends before');
  return Object.fromEntries(
    Object.entries(value).map(([key, part]): [string, unknown] => [
      key,
      key === step ? replaced(part, below, by) : part,
    ]),
  );
}

function exampleDocument(): unknown {
  const parse = parseCatalogYaml(EXAMPLE);
  if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
  return parse.document;
}

test('a broken part is told where it stands, and nothing else is said on its account', () => {
  const document = exampleDocument();
  const leaves = leavesOf(document);
  expect(leaves.length).toBeGreaterThanOrEqual(200);
  for (const leaf of leaves) {
    const parse = parseCatalogDocument(replaced(document, leaf, [{ nonsense: 1 }]));
    const places = parse.problems.map(({ path: at }) => at);
    expect([leaf, places.length > 0]).toEqual([leaf, true]);
    for (const at of places) expect(`${at}/`).toMatch(startOf(pointer(leaf)));
  }
});

function startOf(place: string): RegExp {
  return new RegExp(`^${place.replaceAll('$', '\\$')}/`);
}

test('a part that is missing is told as its own, or may be left out', () => {
  const document = exampleDocument();
  for (const leaf of leavesOf(document)) {
    const parse = parseCatalogDocument(replaced(document, leaf, undefined));
    for (const { message } of parse.problems) expect(message).not.toMatch(LIBRARY_WORDS);
  }
});

/** What the libraries beneath would say, had it not been put in our own words. */
const LIBRARY_WORDS =
  /Invalid|Unrecognized|Too (small|big)|received|at line \d|Unexpected|undefined|\[object/;

describe('a document that JSON cannot hold', () => {
  const cyclic: Record<string, unknown> = { name: 'x' };
  cyclic['features'] = { sso: { type: 'boolean', versions: cyclic } };
  const deep = Array.from({ length: 20_000 }).reduce<unknown>((inner) => [inner], 1);
  const remedy = 'leave it out, or write a text, a number, `true`, `false`, a list or a mapping';
  test.each([
    ['a cycle', cyclic, '/features/sso/versions', `this part contains itself; ${remedy}`],
    ['a big integer', { catalog: 1n }, '/catalog', `a bigint stands here, which JSON cannot hold; ${remedy}`],
    ['a function', { name: () => 'x' }, '/name', `a function stands here, which JSON cannot hold; ${remedy}`],
    ['a symbol', { name: Symbol('x') }, '/name', `a symbol stands here, which JSON cannot hold; ${remedy}`],
    [
      'a date',
      { plans: new Date(0) },
      '/plans',
      `an object of a class stands here, which JSON cannot hold; ${remedy}`,
    ],
    ['no number', { staleFor: NaN }, '/staleFor', `\`NaN\` is no number that JSON can hold; ${remedy}`],
    ['a hole in a list', { expiringSoon: [undefined] }, '/expiringSoon/0', `nothing stands here; ${remedy}`],
    [
      'a name of the machine',
      JSON.parse('{ "features": { "__proto__": {} } }'),
      '/features/__proto__',
      'no key can be called `__proto__`; choose another name',
    ],
  ])('%s is a problem, not a crash', (_what, document: unknown, at, message) => {
    expect(parseCatalogDocument(document).problems).toContainEqual({
      path: at,
      line: null,
      column: null,
      message,
      severity: 'ERROR',
    });
  });

  test.each([undefined, null, 5, 'x', () => 1, [], 1n])('%p is no catalog', (value) => {
    expect(parseCatalogDocument(value)).toMatchObject({ ok: false, problems: [{ path: '' }] });
  });

  test('nesting without end is a problem, not a crash, in JSON and in YAML', () => {
    const { problems } = parseCatalogDocument({ features: deep });
    expect(problems.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/nested more than 64/),
    );
    const yamls = ['['.repeat(20_000), '- '.repeat(20_000), '? '.repeat(20_000), '{a: '.repeat(20_000)];
    for (const yaml of yamls) {
      expect(parseCatalogYaml(yaml)).toMatchObject({
        ok: false,
        problems: [{ message: expect.stringMatching(/nested more than 64/) }],
      });
    }
  });

  test('thousands of problems are told, each one', () => {
    const keys = Array.from({ length: 1_000 }, (_none, index) => `k${String(index)}`);
    const document = {
      catalog: 1,
      name: 'x',
      features: { level: { type: 'config', values: [...keys, 'k0'] } },
      plans: Object.fromEntries(keys.map((key) => [key, { model: 'usage', grace: 1 }])),
      transitions: keys.map((key) => ({ from: key, to: `${key}-gone` })),
      expiringSoon: keys.map(() => 1),
    };
    const { problems } = parseCatalogDocument(document);
    expect(problems).toHaveLength(3_001);
  });

  test('the rest of it is judged all the same', () => {
    const parse = parseCatalogDocument({ catalog: 1, name: () => 'x', features: { sso: {} }, plans: {} });
    expect(parse.problems.map(({ path: at }) => at)).toEqual(['/name', '/features/sso/type']);
  });
});

describe('accepted', () => {
  test('maintenance of a plan that is not perpetual: it may be sold by licence', () => {
    const parse = parseCatalogYaml(
      `${HEAD}features: {}\nplans: { p: { model: subscription, period: P1Y, maintenance: P1Y } }\n`,
    );
    if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
    expect([...parse.catalog.plans.values()]).toMatchObject([{ key: 'p', maintenance: 'P1Y' }]);
  });

  test('seats with their enforcement written out: a bare number is the short form of it', () => {
    const parse = parseCatalogYaml(
      `${HEAD}features: { s: { type: seats, kind: named } }\nplans:\n  p: { model: seats, entitlements: { s: { limit: 5, enforce: soft, overage: 1 } } }\n`,
    );
    if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
    const [plan] = parse.catalog.plans.values();
    expect([...(plan?.entitlements.values() ?? [])]).toEqual([
      { kind: 'UNITS', limit: 5, enforcement: { kind: 'SOFT', overage: { units: 1 } } },
    ]);
  });

  test('one name of a list without its brackets', () => {
    const parse = parseCatalogYaml(
      `${HEAD}features: {}\nplans: { p: { model: usage }, q: { model: usage } }\ntransitions: [{ from: p, to: [p, q] }]\n`,
    );
    if (!parse.ok) throw new Error(JSON.stringify(parse.problems));
    expect(parse.catalog.transitions).toMatchObject([{ from: ['p'], to: ['p', 'q'] }]);
  });

  test('a lonely family with a slip in it, with a warning', () => {
    const parse = parseCatalogYaml(
      `${HEAD}features: {}\nplans:\n  a: { model: usage, family: cloud }\n  b: { model: usage, family: cloud }\n  c: { model: usage, family: clod }\n`,
    );
    expect(parse).toMatchObject({
      ok: true,
      problems: [{ path: '/plans/c/family', line: 7, column: 30, severity: 'WARNING' }],
    });
  });

  test('a time in which nothing is counted, as catalogs have been published with, with a warning', () => {
    const parse = parseCatalogYaml(
      `${HEAD}features: {}\nplans:\n  a: { model: usage, machines: { limit: 1, per: P1Y } }\n`,
    );
    expect(parse).toMatchObject({
      ok: true,
      problems: [{ path: '/plans/a/machines/per', severity: 'WARNING' }],
    });
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
      for (const { line, column, message } of parseCatalogYaml(text.join('\n')).problems) {
        expect(line).toBeGreaterThan(0);
        expect(column).toBeGreaterThan(0);
        expect(message).not.toMatch(LIBRARY_WORDS);
      }
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
