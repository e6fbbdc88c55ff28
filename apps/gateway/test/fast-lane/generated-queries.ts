import { getNamedType, isLeafType, isObjectType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import type { Operation } from './two-ways.js';

const DEPTH_MAX = 3;

/** A call of each query. */
const CALLS: Readonly<Record<string, string>> = {
  apiKeys: 'apiKeys(first: 3)',
  catalog: 'catalog',
  check: 'check(input: { customerId: "ada", feature: "projects" })',
  checkMany:
    'checkMany(inputs: [{ customerId: "ada", feature: "support" }, { customerId: "bob", feature: "api-calls", quantity: 99 }])',
  customer: 'customer(id: "ada")',
  customers: 'customers(first: 3)',
  entitlements: 'entitlements(customerId: "ada")',
  events: 'events(first: 4)',
  features: 'features',
  plans: 'plans',
  subscription: 'subscription(id: $subscription)',
  tenant: 'tenant',
};

/** Arguments of fields below the root that cannot go without. */
const FIELD_CALLS: Readonly<Record<string, string>> = {
  'Customer.check': 'check(feature: "projects")',
  'Customer.usage': 'usage(feature: "api-calls")',
};

/** For each query: one operation for each leaf that can be reached, one for all leaves of the object, one with aliases. */
export function generatedQueries(schema: GraphQLSchema, subscriptionId: () => string): Operation[] {
  const fields = schema.getQueryType()?.getFields() ?? {};
  return Object.entries(CALLS).flatMap(([name, call]) => {
    const takesId = call.includes('$subscription');
    const query = takesId ? 'query Q($subscription: ID!)' : 'query Q';
    const variables = takesId ? { variables: () => ({ subscription: subscriptionId() }) } : {};
    const type = getNamedType(fields[name]?.type);
    if (!type || !isObjectType(type)) throw new Error(`the schema has no query \`${name}\``);
    const paths = leafPaths(type, 1);
    const selections = paths.map((path) => nested(path));
    return [
      ...selections.map((selection) => ({
        name: `${name}: ${selection}`,
        document: `${query} { ${call} ${selection} }`,
        ...variables,
      })),
      {
        name: `${name}: everything`,
        document: `${query} { ${call} { ${selections.map(inner).join(' ')} } }`,
        ...variables,
      },
      {
        name: `${name}: aliases and type names`,
        document: `${query} { first: ${call} { __typename ${leavesOf(type)
          .map((leaf, at) => `f${String(at)}: ${leaf}`)
          .join(' ')} } second: ${call} { __typename } }`,
        ...variables,
      },
      {
        name: `${name}: fragments`,
        document: `${query} { ${call} { ...A ... on ${type.name} { __typename } ...A } } fragment A on ${type.name} { ${selections.map(inner).join(' ')} }`,
        ...variables,
      },
    ];
  });
}

function leavesOf(type: GraphQLObjectType): string[] {
  return Object.values(type.getFields()).flatMap((field) =>
    isLeafType(getNamedType(field.type)) && field.args.length === 0 ? [field.name] : [],
  );
}

/** Chains of fields that end in a leaf. */
function leafPaths(type: GraphQLObjectType, depth: number): string[][] {
  return Object.values(type.getFields()).flatMap((field) => {
    const call = FIELD_CALLS[`${type.name}.${field.name}`] ?? field.name;
    const inner = getNamedType(field.type);
    if (isLeafType(inner)) return [[call]];
    if (!isObjectType(inner) || depth === DEPTH_MAX) return [];
    return leafPaths(inner, depth + 1).map((path) => [call, ...path]);
  });
}

function nested(path: readonly string[]): string {
  return path.reduceRight((text, field) => (text === '' ? `{ ${field} }` : `{ ${field} ${text} }`), '');
}

function inner(selection: string): string {
  return selection.slice(1, -1);
}
