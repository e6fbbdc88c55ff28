import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import { type CreditRequest, executeCreditCommand, newCreditBlockId } from '@licet/database';
import { type CreditBlockId, parseCreditBlockId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput, granted, notFound } from '../../errors/api-error.js';
import { Cursor } from '../../scalars/index.js';
import { boundText, parseIdempotencyKey, readCustomerId, readReason, requireStorable } from '../arguments.js';
import { type Connection, parseFirst, toConnection } from '../connection/connection-types.js';
import { CustomerType } from '../customer/customer-types.js';
import {
  AddCreditsInput,
  CreditBlockConnectionType,
  CreditBlockResultType,
  type CreditBlockType,
  toCreditBlock,
} from './credit-types.js';

@Resolver(() => CustomerType)
export class CreditResolver {
  @Authorized('OPERATOR')
  @Mutation(() => CreditBlockResultType)
  addCredits(
    @Arg('input', () => AddCreditsInput) input: AddCreditsInput,
    @Ctx() context: GatewayContext,
  ): Promise<CreditBlockResultType> {
    const customerId = context.access.requireCustomer(readCustomerId('input.customerId', input.customerId));
    const idempotencyKey = parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey);
    requireStorable('input.feature', input.feature);
    if (input.quantity < 1) throw badInput('input.quantity', 'a block holds at least 1 unit');
    const command = {
      kind: 'addCredits',
      blockId: newCreditBlockId(),
      feature: input.feature,
      quantity: input.quantity,
      priority: input.priority,
      expiresAt: input.expiresAt ?? null,
    } as const;
    const reason = input.reason == null ? null : boundText('input.reason', input.reason);
    return execute(context, { command, customerId, reason, idempotencyKey }, 'input');
  }

  @Authorized('OPERATOR')
  @Mutation(() => CreditBlockResultType, { description: 'What is left of the block ends.' })
  async voidCredits(
    @Arg('blockId', () => ID) text: string,
    @Arg('reason', () => String) reason: string,
    @Ctx() context: GatewayContext,
  ): Promise<CreditBlockResultType> {
    const request = {
      command: { kind: 'voidCredits', blockId: await ownBlock(context, text) },
      reason: readReason('reason', reason),
    } as const;
    return execute(context, request, '');
  }

  @FieldResolver(() => CreditBlockConnectionType)
  async creditBlocks(
    @Root() customer: CustomerType,
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Arg('feature', () => String, { nullable: true }) feature: string | null | undefined,
    @Arg('spent', () => Boolean, { defaultValue: false }) spent: boolean,
    @Ctx() { loaders }: GatewayContext,
  ): Promise<Connection<CreditBlockType>> {
    if (feature != null) requireStorable('feature', feature);
    const request = { first: parseFirst(first), after: after ?? null, feature: feature ?? null, spent };
    return toConnection(granted(await loaders.creditBlocks(request).load(customer.id), ''), toCreditBlock);
  }
}

async function execute(
  context: GatewayContext,
  request: CreditRequest,
  prefix: string,
): Promise<CreditBlockResultType> {
  const result = granted(await executeCreditCommand(context.db, context.caller, request), prefix);
  context.states.wrote(result.revision);
  return { block: toCreditBlock(result.owned), revision: result.revision };
}

/** The id of a block that the caller's key may touch. */
async function ownBlock(context: GatewayContext, text: string): Promise<CreditBlockId> {
  const { access, loaders } = context;
  const id = parseCreditBlockId(text);
  if (access.isNarrowed)
    access.requireOwner(
      `the credit block \`${text}\``,
      id && (await loaders.customersOfCreditBlocks.load(id)),
    );
  if (id === null) throw notFound('blockId', `there is no credit block \`${text}\``);
  return id;
}
