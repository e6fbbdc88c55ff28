import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, type GraphQLSchema, parse } from 'graphql';
import { connectEntitlements } from '@licet/federation';
import { BILLING } from '../fixtures/billing.js';
import { GUARDED_RESOLVERS, GUARDED_TYPE_DEFS } from '../fixtures/guarded.js';
import { at } from '../src/ask.js';

/** Routers get the subgraph's SDL with the directive in it. */
const PLAIN = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  ${GUARDED_TYPE_DEFS}`;
/** As docs/federation.md has it. */
const COMPOSED = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
    @link(url: "https://licet.example.com/entitlements/v1.0", import: ["@requiresEntitlement"])
    @composeDirective(name: "@requiresEntitlement")
  ${GUARDED_TYPE_DEFS}`;
const FIELDS = ['report', 'exports', 'search', 'beta', 'open'];

/** A guarded subgraph whose service has no gateway: what it tells routers does not hang on that. */
async function guarded(typeDefs: string): Promise<GraphQLSchema> {
  const { guard } = await connectEntitlements<object>({
    ...{ url: 'http://127.0.0.1:1/graphql', apiKey: 'none' },
    subjectOf: () => ({ customerId: 'ada' }),
    onOutOfReach: () => undefined,
  });
  return guard(buildSubgraphSchema({ typeDefs: parse(typeDefs), resolvers: GUARDED_RESOLVERS }));
}

async function sdlOf(schema: GraphQLSchema): Promise<string> {
  const { data, errors } = await graphql({ schema, source: '{ _service { sdl } }', contextValue: {} });
  const sdl = at(data, '_service.sdl');
  if (typeof sdl !== 'string') throw new Error(JSON.stringify(errors));
  return sdl;
}

/** The supergraph of these subgraphs and billing's. */
function supergraphOf(...sdls: readonly string[]): string {
  const named = sdls.map((sdl, index) => ({ name: `guarded-${String(index)}`, sdl }));
  const all = [{ name: BILLING.name, sdl: BILLING.typeDefs }, ...named];
  const { errors, supergraphSdl } = composeServices(
    all.map(({ name, sdl }) => ({ name, url: `http://${name}.example.com`, typeDefs: parse(sdl) })),
  );
  if (errors) throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}

test.each([
  ['as it is', PLAIN, false],
  ['with @composeDirective', COMPOSED, true],
])('a guarded subgraph composes %s, and is guarded', async (_name, typeDefs, isComposed) => {
  const schema = await guarded(typeDefs);
  const sdl = await sdlOf(schema);
  expect(sdl).toContain('@requiresEntitlement(feature: "sso")');
  const supergraph = supergraphOf(sdl);
  for (const field of FIELDS) expect(supergraph).toMatch(new RegExp(`^  ${field}:`, 'm'));
  expect(supergraph.includes('@requiresEntitlement(feature: "search"')).toBe(isComposed);
  expect(supergraph.includes('directive @requiresEntitlement')).toBe(isComposed);
  const { data, errors } = await graphql({ schema, source: '{ search open }', contextValue: {} });
  expect(data).toEqual({ search: null, open: 'for all' });
  expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['NOT_ENTITLED']);
});

test('two subgraphs that are guarded compose with one another', async () => {
  const other = COMPOSED.replace(
    /type Query \{[^]*\}/,
    'type Query { other: String @requiresEntitlement(feature: "other") }',
  );
  const supergraph = supergraphOf(await sdlOf(await guarded(COMPOSED)), other);
  expect(supergraph).toContain('@requiresEntitlement(feature: "other"');
});
