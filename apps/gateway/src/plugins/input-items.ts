import {
  getNullableType,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  Kind,
  type ValueNode,
} from 'graphql';

/** What variables hold, by name; undefined: nothing. */
export type Given = (variable: string) => unknown;

/** A number that is known from the document, or one that goes by its variables. */
export type Sized = number | ((given: Given) => number);

export function valueOf(sized: Sized, given: Given): number {
  return typeof sized === 'number' ? sized : sized(given);
}

export function sumOf(parts: readonly Sized[]): Sized {
  const varying = parts.filter((part) => typeof part !== 'number');
  const fixed = parts.reduce<number>((sum, part) => (typeof part === 'number' ? sum + part : sum), 0);
  if (varying.length === 0) return fixed;
  return (given) => varying.reduce((sum, part) => sum + part(given), fixed);
}

export function productOf(left: Sized, right: Sized): Sized {
  if (typeof left === 'number' && typeof right === 'number') return left * right;
  return (given) => valueOf(left, given) * valueOf(right, given);
}

/** The same, worked out once for each request: of what stands in many places. */
export function onceForEach(sized: Sized): Sized {
  if (typeof sized === 'number') return sized;
  const known = new WeakMap<Given, number>();
  return (given) => {
    const found = known.get(given) ?? sized(given);
    known.set(given, found);
    return found;
  };
}

/** Items of the lists in an argument's value, those in other lists among them; what is in free JSON are none. */
export function itemsIn(type: GraphQLInputType, node: ValueNode): Sized {
  const inner = getNullableType(type);
  if (node.kind === Kind.VARIABLE)
    return holdsLists(inner) ? (given) => itemsOf(inner, given(node.name.value)) : 0;
  if (isListType(inner)) {
    const items = listIn(node);
    return sumOf([items.length, ...items.map((item) => itemsIn(inner.ofType, item))]);
  }
  if (!isInputObjectType(inner) || node.kind !== Kind.OBJECT) return 0;
  const fields = inner.getFields();
  return sumOf(
    node.fields.map(({ name, value }) => {
      const field = fields[name.value];
      return field ? itemsIn(field.type, value) : 0;
    }),
  );
}

/** How many items a list has that is an argument's value. */
export function lengthOf(node: ValueNode): Sized {
  if (node.kind !== Kind.VARIABLE) return listIn(node).length;
  return (given) => listOf(given(node.name.value)).length;
}

/** A value that is no list is a list of one. */
function listIn(node: ValueNode): readonly ValueNode[] {
  if (node.kind === Kind.LIST) return node.values;
  return node.kind === Kind.NULL ? [] : [node];
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

function itemsOf(type: GraphQLInputType, value: unknown): number {
  const inner = getNullableType(type);
  if (isListType(inner)) {
    const items = listOf(value);
    if (!holdsLists(inner.ofType)) return items.length;
    return items.reduce<number>((sum, item) => sum + itemsOf(inner.ofType, item), items.length);
  }
  if (!isInputObjectType(inner) || typeof value !== 'object' || value === null) return 0;
  const fields = inner.getFields();
  return Object.entries(value).reduce((sum, [name, held]) => {
    const field = fields[name];
    return field && holdsLists(field.type) ? sum + itemsOf(field.type, held) : sum;
  }, 0);
}

const HOLD_LISTS = new WeakMap<GraphQLInputType, boolean>();

/** Whether values of a type may hold lists. */
function holdsLists(type: GraphQLInputType): boolean {
  const inner = getNullableType(type);
  if (isListType(inner)) return true;
  if (!isInputObjectType(inner)) return false;
  const known = HOLD_LISTS.get(inner);
  if (known !== undefined) return known;
  // A type that holds itself adds nothing to what its other fields say.
  HOLD_LISTS.set(inner, false);
  const holds = Object.values(inner.getFields()).some((field) => holdsLists(field.type));
  HOLD_LISTS.set(inner, holds);
  return holds;
}
