import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import { executeGrantCommand, type GrantRequest, newGrantId } from '@licet/database';
import { type GrantId, parseGrantId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { granted, notFound } from '../../errors/api-error.js';
import { Cursor } from '../../scalars/index.js';
import { boundJson, parseIdempotencyKey, readCustomerId, readReason, requireStorable } from '../arguments.js';
import { type Connection, parseFirst, toConnection } from '../connection/connection-types.js';
import { CustomerType } from '../customer/customer-types.js';
import {
  GrantConnectionType,
  GrantInput,
  GrantResultType,
  type GrantType,
  toGrant,
  toGrantOfCustomer,
} from './grant-types.js';

@Resolver(() => CustomerType)
export class GrantResolver {
  @Authorized('OPERATOR')
  @Mutation(() => GrantResultType)
  grantEntitlement(
    @Arg('input', () => GrantInput) input: GrantInput,
    @Ctx() context: GatewayContext,
  ): Promise<GrantResultType> {
    const customerId = context.access.requireCustomer(readCustomerId('input.customerId', input.customerId));
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    requireStorable('input.feature', input.feature);
    const command = {
      kind: 'grantEntitlement',
      grantId: newGrantId(),
      feature: input.feature,
      effect: input.effect,
      value: readValue(input.value),
      reason: readReason('input.reason', input.reason),
      startsAt: input.startsAt ?? null,
      expiresAt: input.expiresAt ?? null,
    } as const;
    return execute(context, { command, customerId, idempotencyKey }, 'input');
  }

  @Authorized('OPERATOR')
  @Mutation(() => GrantResultType)
  async revokeGrant(
    @Arg('grantId', () => ID) text: string,
    @Arg('reason', () => String) reason: string,
    @Ctx() context: GatewayContext,
  ): Promise<GrantResultType> {
    const request = {
      command: { kind: 'revokeGrant', grantId: await ownGrant(context, text) },
      reason: readReason('reason', reason),
    } as const;
    return execute(context, request, '');
  }

  @FieldResolver(() => GrantConnectionType)
  async grants(
    @Root() customer: CustomerType,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Arg('ended', () => Boolean, { defaultValue: false }) ended: boolean,
    @Ctx() { loaders, access }: GatewayContext,
  ): Promise<Connection<GrantType>> {
    const request = { first: parseFirst(first), after: after ?? null, ended };
    const page = granted(await loaders.grants(request).load(customer.id), '');
    return toConnection(page, access.ownCustomer === null ? toGrant : toGrantOfCustomer);
  }
}

async function execute(
  context: GatewayContext,
  request: GrantRequest,
  prefix: string,
): Promise<GrantResultType> {
  const result = granted(await executeGrantCommand(context.db, context.caller, request), prefix);
  context.states.wrote(result.revision);
  return { grant: toGrant(result.granted), revision: result.revision };
}

/** The id of a grant that the caller's key may touch. */
async function ownGrant(context: GatewayContext, text: string): Promise<GrantId> {
  const { access, loaders } = context;
  const id = parseGrantId(text);
  if (access.isNarrowed)
    access.requireOwner(`the grant \`${text}\``, id && (await loaders.customersOfGrants.load(id)));
  if (id === null) throw notFound('grantId', `there is no grant \`${text}\``);
  return id;
}

/** A number, a text or `true`, as the feature wants it; what is large fits none. */
function readValue(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) boundJson('input.value', value);
  return value ?? null;
}
