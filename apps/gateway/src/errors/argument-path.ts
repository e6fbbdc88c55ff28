import {
  BREAK,
  type GraphQLError,
  Kind,
  parse,
  visit,
  type ASTNode,
  type DocumentNode,
  type VariableDefinitionNode,
} from 'graphql';

const VALUE_KINDS: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
  Kind.OBJECT_FIELD,
]);
const MISSING_ARGUMENT = /^(?:Field|Argument) .*argument "(\w+)" of type "[^"]+" is required/;
const MISSING_INPUT_FIELD = /Field "(?:\w+\.)?(\w+)" of required type/;
const UNKNOWN_INPUT_FIELD = /Field "(\w+)" is not defined by type/;
const VARIABLE_PATH = / at "\w+((?:\.\w+|\[\d+\])+)";/;

/**
 * The path of the argument that graphql-js refused before any resolver ran (`input.quantity`, `inputs.3.quantity`), or
 * null where the error is not about an argument's value. What the library leaves on the error is its nodes and its
 * message; the document is read again, which costs time on this path only.
 */
export function argumentPath(error: GraphQLError): string | null {
  const node = error.nodes?.[0];
  if (!node?.loc) return null;
  if (node.kind === Kind.VARIABLE_DEFINITION) return variablePath(error, node);
  if (node.kind === Kind.FIELD) return MISSING_ARGUMENT.exec(error.message)?.[1] ?? null;
  if (!VALUE_KINDS.has(node.kind)) return null;
  const path = pathOf(parsed(node), (other) => isSameNode(other, node));
  return joined(path, namedField(error.message, path));
}

function variablePath(error: GraphQLError, definition: VariableDefinitionNode): string | null {
  const name = definition.variable.name.value;
  const argument = pathOf(
    parsed(definition),
    (node) => node.kind === Kind.VARIABLE && node.name.value === name,
  );
  const inside = VARIABLE_PATH.exec(error.message)?.[1] ?? '';
  const path = [...argument, ...inside.split(/[.[\]]/).filter((part) => part !== '')];
  return joined(path, namedField(error.message, path));
}

/** A missing or unknown field of an input object is named in the message; the error's node is the object. */
function namedField(message: string, path: readonly string[]): string[] {
  const name = (MISSING_INPUT_FIELD.exec(message) ?? UNKNOWN_INPUT_FIELD.exec(message))?.[1];
  return name === undefined || path.at(-1) === name ? [] : [name];
}

function joined(path: readonly string[], rest: readonly string[]): string | null {
  const all = [...path, ...rest].join('.');
  return all === '' ? null : all;
}

function parsed(node: ASTNode): DocumentNode {
  return parse(node.loc?.source.body ?? '');
}

function isSameNode(node: ASTNode, wanted: ASTNode): boolean {
  return (
    node.kind === wanted.kind && node.loc?.start === wanted.loc?.start && node.loc?.end === wanted.loc?.end
  );
}

/** Names of arguments and input fields, and positions in lists, from the field down to the first node that fits. */
function pathOf(document: DocumentNode, fits: (node: ASTNode) => boolean): string[] {
  let found: string[] = [];
  const path: string[] = [];
  visit(document, {
    VariableDefinition: () => false,
    enter(node, key, parent) {
      const step = stepName(node, key, parent);
      if (step !== null) path.push(step);
      if (!fits(node)) return undefined;
      found = [...path];
      return BREAK;
    },
    leave(node, key, parent) {
      if (stepName(node, key, parent) !== null) path.pop();
    },
  });
  return found;
}

function stepName(node: ASTNode, key: string | number | undefined, parent: unknown): string | null {
  if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) return node.name.value;
  const isListItem = typeof key === 'number' && VALUE_KINDS.has(node.kind);
  return isListItem && Array.isArray(parent) ? String(key) : null;
}
