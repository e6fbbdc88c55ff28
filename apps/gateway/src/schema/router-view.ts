import {
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type TypeNode,
  visit,
} from 'graphql';
import { ROUTER_TAG } from './router-tag.js';

/**
 * Of the API's definitions those that routers see (`ROUTER_TAG`). A field's type that is neither tagged nor a scalar, enum or input is
 * an Error where the field itself is tagged; of a type that is tagged as a whole such fields are left out.
 */
export function routerView({ definitions, ...document }: DocumentNode): DocumentNode {
  const objects = definitions.filter(isObject);
  const hidden = new Set(objects.filter((type) => !isSeen(type)).map(({ name }) => name.value));
  const seen = objects.flatMap((type) => {
    const fields = isTagged(type)
      ? (type.fields ?? []).filter((field) => !hidden.has(nameOf(field.type)))
      : (type.fields ?? []).filter(isTagged).map((field) => requireSeen(type, field, hidden));
    return fields.length === 0 ? [] : [{ ...type, fields }];
  });
  const reached = namesIn(seen, definitions);
  const leaves = definitions.filter((definition) => isLeaf(definition) && reached.has(definition.name.value));
  return { ...document, definitions: [...seen, ...leaves] };
}

function isObject(definition: DefinitionNode): definition is ObjectTypeDefinitionNode {
  return definition.kind === Kind.OBJECT_TYPE_DEFINITION;
}

type Leaf = Extract<
  DefinitionNode,
  {
    kind: Kind.SCALAR_TYPE_DEFINITION | Kind.ENUM_TYPE_DEFINITION | Kind.INPUT_OBJECT_TYPE_DEFINITION;
  }
>;

function isLeaf(definition: DefinitionNode): definition is Leaf {
  const { kind } = definition;
  return (
    kind === Kind.SCALAR_TYPE_DEFINITION ||
    kind === Kind.ENUM_TYPE_DEFINITION ||
    kind === Kind.INPUT_OBJECT_TYPE_DEFINITION
  );
}

function isTagged({ directives = [] }: ObjectTypeDefinitionNode | FieldDefinitionNode): boolean {
  return directives.some(
    ({ name, arguments: [argument] = [] }) =>
      name.value === 'tag' && argument?.value.kind === Kind.STRING && argument.value.value === ROUTER_TAG,
  );
}

function isSeen(type: ObjectTypeDefinitionNode): boolean {
  return isTagged(type) || (type.fields ?? []).some(isTagged);
}

function requireSeen(
  type: ObjectTypeDefinitionNode,
  field: FieldDefinitionNode,
  hidden: ReadonlySet<string>,
): FieldDefinitionNode {
  if (!hidden.has(nameOf(field.type))) return field;
  throw new Error(
    `routers see \`${type.name.value}.${field.name.value}\`, and not its type: tag \`${nameOf(field.type)}\`, too`,
  );
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

/** All types that these name, and that the inputs among them name in turn. */
function namesIn(types: readonly DefinitionNode[], all: readonly DefinitionNode[]): ReadonlySet<string> {
  const names = new Set<string>();
  const waiting = [...types];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    visit(next, {
      NamedType: ({ name }) => {
        if (names.has(name.value)) return;
        names.add(name.value);
        const input = all.find((other) => isLeaf(other) && other.name.value === name.value);
        if (input) waiting.push(input);
      },
    });
  }
  return names;
}
