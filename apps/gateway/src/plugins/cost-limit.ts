import type { ApolloServerPlugin } from '@apollo/server';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type ValidationRule,
  valueFromASTUntyped,
} from 'graphql';
import type { GatewayContext } from '../context.js';
import { type Given, valueOf } from './input-items.js';
import { operationCost } from './operation-cost.js';

/** Fields that one answer may have, by the sizes that `operationCost` says. */
export const COST_MAX = 100_000;

/** Refuses operations that cost more than COST_MAX whatever their variables hold. */
export const costLimit: ValidationRule = (context) => ({
  OperationDefinition(node) {
    const cost = operationCost(context.getSchema(), node, (name) => context.getFragment(name));
    const least = valueOf(cost, () => undefined);
    if (least > COST_MAX) context.reportError(tooCostly(least, node));
  },
});

/** Variables of one request, as they came; undefined or null: none. */
export type Variables = Readonly<Record<string, unknown>> | null | undefined;

/** Says of each request whether its variables make the operation cost more than COST_MAX; null where none can. */
export type CostCheck = ((variables: Variables) => GraphQLError | null) | null;

/** The check of an operation of a valid document. */
export function costCheck(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): CostCheck {
  const fragments = document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
  const cost = operationCost(schema, operation, (named) =>
    fragments.find(({ name }) => name.value === named),
  );
  if (typeof cost === 'number') return null;
  return (variables) => {
    const found = cost(givenBy(operation, variables));
    return found > COST_MAX ? tooCostly(found, operation) : null;
  };
}

/** Refuses, before anything is executed, requests whose variables ask for too much. */
export const variableCostLimit: ApolloServerPlugin<GatewayContext> = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation({ schema, document, operation, request: { variables } }) {
        const refused = operation && costCheck(schema, document, operation)?.(variables);
        if (refused) throw refused;
        return Promise.resolve();
      },
    }),
};

function givenBy({ variableDefinitions }: OperationDefinitionNode, variables: Variables): Given {
  return (name) => {
    const given = variables?.[name];
    if (given !== undefined) return given;
    const definition = variableDefinitions?.find(({ variable }) => variable.name.value === name);
    return definition?.defaultValue && valueFromASTUntyped(definition.defaultValue);
  };
}

function tooCostly(cost: number, operation: OperationDefinitionNode): GraphQLError {
  const message = `the operation asks for up to ${String(cost)} fields, and ${String(COST_MAX)} are allowed; ask for fewer at a time (\`first\`, or shorter lists), or in several operations`;
  return new GraphQLError(message, {
    nodes: operation,
    extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
  });
}
