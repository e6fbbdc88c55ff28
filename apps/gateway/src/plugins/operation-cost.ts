import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { FIRST_MAX } from '../modules/arguments.js';
import { itemsIn, lengthOf, onceForEach, productOf, type Sized, sumOf, valueOf } from './input-items.js';

/** Items assumed where the operation does not say how many: of lists without `first`. */
const LIST_SIZE = 10;
/** Fields that an item of an input counts as: what is asked for is worked out, whether the answer shows it or not. */
const INPUT_ITEM = 10;

/**
 * How many fields the answer to an operation may have, the items of its inputs counted in. Each field counts once for each object
 * that it is answered for; a list has as many items as `first` or its list of inputs says. Fields of introspection do not count.
 */
export function operationCost(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragmentNamed: (name: string) => FragmentDefinitionNode | null | undefined,
): Sized {
  const measured = new Map<string, Map<Sized | null, Sized>>();
  const sizes = new Map<FieldNode, Sized | null>();

  /** `size`: of the lists among the fields, where the field above them has said it (a connection's `edges`). */
  function costOf(selections: SelectionSetNode, type: GraphQLCompositeType, size: Sized | null): Sized {
    return sumOf(selections.selections.map((selection) => costOfSelection(selection, type, size)));
  }

  function costOfSelection(selection: SelectionNode, type: GraphQLCompositeType, size: Sized | null): Sized {
    switch (selection.kind) {
      case Kind.FIELD:
        return selection.name.value.startsWith('__') ? 0 : costOfField(selection, type, size);
      case Kind.INLINE_FRAGMENT: {
        const on = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : type;
        return isCompositeType(on) ? costOf(selection.selectionSet, on, size) : 0;
      }
      case Kind.FRAGMENT_SPREAD:
        return costOfFragment(fragmentNamed(selection.name.value), size);
    }
  }

  /** A field that the type lacks is refused by another rule. */
  function costOfField(node: FieldNode, on: GraphQLCompositeType, size: Sized | null): Sized {
    const field = isObjectType(on) || isInterfaceType(on) ? on.getFields()[node.name.value] : undefined;
    if (!field) return 0;
    const isList = isListType(getNullableType(field.type));
    const given = itemsGiven(node, field);
    const asked = sizeAsked(node, () => askedSize(node, field, isList) ?? sizeByItems(given, isList));
    const type = getNamedType(field.type);
    const inside =
      node.selectionSet && isCompositeType(type) ? costOf(node.selectionSet, type, isList ? null : asked) : 0;
    const items = isList ? (asked ?? size ?? LIST_SIZE) : 1;
    return sumOf([1, productOf(INPUT_ITEM, given), productOf(items, inside)]);
  }

  /** One for each place in the document, so that fragments below are measured once for it. */
  function sizeAsked(node: FieldNode, find: () => Sized | null): Sized | null {
    const known = sizes.get(node);
    if (known !== undefined) return known;
    const size = find();
    sizes.set(node, size);
    return size;
  }

  /** A fragment is measured once for each size; one that contains itself counts 0 inside and is refused by another rule. */
  function costOfFragment(fragment: FragmentDefinitionNode | null | undefined, size: Sized | null): Sized {
    const type = fragment && schema.getType(fragment.typeCondition.name.value);
    if (!fragment || !isCompositeType(type)) return 0;
    const bySize = measured.get(fragment.name.value) ?? new Map<Sized | null, Sized>();
    measured.set(fragment.name.value, bySize);
    const known = bySize.get(size);
    if (known !== undefined) return known;
    bySize.set(size, 0);
    const cost = onceForEach(costOf(fragment.selectionSet, type, size));
    bySize.set(size, cost);
    return cost;
  }

  const type = schema.getRootType(operation.operation);
  return type ? costOf(operation.selectionSet, type, null) : 0;
}

/** Of what answers the items of an input, one for each. */
function sizeByItems(given: Sized, isList: boolean): Sized | null {
  return isList || given === 0 ? null : atLeast(LIST_SIZE, given);
}

/** Items of all lists that a field's arguments hold. */
function itemsGiven(node: FieldNode, { args }: GraphQLField<unknown, unknown>): Sized {
  return sumOf(
    (node.arguments ?? []).map(({ name, value }) => {
      const argument = args.find((one) => one.name === name.value);
      return argument ? itemsIn(argument.type, value) : 0;
    }),
  );
}

/** How many items the arguments ask for; null where they do not say. */
function askedSize(node: FieldNode, field: GraphQLField<unknown, unknown>, isList: boolean): Sized | null {
  const first = field.args.find((argument) => argument.name === 'first');
  const sized =
    first ?? (isList ? field.args.find(({ type }) => isListType(getNullableType(type))) : undefined);
  if (!sized) return null;
  const given = node.arguments?.find((argument) => argument.name.value === sized.name)?.value;
  if (given === undefined) return typeof sized.defaultValue === 'number' ? sized.defaultValue : null;
  if (sized !== first) return lengthOf(given);
  if (given.kind === Kind.VARIABLE) return (valueGiven) => page(valueGiven(given.name.value));
  return given.kind === Kind.INT ? page(Number(given.value)) : 0;
}

/** More, or less than nothing, is refused by the field. */
function page(first: unknown): number {
  return typeof first === 'number' ? Math.min(Math.max(first, 0), FIRST_MAX) : 0;
}

function atLeast(least: number, sized: Sized): Sized {
  if (typeof sized === 'number') return Math.max(least, sized);
  return (given) => Math.max(least, valueOf(sized, given));
}
