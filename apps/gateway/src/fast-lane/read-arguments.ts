import {
  getArgumentValues,
  isNonNullType,
  Kind,
  valueFromAST,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLField,
  type ValueNode,
} from 'graphql';
import type { Variables } from './run.js';

export type Arguments = Record<string, unknown>;
/** Throws as graphql-js does where an argument is missing, null or wrong. */
export type ArgumentsReader = (variables: Variables) => Arguments;

/** Puts an argument's value into `into`; false where the library must look at it, and word the error. */
type ArgumentReader = (variables: Variables, into: Arguments) => boolean;

/** What does not depend on variables is read now; the rest on each call. */
export function compileArguments(field: GraphQLField<unknown, unknown>, node: FieldNode): ArgumentsReader {
  const readers = field.args.map((argument) => compileArgument(argument, valueOf(node, argument.name)));
  return (variables) => {
    const values: Arguments = {};
    for (const read of readers) {
      if (!read(variables, values)) return getArgumentValues(field, node, variables);
    }
    return values;
  };
}

function valueOf(node: FieldNode, name: string): ValueNode | null {
  return node.arguments?.find((argument) => argument.name.value === name)?.value ?? null;
}

function compileArgument(argument: GraphQLArgument, value: ValueNode | null): ArgumentReader {
  if (value === null) return defaultReader(argument);
  if (value.kind === Kind.VARIABLE) return variableReader(argument, value.name.value);
  const constant: unknown = isConstant(value) ? valueFromAST(value, argument.type) : undefined;
  if (isPrimitive(constant)) return constantReader(argument, constant);
  // Made anew for each call: a resolver may keep or change what it is given.
  return (variables, into) => {
    const read: unknown = valueFromAST(value, argument.type, variables);
    into[argument.name] = read;
    return read !== undefined && (read !== null || !isNonNullType(argument.type));
  };
}

function defaultReader(argument: GraphQLArgument): ArgumentReader {
  const { name, defaultValue } = argument;
  const isRequired = isNonNullType(argument.type);
  return (_variables, into) => {
    if (defaultValue === undefined) return !isRequired;
    into[name] = defaultValue;
    return true;
  };
}

function variableReader(argument: GraphQLArgument, variable: string): ArgumentReader {
  const readDefault = defaultReader(argument);
  const isRequired = isNonNullType(argument.type);
  return (variables, into) => {
    if (!Object.hasOwn(variables, variable)) return readDefault(variables, into);
    const value = variables[variable];
    into[argument.name] = value;
    return value !== undefined && (value !== null || !isRequired);
  };
}

function constantReader(argument: GraphQLArgument, value: Primitive): ArgumentReader {
  if (value === null && isNonNullType(argument.type)) return () => false;
  return (_variables, into) => {
    into[argument.name] = value;
    return true;
  };
}

type Primitive = string | number | boolean | null;

function isPrimitive(value: unknown): value is Primitive {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isConstant(value: ValueNode): boolean {
  return value.kind !== Kind.LIST && value.kind !== Kind.OBJECT && value.kind !== Kind.VARIABLE;
}
