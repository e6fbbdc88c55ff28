import { Arg, Authorized, Ctx, ID, Info, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { createApiKey, listApiKeys, revokeApiKey, type ApiKey } from '@licet/database';
import { formatInstant, type Instant } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { ApiError, badInput, granted } from '../../errors/api-error.js';
import { Cursor } from '../../scalars/index.js';
import { boundList, parseIdempotencyKey, readCustomerId, requireStorable } from '../arguments.js';
import { parseFirst, toConnection, type Connection } from '../connection/connection-types.js';
import {
  ApiKeyConnectionType,
  ApiKeyResultType,
  CreateApiKeyInput,
  toApiKey,
  type ApiKeyType,
} from './api-key-types.js';

const NAME_MAX = 255;

@Resolver()
export class ApiKeyResolver {
  @Authorized('ADMIN')
  @Query(() => ApiKeyConnectionType)
  async apiKeys(
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Arg('revoked', () => Boolean, { defaultValue: false }) revoked: boolean,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<Connection<ApiKeyType>> {
    const page = { first: parseFirst(first), after: after ?? null, revoked, only: access.only };
    return toConnection(granted(await listApiKeys(db, access.tenantId, page), '').page, toApiKey);
  }

  @Authorized('ADMIN')
  @Mutation(() => ApiKeyResultType)
  async createApiKey(
    @Arg('input', () => CreateApiKeyInput) input: CreateApiKeyInput,
    @Ctx() context: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ApiKeyResultType> {
    const { name, role, expiresAt = null } = input;
    if (name.length < 1 || name.length > NAME_MAX) {
      throw badInput('input.name', `a name has 1 to ${String(NAME_MAX)} characters`);
    }
    requireStorable('input.name', name);
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    const operations = readOperations(input.operations ?? [], info);
    const customerIds = boundList('input.customerIds', input.customerIds ?? []).map((id, index) =>
      readCustomerId(`input.customerIds.${String(index)}`, id),
    );
    const own = context.access.requireApiKey('keys are made by keys');
    requireNoWider(own, operations, customerIds);
    requireNoLonger(own, expiresAt);
    const wanted = { name, role, operations, customerIds, expiresAt, idempotencyKey };
    const { apiKey, secret, revision } = granted(
      await createApiKey(context.db, context.caller, wanted),
      'input',
    );
    return { apiKey: toApiKey(apiKey), secret, revision };
  }

  @Authorized('ADMIN')
  @Mutation(() => ApiKeyResultType)
  async revokeApiKey(
    @Arg('id', () => ID) id: string,
    @Ctx() { db, caller, access }: GatewayContext,
  ): Promise<ApiKeyResultType> {
    requireStorable('id', id);
    const { apiKey, revision } = granted(await revokeApiKey(db, caller, id, access.only), '');
    return { apiKey: toApiKey(apiKey), secret: null, revision };
  }
}

/** A misspelt operation would make a key that is silently good for nothing. */
function readOperations(operations: string[], { schema }: GraphQLResolveInfo): string[] {
  const known = new Set(
    [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((root) =>
      Object.keys(root?.getFields() ?? {}),
    ),
  );
  boundList('input.operations', operations).forEach((operation, index) => {
    if (known.has(operation)) return;
    throw badInput(
      `input.operations.${String(index)}`,
      `there is no operation \`${operation}\`; an operation is a field of Query, Mutation or Subscription`,
    );
  });
  return operations;
}

/** A narrowed key makes no key that may do more than itself. */
function requireNoWider(own: ApiKey, operations: readonly string[], customerIds: readonly string[]): void {
  if (within(own.operations, operations) && within(own.customerIds, customerIds)) return;
  throw new ApiError(
    'FORBIDDEN',
    'this key is narrowed; a key that it makes names no further operations or customers',
  );
}

/** A key that ends makes no key that outlives it. */
function requireNoLonger(own: ApiKey, expiresAt: Instant | null): void {
  if (own.expiresAt === null || (expiresAt !== null && expiresAt <= own.expiresAt)) return;
  throw new ApiError(
    'FORBIDDEN',
    `this key expires at \`${formatInstant(own.expiresAt)}\`; a key that it makes expires no later`,
    'input.expiresAt',
  );
}

function within(own: readonly string[], wanted: readonly string[]): boolean {
  return own.length === 0 || (wanted.length > 0 && wanted.every((item) => own.includes(item)));
}
