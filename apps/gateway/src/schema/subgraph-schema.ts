import { buildSubgraphSchema } from '@apollo/subgraph';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isObjectType,
  parse,
  print,
} from 'graphql';
import { createResolversMap } from 'type-graphql';
import type { GatewayContext } from '../context.js';
import { badInput } from '../errors/api-error.js';
import { boundList } from '../modules/arguments.js';
import { REFERENCE_RESOLVERS } from './entities.js';
import { routerView } from './router-view.js';

const FEDERATION =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag", "@inaccessible"])';
/** Fields that the federation library adds beside the API's; they are guarded like any other operation. */
const ROUTER_FIELDS = ['_service', '_entities'] as const;

/**
 * The API as a Federation v2 subgraph: its entities are found by reference, and `_service` tells of what is tagged for routers. Clients
 * that ask the gateway itself see the whole API.
 */
export function toSubgraphSchema(api: GraphQLSchema): GraphQLSchema {
  const definitions = parse(printSchemaWithDirectives(api));
  const schema = buildSubgraphSchema({ typeDefs: asSubgraph(definitions), resolvers: resolversOf(api) });
  copyExtensions(api, schema);
  addReferenceResolvers(schema);
  tellRouters(schema, print(asSubgraph(routerView(definitions))));
  guardRouterFields(schema);
  readAnewInMutations(schema);
  return schema;
}

function asSubgraph(document: DocumentNode): DocumentNode {
  return { ...document, definitions: [...parse(FEDERATION).definitions, ...document.definitions] };
}

/** What `_service` answers. */
function tellRouters(schema: GraphQLSchema, sdl: string): void {
  const service = schema.getQueryType()?.getFields()['_service'];
  if (!service) throw new Error('the subgraph has no `_service`');
  service.resolve = () => ({ sdl });
}

/** Printing a schema loses the extensions of its types and fields. */
function copyExtensions(from: GraphQLSchema, to: GraphQLSchema): void {
  for (const type of Object.values(from.getTypeMap())) {
    const copy = to.getType(type.name);
    if (!copy) continue;
    copy.extensions = { ...type.extensions, ...copy.extensions };
    if (!isObjectType(type) || !isObjectType(copy)) continue;
    const fields = copy.getFields();
    for (const field of Object.values(type.getFields())) {
      const target = fields[field.name];
      if (target) target.extensions = { ...field.extensions, ...target.extensions };
    }
  }
}

type Resolvers = NonNullable<
  Extract<Parameters<typeof buildSubgraphSchema>[0], { typeDefs: unknown }>['resolvers']
>;

/** The two libraries describe one form by types of their own. */
function resolversOf(api: GraphQLSchema): Resolvers {
  const resolvers: object = createResolversMap(api);
  if (!isResolvers(resolvers)) throw new TypeError('a resolver map holds an object for each type');
  return resolvers;
}

function isResolvers(resolvers: object): resolvers is Resolvers {
  return Object.values(resolvers).every((ofType) => typeof ofType === 'object' && ofType !== null);
}

/** Where the federation library looks for `__resolveReference`. */
function addReferenceResolvers(schema: GraphQLSchema): void {
  for (const [name, resolveReference] of Object.entries(REFERENCE_RESOLVERS)) {
    const type = schema.getType(name);
    if (!type) throw new Error(`the schema has no entity \`${name}\``);
    type.extensions = { ...type.extensions, apollo: { subgraph: { resolveReference } } };
  }
}

function guardRouterFields(schema: GraphQLSchema): void {
  const fields = schema.getQueryType()?.getFields() ?? {};
  for (const name of ROUTER_FIELDS) {
    const field = fields[name];
    if (field?.resolve) field.resolve = guarded(name, field.resolve);
  }
}

/** A mutation's fields run one after another: what hangs on one must not be what was read before another wrote. */
function readAnewInMutations(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (field.resolve) field.resolve = readAnew(field.resolve);
  }
}

function readAnew(
  resolve: GraphQLFieldResolver<unknown, GatewayContext>,
): GraphQLFieldResolver<unknown, GatewayContext, Readonly<Record<string, unknown>>> {
  return (source, args, context, info) => {
    context.renewReads();
    return resolve(source, args, context, info);
  };
}

function guarded(
  name: string,
  resolve: GraphQLFieldResolver<unknown, GatewayContext>,
): GraphQLFieldResolver<unknown, GatewayContext, Readonly<Record<string, unknown>>> {
  return (source, args, context, info) => {
    context.access.requireRouter(name);
    if (name === '_entities') checkReferences(args['representations']);
    return resolve(source, args, context, info);
  };
}

/** The library takes what names no entity of ours for a fault of its own. */
function checkReferences(references: unknown): void {
  if (!Array.isArray(references)) return;
  const known = Object.keys(REFERENCE_RESOLVERS);
  boundList('representations', references).forEach((reference: unknown, index) => {
    if (known.some((name) => name === typeNameOf(reference))) return;
    throw badInput(
      `representations.${String(index)}.__typename`,
      `a reference is an object that names its type, one of ${known.join(', ')}`,
    );
  });
}

function typeNameOf(reference: unknown): unknown {
  return typeof reference === 'object' && reference !== null && '__typename' in reference
    ? reference.__typename
    : null;
}
