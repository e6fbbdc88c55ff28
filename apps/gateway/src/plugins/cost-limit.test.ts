import { buildSchema, getIntrospectionQuery, getOperationAST, parse, validate } from 'graphql';
import { COST_MAX, costCheck, costLimit, type Variables } from './cost-limit.js';

const schema = buildSchema(`
  type Query {
    all(first: Int! = 20): Connection
    many(inputs: [Int!]!): [Item!]!
    some: [Item]
    one: Item
    asked(input: Asked): Answer
  }
  input Asked { names: [String!] free: Free more: [Asked!] }
  scalar Free
  type Answer { ok: Boolean decisions: [Item!]! }
  type Connection { edges: [Edge!]! total: Int }
  type Edge { node: Item }
  type Item { id: ID all(first: Int! = 20): Connection some: [Item] }
`);

/** What is asked for, as the refusal says it; null where the document passes. */
function refusedCost(document: string): number | null {
  const [error] = validate(schema, parse(document), [costLimit]);
  return error ? Number(/up to (\d+)/.exec(error.message)?.[1]) : null;
}

/** The cost of a field, told by as many of it as are refused. */
function costOf(field: string): number {
  const times = COST_MAX;
  const inner = `query { ${Array.from({ length: times / 100 }, (_, i) => `a${String(i)}: ${field}`).join(' ')} }`;
  return (refusedCost(inner) ?? 0) / (times / 100);
}

const FULL = 'some { some { some { id } } }';

test.each([
  ['a list without a size counts ten items', `some { ${FULL} }`, 1 + 10 * (1 + 10 * (1 + 10 * (1 + 10)))],
  ['`first` sizes the list below it', `all(first: 3) { edges { node { ${FULL} } } }`, 2 + 3 * (1 + 1111)],
  ['`first` left out is its default', `all { edges { node { ${FULL} } } }`, 2 + 20 * (1 + 1111)],
  ['a list of inputs sizes its answers', `many(inputs: [1, 2]) { ${FULL} }`, 1 + 2 * 10 + 2 * 1111],
  ['more than a page is a page', `all(first: 9999) { edges { node { ${FULL} } } }`, 2 + 100 * (1 + 1111)],
])('%s', (_name, field, cost) => {
  expect(costOf(field)).toBe(cost);
});

/** As `refusedCost`, by the variables of one request. */
function refusedWith(query: string, variables: Variables): number | null {
  const document = parse(query);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('one operation');
  const error = costCheck(schema, document, operation)?.(variables);
  return error ? Number(/up to (\d+)/.exec(error.message)?.[1]) : null;
}

test('what comes in a variable counts as it is, or as its default', () => {
  const page = (first: string): string => `all(first: ${first}) { edges { node { ${FULL} } } }`;
  for (const head of ['($n: Int!)', '($n: Int! = 3)'])
    expect(refusedCost(`query ${head} { ${page('$n')} }`)).toBeNull();
  const asked = `query ($n: Int! = 100) { ${page('$n')} }`;
  const whole = refusedCost(`{ ${page('100')} }`);
  expect(whole).not.toBeNull();
  for (const variables of [{ n: 100 }, { n: 1e9 }, {}, null, undefined])
    expect(refusedWith(asked, variables)).toBe(whole);
  for (const n of [10, -1, 0, 'x', null]) expect(refusedWith(asked, { n })).toBeNull();
});

const NAMES = Array.from({ length: 1000 }, (_, at) => `n${String(at)}`);
const LITERAL = `[${NAMES.map((name) => `"${name}"`).join()}]`;

test('what an input asks for counts, whether the answer shows it or not', () => {
  const times = (count: number, field: string): string =>
    Array.from({ length: count }, (_, at) => `a${String(at)}: ${field}`).join(' ');
  const ofLiteral = (count: number): string =>
    `{ ${times(count, `asked(input: { names: ${LITERAL} }) { ok }`)} }`;
  expect(refusedCost(ofLiteral(9))).toBeNull();
  expect(refusedCost(ofLiteral(10))).toBe(10 * (10_000 + 2));
  const ofVariable = (count: number): string =>
    `query ($input: Asked) { ${times(count, 'asked(input: $input) { ok }')} }`;
  expect(refusedCost(ofVariable(10))).toBeNull();
  expect(refusedWith(ofVariable(10), { input: { names: NAMES } })).toBe(10 * (10_000 + 2));
  expect(refusedWith(ofVariable(10), { input: { more: [{ names: NAMES }] } })).toBe(10 * (10_010 + 2));
  const ofName = `query ($names: [String!]) { ${times(10, 'asked(input: { names: $names }) { ok }')} }`;
  expect(refusedWith(ofName, { names: NAMES })).toBe(10 * (10_000 + 2));
  expect(refusedWith(ofVariable(9), { input: { names: NAMES } })).toBeNull();
  expect(refusedWith(ofVariable(10), { input: { free: NAMES } })).toBeNull();
  expect(refusedWith(ofVariable(10), { input: { names: 'one' } })).toBeNull();
});

test('many fragments in each other are worked out at once', () => {
  const levels = 40;
  const fragments = Array.from({ length: levels }, (_, level) => {
    const next = level + 1 < levels ? `...F${String(level + 1)}` : '__typename';
    return `fragment F${String(level)} on Item { a: all(first: $n) { ...C${String(level)} } b: all(first: $m) { ...C${String(level)} } }
      fragment C${String(level)} on Connection { edges { node { ${next} } } }`;
  }).join(' ');
  expect(
    refusedWith(`query ($n: Int! = 2, $m: Int! = 1) { one { ...F0 } } ${fragments}`, {}),
  ).toBeGreaterThan(1e12);
});

test('the list below that answers it is as long', () => {
  const asked = `query ($input: Asked) { asked(input: $input) { decisions { ${FULL} } } }`;
  expect(refusedWith(asked, { input: { names: NAMES } })).toBe(1 + 10_000 + 1 + 1000 * 1111);
});

test('fragments count as often as they are spread, by the size at that place', () => {
  const fragment = `fragment F on Connection { edges { node { ${FULL} } } }`;
  const one = refusedCost(`{ all(first: 100) { ...F } } ${fragment}`);
  expect(one).toBe(2 + 100 * (1 + 1111));
  expect(refusedCost(`{ a: all(first: 1) { ...F } b: all(first: 100) { ...F } } ${fragment}`)).toBe(
    (one ?? 0) + 2 + 1112,
  );
});

test('less than nothing is not taken off', () => {
  const large = `all(first: 100) { edges { node { ${FULL} } } }`;
  expect(refusedCost(`{ a: all(first: -1000000) { edges { node { id } } } ${large} }`)).not.toBeNull();
});

test('fragments that contain themselves do not hold it up, and introspection is not counted', () => {
  expect(
    refusedCost('{ one { ...A } } fragment A on Item { some { ...B } } fragment B on Item { some { ...A } }'),
  ).toBeNull();
  expect(refusedCost(getIntrospectionQuery())).toBeNull();
});
