import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLNamedOutputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
} from 'graphql';

/** What operations are run about. */
export interface Sample {
  readonly customerId: string;
  readonly subscriptionId: string;
  readonly licenseId: string;
  readonly fileId: string;
  readonly grantId: string;
  readonly blockId: string;
  readonly reservationId: string;
  /** Of the licence. */
  readonly key: string;
  readonly leaseId: string;
}

export interface Operation {
  /** `Query.check`. */
  readonly name: string;
  readonly query: string;
  variables(sample: Sample): Record<string, unknown>;
}

/** An operation for each field of the root types, which asks for no more than it must; `select` chooses what it asks for. */
export function operationsOf(schema: GraphQLSchema, select = leastOf): Operation[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return roots.flatMap((root) =>
    root ? Object.values(root.getFields()).map((field) => operationOf(root, field, select)) : [],
  );
}

type Select = (type: GraphQLOutputType) => string;

function leastOf(type: GraphQLOutputType): string {
  return isCompositeType(getNamedType(type)) ? '{ __typename }' : '';
}

function operationOf(
  root: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  select: Select,
): Operation {
  const isStream = root.name === 'Subscription';
  const args = field.args.filter(
    (argument) =>
      isRequiredArgument(argument) || ALWAYS.has(argument.name) || (isStream && argument.name === 'after'),
  );
  const declared = args.map(({ name, type }) => `$${name}: ${String(type)}`);
  const handed = args.map(({ name }) => `${name}: $${name}`);
  return {
    name: `${root.name}.${field.name}`,
    query: `${root.name.toLowerCase()} ${inBrackets(declared)} { ${field.name}${inBrackets(handed)} ${select(field.type)} }`,
    variables: (sample) => valuesFor(args, { sample, about: field.name }),
  };
}

/** Of no log: a subscription is answered at once. */
const NO_CURSOR = '0000000000000001-ffffffff';

/** Optional arguments that say about whom, or what, something is asked. */
const ALWAYS: ReadonlySet<string> = new Set(['customerId', 'customerIds', 'fingerprint']);

function inBrackets(parts: readonly string[]): string {
  return parts.length === 0 ? '' : `(${parts.join(', ')})`;
}

interface Wanted {
  readonly sample: Sample;
  /** The operation, for arguments whose name alone does not say what they are. */
  readonly about: string;
}

function valuesFor(
  fields: readonly (GraphQLArgument | GraphQLInputField)[],
  wanted: Wanted,
): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name, type }) => [name, valueFor(type, name, wanted)]));
}

function valueFor(type: GraphQLInputType, name: string, wanted: Wanted): unknown {
  const inner = getNullableType(type);
  if (isListType(inner)) return [valueFor(inner.ofType, name, wanted)];
  if (isEnumType(inner)) return inner.getValues()[0]?.name;
  if (isInputObjectType(inner))
    return valuesFor(
      Object.values(inner.getFields()).filter(
        (field) => isRequiredInputField(field) || ALWAYS.has(field.name),
      ),
      wanted,
    );
  return scalarFor(inner.name, name, wanted);
}

function scalarFor(scalar: string, name: string, { sample, about }: Wanted): unknown {
  switch (scalar) {
    case 'ID':
      return idFor(name, about, sample);
    case 'Int':
    case 'Quantity':
    case 'Float':
      return 1;
    case 'Boolean':
      return true;
    case 'DateTime':
      return '2099-01-01T00:00:00.000Z';
    case 'Duration':
      return 'PT1H';
    case 'JSON':
      return 1;
    case 'JSONObject':
      return {};
    case '_Any':
      return { __typename: 'Customer', id: sample.customerId };
    case 'Cursor':
      return NO_CURSOR;
    default:
      if (name === 'key') return sample.key;
      if (name === 'feature') return about.endsWith('Seat') ? 'viewers' : 'sso';
      return `a ${name}`;
  }
}

function idFor(name: string, about: string, sample: Sample): string {
  const { customerId, subscriptionId, licenseId, fileId, grantId, blockId, reservationId, leaseId } = sample;
  if (name === 'fileId') return fileId;
  if (name === 'grantId') return grantId;
  if (name === 'blockId') return blockId;
  if (name === 'reservationId') return reservationId;
  if (name === 'leaseId') return leaseId;
  if (name === 'customerId' || name === 'customerIds') return customerId;
  if (name === 'subscriptionId') return subscriptionId;
  if (name === 'licenseId' || about === 'license') return licenseId;
  if (about === 'customer' || about === 'upsertCustomer') return customerId;
  return about === 'subscription' ? subscriptionId : 'none';
}

/** Asks for all that is below a type, down to this depth, each type once on a path. */
export function everything(depth: number): Select {
  return (type) => allOf(getNamedType(type), depth, []);
}

function allOf(type: GraphQLNamedOutputType, depth: number, path: readonly string[]): string {
  if (!isCompositeType(type)) return '';
  if (isUnionType(type))
    return `{ __typename ${type
      .getTypes()
      .map((one) => `... on ${one.name} { __typename }`)
      .join(' ')} }`;
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (isCompositeType(inner) && (depth === 1 || path.includes(inner.name))) return [];
    return [`${field.name}${argumentsOf(field)} ${allOf(inner, depth - 1, [...path, inner.name])}`];
  });
  return `{ __typename ${fields.join(' ')} }`;
}

function argumentsOf({ args }: GraphQLField<unknown, unknown>): string {
  return inBrackets(args.filter(isRequiredArgument).map(({ name }) => `${name}: ${NESTED[name] ?? '"x"'}`));
}

/** Arguments below the root that must be given. */
const NESTED: Readonly<Record<string, string>> = { feature: '"api-calls"' };
