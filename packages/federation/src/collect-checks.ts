import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  type GraphQLResolveInfo,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLObjectType,
} from 'graphql';
import type { Guard, Guards } from './directive.js';

type Operation = Pick<GraphQLResolveInfo, 'schema' | 'operation' | 'fragments' | 'variableValues'>;

/** All that an operation may check, each once: what it selects, whatever objects turn up. What spends is not among it. */
export function checksIn(operation: Operation, guards: Guards): readonly Guard[] {
  const checks = new Map<string, Guard>();
  const root = operation.schema.getRootType(operation.operation.operation);
  const seen = new Set<string>();
  function visit(type: GraphQLNamedType | null | undefined, selections: SelectionSetNode): void {
    const objects = objectsOf(type);
    for (const selection of selections.selections) {
      if (isLeftOut(selection, operation)) continue;
      switch (selection.kind) {
        case Kind.FIELD:
          for (const object of objects) add(object, selection.name.value, selection.selectionSet);
          break;
        case Kind.INLINE_FRAGMENT:
          visitFragment(type, selection.typeCondition?.name.value, selection.selectionSet);
          break;
        case Kind.FRAGMENT_SPREAD: {
          const fragment = operation.fragments[selection.name.value];
          if (fragment) visitFragment(type, fragment.typeCondition.name.value, fragment.selectionSet);
        }
      }
    }
  }
  function add(object: GraphQLObjectType, name: string, selections: SelectionSetNode | undefined): void {
    for (const guard of guards.get(`${object.name}.${name}`) ?? [])
      if (!guard.consume) checks.set(JSON.stringify([guard.feature, guard.quantity]), guard);
    const field = object.getFields()[name];
    if (field && selections) once(getNamedType(field.type), selections);
  }
  function visitFragment(
    type: GraphQLNamedType | null | undefined,
    on: string | undefined,
    selections: SelectionSetNode,
  ): void {
    once(on === undefined ? type : operation.schema.getType(on), selections);
  }
  /** A selection of one type is looked at once, by however many ways it is reached. */
  function once(type: GraphQLNamedType | null | undefined, selections: SelectionSetNode): void {
    const place = `${type?.name ?? ''} ${String(selections.loc?.start)} ${String(selections.loc?.end)}`;
    if (selections.loc && seen.has(place)) return;
    seen.add(place);
    visit(type, selections);
  }
  function objectsOf(type: GraphQLNamedType | null | undefined): readonly GraphQLObjectType[] {
    if (isObjectType(type)) return [type];
    return isAbstractType(type) ? operation.schema.getPossibleTypes(type) : [];
  }
  visit(root, operation.operation.selectionSet);
  return [...checks.values()];
}

function isLeftOut(selection: SelectionNode, { variableValues }: Operation): boolean {
  if (getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.['if'] === true) return true;
  return getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.['if'] === false;
}
