import {
  DirectiveLocation,
  getDirectiveValues,
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLInt,
  GraphQLNonNull,
  type GraphQLSchema,
  GraphQLString,
  isObjectType,
  type GraphQLObjectType,
  type GraphQLField,
} from 'graphql';
import { EntitlementsError } from './errors.js';

/**
 * `@requiresEntitlement(feature:, quantity:, consume:)`: on a field, before it is resolved; on a type, before any field of an object of it
 * is. `quantity`: units wanted; `consume`: they are spent, else only asked for.
 */
export const requiresEntitlementDirective = new GraphQLDirective({
  name: 'requiresEntitlement',
  description: 'Null and an error NOT_ENTITLED where the customer is not entitled.',
  locations: [DirectiveLocation.FIELD_DEFINITION, DirectiveLocation.OBJECT],
  args: {
    feature: { type: new GraphQLNonNull(GraphQLString) },
    quantity: { type: new GraphQLNonNull(GraphQLInt), defaultValue: 1 },
    consume: { type: new GraphQLNonNull(GraphQLBoolean), defaultValue: false },
  },
});

/** The directive's definition, for schemas that are written as text. */
export const directiveTypeDefs =
  'directive @requiresEntitlement(feature: String!, quantity: Int! = 1, consume: Boolean! = false) on FIELD_DEFINITION | OBJECT';

/** What one directive asks. */
export interface Guard {
  readonly feature: string;
  readonly quantity: number;
  readonly consume: boolean;
  /** Of a type: one spending serves all fields of one object. */
  readonly on: 'FIELD' | 'TYPE';
}

/** The guards of each field, by `Type.field`, its type's first. */
export type Guards = ReadonlyMap<string, readonly Guard[]>;

/** Reads the directives of a schema; EntitlementsError where one can never be right. */
export function readGuards(schema: GraphQLSchema): Guards {
  const guards = new Map<string, readonly Guard[]>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    const ofType = guardOf(type, type.name, 'TYPE');
    for (const field of Object.values(type.getFields())) {
      const place = `${type.name}.${field.name}`;
      const both = [...ofType, ...guardOf(field, place, 'FIELD')];
      if (both.length > 0) guards.set(place, both);
    }
  }
  return guards;
}

function guardOf(
  { astNode, extensionASTNodes = [] }: NodesOf,
  place: string,
  on: Guard['on'],
): readonly Guard[] {
  return [astNode, ...extensionASTNodes].flatMap((node) => {
    const values = node ? getDirectiveValues(requiresEntitlementDirective, node) : undefined;
    if (values === undefined) return [];
    const { feature, quantity, consume } = values;
    if (typeof feature !== 'string' || typeof quantity !== 'number' || typeof consume !== 'boolean')
      throw new EntitlementsError(`\`${place}\`: a guard has a feature, a quantity and consume`);
    if (quantity < (consume ? 1 : 0))
      throw new EntitlementsError(
        `\`${place}\`: quantity is ${String(quantity)}; ${consume ? 'what spends takes at least 1' : 'it is at least 0'}`,
      );
    return [{ feature, quantity, consume, on }];
  });
}

type NodesOf = {
  readonly astNode?: GraphQLObjectType['astNode'] | GraphQLField<unknown, unknown>['astNode'];
  readonly extensionASTNodes?: GraphQLObjectType['extensionASTNodes'];
};
