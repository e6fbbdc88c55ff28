import {
  Kind,
  visit,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { compileSelection, NotCompilableError, type OperationSource } from './compile-selection.js';
import type { SelectionWriter } from './join-fields.js';
import { compileVariables, type VariablesReader } from './read-variables.js';
import { costCheck, type CostCheck } from '../plugins/cost-limit.js';
import { FieldErrors, type Run, type Variables } from './run.js';

/** Each one doubles the selections that an operation may have. */
const CONDITIONS_MAX = 4;

/** `data`: JSON; `null` where a value that had to be there is missing. */
export interface Executed {
  readonly data: string;
  readonly errors: readonly GraphQLError[];
}

/** An operation with variables that fit: it can be executed, and has not been. */
export interface PreparedOperation {
  execute(context: unknown): Executed | PromiseLike<Executed>;
}

/** One operation of a valid document, compiled once for each set of values that `@skip` and `@include` see. */
export class CompiledOperation {
  private readonly source: Omit<OperationSource, 'conditions'>;
  private readonly conditions: readonly string[];
  private readonly readVariables: VariablesReader;
  private readonly costCheck: CostCheck;
  private readonly selections = new Map<string, SelectionWriter | null>();

  constructor(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) {
    this.source = { schema, operation, fragments: fragmentsOf(document) };
    this.conditions = conditionsOf(document, operation);
    this.costCheck = costCheck(schema, document, operation);
    this.readVariables = compileVariables(schema, operation.variableDefinitions ?? []);
  }

  /** Null where it cannot be executed this way, or not with these variables; nothing has happened then. */
  prepare(inputs: Readonly<Record<string, unknown>>): PreparedOperation | null {
    const variables = this.readVariables(inputs);
    if (variables === null || this.costCheck?.(inputs)) return null;
    const write = this.selectionFor(variables);
    return (
      write && {
        execute: (context) => execute(write, { context, variables, errors: new FieldErrors() }),
      }
    );
  }

  private selectionFor(variables: Variables): SelectionWriter | null {
    const conditions: Record<string, boolean> = {};
    let key = '';
    for (const name of this.conditions) {
      const value = variables[name];
      if (typeof value !== 'boolean') return null;
      conditions[name] = value;
      key += value ? '1' : '0';
    }
    const known = this.selections.get(key);
    if (known !== undefined) return known;
    const compiled = this.compile(conditions);
    this.selections.set(key, compiled);
    return compiled;
  }

  private compile(conditions: Readonly<Record<string, boolean>>): SelectionWriter | null {
    if (this.conditions.length > CONDITIONS_MAX) return null;
    try {
      return compileSelection({ ...this.source, conditions });
    } catch (error) {
      if (error instanceof NotCompilableError) return null;
      throw error;
    }
  }
}

function execute(write: SelectionWriter, run: Run): Executed | PromiseLike<Executed> {
  function failed(error: GraphQLError): Executed {
    run.errors.add(error, undefined);
    return { data: 'null', errors: run.errors.list };
  }
  try {
    const data = write(run, undefined, undefined);
    if (typeof data === 'string') return { data, errors: run.errors.list };
    return data.then((text) => ({ data: text, errors: run.errors.list }), failed);
  } catch (error) {
    // What a selection throws is located by then.
    if (error instanceof GraphQLError) return failed(error);
    throw error;
  }
}

function fragmentsOf(document: DocumentNode): OperationSource['fragments'] {
  return Object.fromEntries(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
}

/** The operation's variables that stand in `@skip` or `@include`. */
function conditionsOf(document: DocumentNode, { variableDefinitions }: OperationDefinitionNode): string[] {
  const conditions = new Set<string>();
  visit(document, {
    Directive({ name, arguments: given }) {
      if (name.value !== 'skip' && name.value !== 'include') return;
      for (const { value } of given ?? []) if (value.kind === Kind.VARIABLE) conditions.add(value.name.value);
    },
  });
  const defined = new Set(variableDefinitions?.map(({ variable }) => variable.name.value));
  return [...conditions].filter((name) => defined.has(name));
}
