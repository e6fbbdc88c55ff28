import { makeExecutableSchema } from '@graphql-tools/schema';
import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import type { Decision } from '@licet/api-types';
import { checksIn } from './collect-checks.js';
import { directiveTypeDefs, readGuards } from './directive.js';
import { idempotencyKeyIn } from './headers.js';
import { LastKnown } from './last-known.js';

const schema = makeExecutableSchema({
  typeDefs: `${directiveTypeDefs}
    interface Node { id: ID }
    type A implements Node @requiresEntitlement(feature: "a") { id: ID again: A b: B }
    type B implements Node { id: ID @requiresEntitlement(feature: "b", quantity: 2) spent: ID @requiresEntitlement(feature: "s", consume: true) }
    type Query { node: Node a: A b: B }`,
});

function checked(text: string, variableValues: Record<string, unknown> = {}): string[] {
  const { definitions } = parse(text);
  const operation = definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  );
  if (!operation) throw new Error('an operation');
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const one of definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments[one.name.value] = one;
  const checks = checksIn({ schema, operation, fragments, variableValues }, readGuards(schema));
  return checks.map(({ feature, quantity }) => `${feature} ${String(quantity)}`).sort();
}

test.each<[string, string[]]>([
  ['{ node { id } }', ['a 1', 'b 2']],
  ['{ node { ... on B { id } } }', ['b 2']],
  ['{ a { again { again { b { spent } } } } }', ['a 1']],
  ['{ a { ...F } } fragment F on A { b { id } }', ['a 1', 'b 2']],
  ['{ b { spent } }', []],
  ['{ b @skip(if: true) { id } a @include(if: false) { id } }', []],
])('what %s may check', (text, found) => {
  expect(checked(text)).toEqual(found);
});

test('variables decide what is left out', () => {
  const text = 'query ($b: Boolean!) { b @include(if: $b) { id } }';
  expect(checked(text, { b: false })).toEqual([]);
  expect(checked(text, { b: true })).toEqual(['b 2']);
});

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const DECISION: Decision = {
  ...{ id: 'd', allowed: true, code: 'ENTITLED', message: '', customerId: 'ada', feature: 'f', value: null },
  ...{ limit: null, unlimited: false, used: null, reserved: null, remaining: null, resetsAt: null },
  ...{ validUntil: null, sources: [], release: 1, revision: 'r', stale: false },
  asOf: '2026-01-01T00:00:00.000Z',
};

test.each([
  ['younger than it may be', 3_599_999, null, 'ENTITLED'],
  ['too old', 3_600_000, null, 'UNAVAILABLE'],
  ['before the boundary in time', 999, '2026-01-01T00:00:01.000Z', 'ENTITLED'],
  ['at the boundary in time', 1000, '2026-01-01T00:00:01.000Z', 'UNAVAILABLE'],
])('of a feature that is LAST_KNOWN a decision counts that is %s', (_name, after, validUntil, code) => {
  const known = new LastKnown(
    { find: (key) => ({ key, whenUnknown: 'LAST_KNOWN', lastKnownFor: 'PT1H' }) },
    10,
  );
  const input = { customerId: 'ada', feature: 'f', quantity: 1 };
  known.keep(input, { ...DECISION, validUntil });
  const found = known.instead(input, { customerId: 'ada' }, NOW + after);
  expect(found).toMatchObject({ code, stale: true, allowed: code === 'ENTITLED' });
});

test('the idempotency key of headers of either kind', () => {
  expect(idempotencyKeyIn(new Headers({ 'Idempotency-Key': 'k' }))).toBe('k');
  expect(idempotencyKeyIn({ 'idempotency-key': 'k' })).toBe('k');
  expect(idempotencyKeyIn({})).toBeNull();
});
