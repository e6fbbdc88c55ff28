import {
  getNamedType,
  getNullableType,
  GraphQLError,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';
import { FIRST_MAX } from '../modules/arguments.js';

/** Fields that one answer may have, by the sizes below. */
export const COST_MAX = 100_000;
/** Items assumed where the operation does not say how many: of lists without `first`, */
const LIST_SIZE = 10;
/** and where `first`, or the list of inputs that is answered item by item, comes in a variable. */
const VARIABLE_SIZE = 100;

/**
 * Refuses operations whose answer may have more than COST_MAX fields. Each field counts once for each object that it is
 * answered for; a list has as many items as `first` or its list of inputs says. Fields of introspection do not count.
 */
export const costLimit: ValidationRule = (context) => {
  const schema = context.getSchema();
  const measured = new Map<string, number>();

  /** `size`: of the lists among the fields, where the field above them has said it (a connection's `edges`). */
  function costOf(selections: SelectionSetNode, type: GraphQLCompositeType, size: number | null): number {
    return selections.selections.reduce((sum, selection) => sum + costOfSelection(selection, type, size), 0);
  }

  function costOfSelection(
    selection: SelectionNode,
    type: GraphQLCompositeType,
    size: number | null,
  ): number {
    switch (selection.kind) {
      case Kind.FIELD:
        return selection.name.value.startsWith('__') ? 0 : costOfField(selection, type, size);
      case Kind.INLINE_FRAGMENT: {
        const on = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : type;
        return isCompositeType(on) ? costOf(selection.selectionSet, on, size) : 0;
      }
      case Kind.FRAGMENT_SPREAD:
        return costOfFragment(context.getFragment(selection.name.value), size);
    }
  }

  /** A field that the type lacks is refused by another rule. */
  function costOfField(node: FieldNode, on: GraphQLCompositeType, size: number | null): number {
    const field = isObjectType(on) || isInterfaceType(on) ? on.getFields()[node.name.value] : undefined;
    if (!field) return 0;
    const isList = isListType(getNullableType(field.type));
    const asked = askedSize(node, field, isList);
    const items = isList ? (asked ?? size ?? LIST_SIZE) : 1;
    const type = getNamedType(field.type);
    const inside =
      node.selectionSet && isCompositeType(type) ? costOf(node.selectionSet, type, isList ? null : asked) : 0;
    return 1 + items * inside;
  }

  /** A fragment is measured once for each size; one that contains itself counts 0 inside and is refused by another rule. */
  function costOfFragment(fragment: FragmentDefinitionNode | null | undefined, size: number | null): number {
    const type = fragment && schema.getType(fragment.typeCondition.name.value);
    if (!fragment || !isCompositeType(type)) return 0;
    const key = `${fragment.name.value} ${String(size)}`;
    const known = measured.get(key);
    if (known !== undefined) return known;
    measured.set(key, 0);
    const cost = costOf(fragment.selectionSet, type, size);
    measured.set(key, cost);
    return cost;
  }

  return {
    OperationDefinition(node) {
      const type = schema.getRootType(node.operation);
      const cost = type ? costOf(node.selectionSet, type, null) : 0;
      if (cost <= COST_MAX) return;
      const message = `the operation asks for up to ${String(cost)} fields, and ${String(COST_MAX)} are allowed; ask for fewer at a time (\`first\`), or in several operations`;
      context.reportError(new GraphQLError(message, { nodes: node }));
    },
  };
};

/** How many items the arguments ask for; null where they do not say. */
function askedSize(node: FieldNode, field: GraphQLField<unknown, unknown>, isList: boolean): number | null {
  const first = field.args.find((argument) => argument.name === 'first');
  const sized =
    first ?? (isList ? field.args.find(({ type }) => isListType(getNullableType(type))) : undefined);
  if (!sized) return null;
  const given = node.arguments?.find((argument) => argument.name.value === sized.name)?.value;
  switch (given?.kind) {
    case undefined:
      return typeof sized.defaultValue === 'number' ? sized.defaultValue : null;
    case Kind.INT:
      // More, or less than nothing, is refused by the field.
      return Math.min(Math.max(Number(given.value), 0), FIRST_MAX);
    case Kind.LIST:
      return given.values.length;
    case Kind.VARIABLE:
      return VARIABLE_SIZE;
    default:
      return 1;
  }
}
