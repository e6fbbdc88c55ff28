import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import { getMetadataStorage } from 'type-graphql';
import { type Role, ROLES } from '@licet/database';
import type { GatewayContext } from '../context.js';

type OperationResolver = GraphQLFieldResolver<unknown, GatewayContext, Readonly<Record<string, unknown>>>;
type Handler = ReturnType<typeof getMetadataStorage>['queries'][number];
type Parameter = NonNullable<Handler['params']>[number];

/**
 * Calls the methods of resolver classes straight. By itself type-graphql puts an asynchronous chain before each: a
 * promise for the role, one for each argument, an instance of the input's class. Here the role is compared, the
 * arguments are handed over as they were read, and what answers at once has answered at once. Throws where an
 * operation names no role, or wants more than that.
 */
export function callHandlersDirectly(schema: GraphQLSchema): void {
  const { queries, mutations } = getMetadataStorage();
  const roots = [
    { type: schema.getQueryType(), handlers: queries },
    { type: schema.getMutationType(), handlers: mutations },
  ];
  for (const { type, handlers } of roots) {
    const fields = type?.getFields() ?? {};
    for (const handler of handlers) {
      const field = fields[handler.schemaName];
      if (field) field.resolve = directly(handler);
    }
  }
}

function directly(handler: Handler): OperationResolver {
  const { schemaName: name, params = [], middlewares = [] } = handler;
  if (middlewares.length > 0) throw new Error(`\`${name}\` has middlewares, which nothing calls`);
  const role = roleOf(handler);
  const method = methodOf(handler);
  const readers = [...params].sort((a, b) => a.index - b.index).map((parameter) => readerOf(name, parameter));
  return (_source, args, context, info) => {
    context.access.requireOperation(name, role);
    return method(readers.map((read) => read(args, context, info)));
  };
}

function roleOf({ schemaName, roles }: Handler): Role {
  const role = ROLES.find((known) => known === roles?.[0]);
  if (role) return role;
  throw new Error(`\`${schemaName}\` names no role; say who may call it with \`@Authorized(role)\``);
}

/** Resolver classes hold nothing, so one instance serves all requests. */
function methodOf({ schemaName, target, methodName }: Handler): (parameters: unknown[]) => unknown {
  const instance: unknown = Reflect.construct(target, []);
  const method: unknown =
    typeof instance === 'object' && instance !== null ? Reflect.get(instance, methodName) : undefined;
  if (typeof method !== 'function') throw new Error(`\`${schemaName}\` has no method`);
  return (parameters) => {
    const answer: unknown = Reflect.apply(method, instance, parameters);
    return answer;
  };
}

function readerOf(
  operation: string,
  parameter: Parameter,
): (...of: [args: Readonly<Record<string, unknown>>, context: GatewayContext, info: unknown]) => unknown {
  switch (parameter.kind) {
    case 'arg':
      return (args) => args[parameter.name];
    case 'context':
      return (_args, context) => context;
    case 'info':
      return (_args, _context, info) => info;
    default:
      throw new Error(`\`${operation}\` has a parameter that nothing fills in: ${parameter.kind}`);
  }
}
