import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { graphql, isObjectType, parse } from 'graphql';
import { at } from './gateway.js';
import { generateTypes } from '../scripts/generate-types.js';
import { buildApiSchema } from '../src/schema/api-schema.js';
import { emitSchema } from '../src/schema/emit.js';
import { toSubgraphSchema } from '../src/schema/subgraph-schema.js';

const API_TYPES = join(__dirname, '../../../packages/api-types');

function checkedIn(file: string): string {
  return readFileSync(join(API_TYPES, file), 'utf8');
}

test('the checked-in schema is the one that the code emits; `npm run generate` writes it', () => {
  expect(emitSchema()).toBe(checkedIn('schema.graphql'));
});

test('the checked-in types are those of the schema; `npm run generate` writes them', async () => {
  expect(await generateTypes(checkedIn('schema.graphql'))).toBe(checkedIn('src/generated/graphql.ts'));
});

test('the subgraph composes beside another one that extends its entities', async () => {
  const billing = `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    type Query { invoice(id: ID!): Invoice }
    type Invoice @key(fields: "id") { id: ID! customer: Customer! plan: Plan! }
    type Customer @key(fields: "id") { id: ID! invoices: [Invoice!]! }
    type Plan @key(fields: "key") { key: ID! priceInCents: Int! }
    type PlanSubscription @key(fields: "id") { id: ID! nextInvoice: Invoice }
    type Feature @key(fields: "key") { key: ID! priceListNumber: Int }`;
  const services = [
    { name: 'licet', typeDefs: parse(await subgraphSdl()) },
    { name: 'billing', typeDefs: parse(billing), url: 'http://billing' },
  ];
  const { errors, supergraphSdl } = composeServices(services);
  expect(errors).toBeUndefined();
  expect(supergraphSdl).toContain('type Customer');
});

async function subgraphSdl(): Promise<string> {
  const access = { requireOperation: () => undefined };
  const { data, errors } = await graphql({
    schema: toSubgraphSchema(buildApiSchema()),
    source: '{ _service { sdl } }',
    contextValue: { access },
  });
  expect(errors).toBeUndefined();
  const sdl = at(data, '_service.sdl');
  if (typeof sdl !== 'string') throw new Error('the subgraph has no SDL');
  return sdl;
}

test('becoming a subgraph loses no field, no argument and no default', () => {
  const api = buildApiSchema();
  const subgraph = toSubgraphSchema(api);
  for (const type of Object.values(api.getTypeMap()).filter(isObjectType)) {
    if (type.name.startsWith('__')) continue;
    const copy = subgraph.getType(type.name);
    if (!isObjectType(copy)) throw new Error(`${type.name} is no object type`);
    for (const field of Object.values(type.getFields())) {
      const argsOf = (args: typeof field.args): string[] =>
        args.map((arg) => `${arg.name}: ${String(arg.type)} = ${JSON.stringify(arg.defaultValue)}`);
      expect(argsOf(copy.getFields()[field.name]?.args ?? [])).toEqual(argsOf(field.args));
    }
  }
});
