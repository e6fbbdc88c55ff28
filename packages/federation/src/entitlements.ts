import { mapSchema, MapperKind } from '@graphql-tools/utils';
import {
  defaultFieldResolver,
  type GraphQLFieldConfig,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql';
import { type Guard, readGuards } from './directive.js';
import { checkFailed, EntitlementsError, notEntitled, OutOfReach, unauthenticated } from './errors.js';
import { type Deciding, Execution } from './execution.js';
import { GatewayClient } from './gateway-client.js';
import { KnownFeatures } from './known-features.js';
import { LastKnown } from './last-known.js';
import type { EntitlementsOptions } from './options.js';

const TIMEOUT_MILLISECONDS = 2000;
const DECISIONS_KEPT = 10_000;

export interface Entitlements {
  /**
   * The schema with `@requiresEntitlement` at work, wherever it stands; the schema that is given stays as it is. EntitlementsError where
   * a directive cannot be right, or names a feature that the catalog does not have. While the features are not read, `onRefused` is told that.
   */
  readonly guard: (schema: GraphQLSchema) => GraphQLSchema;
}

/**
 * Reads the features once, for the times when the gateway is out of reach. Where it is so at start, they are read with the first checks
 * that it answers. EntitlementsError where it refuses.
 */
export async function connectEntitlements<Context extends object>(
  options: EntitlementsOptions<Context>,
): Promise<Entitlements> {
  const { url, apiKey, timeoutMilliseconds = TIMEOUT_MILLISECONDS } = options;
  const { onRefused = console.error, onOutOfReach = console.warn, whileUnread = {} } = options;
  const client = new GatewayClient({ url, apiKey, timeoutMilliseconds });
  const features = new KnownFeatures({ client, onRefused, whileUnread });
  try {
    await features.read();
  } catch (cause) {
    if (!(cause instanceof OutOfReach)) throw cause;
    const remedy =
      'guarded fields are denied until it does, but for those that are open; start it, or correct `url`';
    onOutOfReach(new EntitlementsError(`${cause.message}; ${remedy}`, { cause }));
  }
  const lastKnown = new LastKnown(features, options.decisionsKept ?? DECISIONS_KEPT);
  return {
    guard: (schema) => guardSchema(schema, { client, features, lastKnown }, { ...options, onRefused }),
  };
}

type GuardOptions<Context> = Pick<EntitlementsOptions<Context>, 'subjectOf'> &
  Required<Pick<EntitlementsOptions<Context>, 'onRefused'>>;

function guardSchema<Context extends object>(
  schema: GraphQLSchema,
  deciding: Omit<Deciding, 'guards'>,
  { subjectOf, onRefused }: GuardOptions<Context>,
): GraphQLSchema {
  const guards = readGuards(schema);
  for (const [place, ofField] of guards)
    for (const { feature } of ofField) deciding.features.require(place, feature);
  const executionOf = rememberExecutions<Context>({ ...deciding, guards }, subjectOf);
  const asking = { executionOf, onRefused };
  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (
      field: GraphQLFieldConfig<unknown, Context>,
      name: string,
      typeName: string,
    ) => {
      const ofField = guards.get(`${typeName}.${name}`);
      if (ofField === undefined) return undefined;
      const { resolve = defaultFieldResolver, subscribe } = field;
      const checks = ofField.filter(({ consume }) => !consume);
      return {
        ...field,
        resolve: behind(ofField, asking, resolve),
        // A stream is not begun for who is not entitled. What spends does so for each of its events.
        ...(subscribe === undefined ? {} : { subscribe: behind(checks, asking, subscribe) }),
      };
    },
  });
}

interface Asking<Context> {
  readonly executionOf: ExecutionOf<Context>;
  readonly onRefused: (error: EntitlementsError) => void;
}

type ExecutionOf<Context> = (context: Context, info: GraphQLResolveInfo) => Promise<Execution>;

function behind<Context>(
  guards: readonly Guard[],
  { executionOf, onRefused }: Asking<Context>,
  resolve: GraphQLFieldResolver<unknown, Context>,
): GraphQLFieldResolver<unknown, Context> {
  return async (source, args, context, info): Promise<unknown> => {
    try {
      const execution = await executionOf(context, info);
      for (const guard of guards) {
        const decision = await execution.decide(guard, info);
        if (!decision.allowed) throw notEntitled(decision);
      }
    } catch (error) {
      if (!(error instanceof EntitlementsError)) throw error;
      onRefused(error);
      throw checkFailed();
    }
    return resolve(source, args, context, info);
  };
}

/** One for each execution: servers make the variables' values anew for each, and for each event of a subscription. */
function rememberExecutions<Context>(
  deciding: Deciding,
  subjectOf: EntitlementsOptions<Context>['subjectOf'],
): ExecutionOf<Context> {
  const executions = new WeakMap<object, Promise<Execution>>();
  async function begin(context: Context): Promise<Execution> {
    const subject = await subjectOf(context);
    if (subject === null) throw unauthenticated();
    return new Execution(deciding, subject);
  }
  return (context, { variableValues }) => {
    const known = executions.get(variableValues);
    if (known) return known;
    const begun = begin(context);
    executions.set(variableValues, begun);
    return begun;
  };
}
