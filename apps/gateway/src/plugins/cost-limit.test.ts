import { buildSchema, getIntrospectionQuery, parse, validate } from 'graphql';
import { COST_MAX, costLimit } from './cost-limit.js';

const schema = buildSchema(`
  type Query {
    all(first: Int! = 20): Connection
    many(inputs: [Int!]!): [Item!]!
    some: [Item]
    one: Item
  }
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
  ['a list of inputs sizes its answers', `many(inputs: [1, 2]) { ${FULL} }`, 1 + 2 * 1111],
  ['more than a page is a page', `all(first: 9999) { edges { node { ${FULL} } } }`, 2 + 100 * (1 + 1111)],
])('%s', (_name, field, cost) => {
  expect(costOf(field)).toBe(cost);
});

test('what comes in a variable counts as a full page', () => {
  const page = (first: string): string => `all(first: ${first}) { edges { node { ${FULL} } } }`;
  const asked = (first: string): string => `query ($n: Int!) { ${page(first)} }`;
  expect(refusedCost(asked('$n'))).toBe(refusedCost(asked('100')));
  expect(refusedCost(asked('$n'))).not.toBeNull();
  expect(refusedCost(asked('10'))).toBeNull();
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
