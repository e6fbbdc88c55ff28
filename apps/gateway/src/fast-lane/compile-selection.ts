import {
  defaultFieldResolver,
  defaultTypeResolver,
  GraphQLError,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  locatedError,
  OperationTypeNode,
  responsePathAsArray,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { getFieldDef } from 'graphql/execution/execute.js';
import { joinInOrder, joinTogether, type FieldWriter, type SelectionWriter } from './join-fields.js';
import { leafWriter } from './leaf-text.js';
import { compileArguments } from './read-arguments.js';
import { isPending, together, type Position, type Run, type Text } from './run.js';

export interface OperationSource {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Record<string, FragmentDefinitionNode>;
  /** Values of the variables that `@skip` and `@include` name: what is selected is worked out for them. */
  readonly conditions: Readonly<Record<string, boolean>>;
}

/** A document that this lane does not execute. */
export class NotCompilableError extends Error {
  override readonly name = 'NotCompilableError';
}

/** Turns a value into JSON; throws what is wrong with it. */
type ValueWriter = (run: Run, value: unknown, position: Position) => Text;
interface Completion {
  /** Writes a value, or null where that is allowed and something is wrong. */
  readonly complete: ValueWriter;
  readonly fail: (run: Run, thrown: unknown, position: Position) => string;
}
type AnyField = GraphQLField<unknown, unknown>;

/** A field where it is selected: what all its executions share. */
interface SelectedField {
  readonly parentType: GraphQLObjectType;
  readonly field: AnyField;
  readonly nodes: readonly FieldNode[];
  readonly key: string;
}

/**
 * What graphql-js's `execute` works out on every call (which fields, of which types, with which resolvers) worked out
 * once, as functions that write JSON. The order of calls, the rules of null and the errors are the library's.
 */
export function compileSelection(source: OperationSource): SelectionWriter {
  return new SelectionCompiler(source).root();
}

/** Counted wherever they are selected: fragments make millions of fields of a little text, which nothing but this bounds. */
const FIELDS_MAX = 2000;

class SelectionCompiler {
  private compiled = 0;

  constructor(private readonly source: OperationSource) {}

  root(): SelectionWriter {
    const { schema, operation, fragments, conditions } = this.source;
    const type = schema.getRootType(operation.operation);
    if (!type || operation.operation === OperationTypeNode.SUBSCRIPTION) {
      throw new NotCompilableError('it is no query and no mutation');
    }
    const selected = collectFields(schema, fragments, conditions, type, operation.selectionSet);
    const join = operation.operation === OperationTypeNode.MUTATION ? joinInOrder : joinTogether;
    return join([...selected.keys()], this.fields(type, selected));
  }

  private fields(
    parentType: GraphQLObjectType,
    selected: ReadonlyMap<string, readonly FieldNode[]>,
  ): FieldWriter[] {
    return Array.from(selected, ([key, nodes]) => {
      const [node] = nodes;
      const field: AnyField | null | undefined = node && getFieldDef(this.source.schema, parentType, node);
      if (!field) throw new NotCompilableError(`${parentType.name} has no field for \`${key}\``);
      return this.field({ parentType, field, nodes, key });
    });
  }

  private field(selected: SelectedField): FieldWriter {
    if (++this.compiled > FIELDS_MAX)
      throw new NotCompilableError(`it selects more than ${String(FIELDS_MAX)} fields`);
    const { field, parentType, key } = selected;
    const write = this.resolvedField(selected);
    const type = isNonNullType(field.type) ? field.type.ofType : field.type;
    if (field.resolve || !isLeafType(type)) {
      return (run, source, parent) => write(run, source, { prev: parent, key, typename: parentType.name });
    }
    return propertyWriter(
      { name: field.name, type, isRequired: isNonNullType(field.type) },
      (run, source, parent) => write(run, source, { prev: parent, key, typename: parentType.name }),
    );
  }

  private resolvedField(selected: SelectedField): ValueWriter {
    const { field, nodes } = selected;
    const [node] = nodes;
    if (!node) throw new NotCompilableError('a field without nodes');
    const resolve = field.resolve ?? defaultFieldResolver;
    const readArguments = compileArguments(field, node);
    const infoOf = this.resolveInfo(selected);
    const { complete, fail } = this.completion(field.type, selected);
    return (run, source, position) => {
      let value: unknown;
      try {
        value = resolve(source, readArguments(run.variables), run.context, infoOf(run, position));
      } catch (thrown) {
        return fail(run, thrown, position);
      }
      return complete(run, value, position);
    };
  }

  private resolveInfo({
    field,
    nodes,
    parentType,
  }: SelectedField): (run: Run, position: Position) => GraphQLResolveInfo {
    const { schema, fragments, operation } = this.source;
    return ({ variables }, position) => {
      if (!position) throw new Error('a field stands somewhere');
      return {
        fieldName: field.name,
        fieldNodes: nodes,
        returnType: field.type,
        parentType,
        path: position,
        schema,
        fragments,
        rootValue: undefined,
        operation,
        variableValues: variables,
      };
    };
  }

  /**
   * An error makes a nullable value null and is kept; that of another value is thrown on to what holds it. Promises are
   * chained as in graphql-js: the order of errors depends on it.
   */
  private completion(type: GraphQLOutputType, selected: SelectedField): Completion {
    const isRequired = isNonNullType(type);
    const write = this.value(type, selected);

    function fail(run: Run, thrown: unknown, position: Position): string {
      const error = locatedError(thrown, selected.nodes, position && responsePathAsArray(position));
      if (isRequired) throw error;
      run.errors.add(error, position);
      return 'null';
    }
    function complete(run: Run, value: unknown, position: Position): Text {
      try {
        const text = isPending(value)
          ? value.then((resolved) => write(run, resolved, position))
          : write(run, value, position);
        return typeof text === 'string'
          ? text
          : text.then(undefined, (thrown: unknown) => fail(run, thrown, position));
      } catch (thrown) {
        return fail(run, thrown, position);
      }
    }
    return { complete, fail };
  }

  private value(type: GraphQLOutputType, selected: SelectedField): ValueWriter {
    const isRequired = isNonNullType(type);
    const write = this.presentValue(isRequired ? type.ofType : type, selected);
    const name = `${selected.parentType.name}.${selected.field.name}`;
    return (run, value, position) => {
      if (value instanceof Error) throw value;
      if (value !== null && value !== undefined) return write(run, value, position);
      if (isRequired) throw new Error(`Cannot return null for non-nullable field ${name}.`);
      return 'null';
    };
  }

  private presentValue(type: GraphQLOutputType, selected: SelectedField): ValueWriter {
    if (isListType(type)) return this.list(type.ofType, selected);
    if (isLeafType(type)) return this.leaf(type);
    if (isAbstractType(type)) return this.abstract(type, selected);
    if (isObjectType(type)) return this.object(type, selected);
    throw new NotCompilableError(`\`${selected.key}\` is of a type that nothing writes`);
  }

  private leaf(type: GraphQLLeafType): ValueWriter {
    const write = leafWriter(type);
    return (_run, value) => write(value);
  }

  private list(itemType: GraphQLOutputType, selected: SelectedField): ValueWriter {
    const { parentType, field } = selected;
    const { complete } = this.completion(itemType, selected);
    return (run, value, position) => {
      if (!isIterable(value)) {
        throw new GraphQLError(
          `Expected Iterable, but did not find one for field "${parentType.name}.${field.name}".`,
        );
      }
      const texts = Array.from(value, (each, index) =>
        complete(run, each, { prev: position, key: index, typename: undefined }),
      );
      return texts.every((text) => typeof text === 'string')
        ? `[${texts.join(',')}]`
        : together(texts).then((all) => `[${all.join(',')}]`);
    };
  }

  private object(type: GraphQLObjectType, { nodes }: SelectedField): ValueWriter {
    if (type.isTypeOf) throw new NotCompilableError(`${type.name} looks at its values`);
    const { schema, fragments, conditions } = this.source;
    const selected = collectSubfields(schema, fragments, { ...conditions }, type, nodes);
    return joinTogether([...selected.keys()], this.fields(type, selected));
  }

  private abstract(type: GraphQLAbstractType, selected: SelectedField): ValueWriter {
    const writers = new Map(
      this.source.schema
        .getPossibleTypes(type)
        .map((possible) => [possible.name, this.object(possible, selected)]),
    );
    const resolveType = type.resolveType ?? defaultTypeResolver;
    const infoOf = this.resolveInfo(selected);
    function writerOf(name: unknown): ValueWriter {
      const write = typeof name === 'string' ? writers.get(name) : undefined;
      if (write) return write;
      throw new GraphQLError(
        `Runtime Object type "${String(name)}" is not a possible type for "${type.name}".`,
        { nodes: selected.nodes },
      );
    }
    return (run, value, position) => {
      const name: unknown = resolveType(value, run.context, infoOf(run, position), type);
      return isPending(name)
        ? name.then((resolved) => writerOf(resolved)(run, value, position))
        : writerOf(name)(run, value, position);
    };
  }
}

interface Property {
  readonly name: string;
  readonly type: GraphQLLeafType;
  readonly isRequired: boolean;
}

/** A property that holds a plain value is written at once; whatever is special about it goes the long way. */
function propertyWriter({ name, type, isRequired }: Property, otherwise: FieldWriter): FieldWriter {
  const write = leafWriter(type);
  return (run, source, parent) => {
    const value = isRecord(source) ? source[name] : undefined;
    if (value === null || value === undefined) return isRequired ? otherwise(run, source, parent) : 'null';
    if (typeof value === 'object' || typeof value === 'function') return otherwise(run, source, parent);
    try {
      return write(value);
    } catch {
      return otherwise(run, source, parent);
    }
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
