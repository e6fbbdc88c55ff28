import { createCustomerToken } from '@licet/database';
import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { GatewayContext } from '../../context.js';
import { granted } from '../../errors/api-error.js';
import { readCustomerId, readMemberId } from '../arguments.js';
import { CreateCustomerTokenInput, CustomerTokenResultType } from './customer-token-types.js';

@Resolver()
export class CustomerTokenResolver {
  @Authorized('SERVICE')
  @Mutation(() => CustomerTokenResultType, {
    description:
      "A short-lived token for one customer's front end: reads and follows that customer alone. It ends with the key that asks for it at the latest.",
  })
  async createCustomerToken(
    @Arg('input', () => CreateCustomerTokenInput) { customerId, memberId, ttl }: CreateCustomerTokenInput,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<CustomerTokenResultType> {
    const wanted = {
      customerId: access.requireCustomer(readCustomerId('input.customerId', customerId)),
      memberId: memberId == null ? null : readMemberId('input.memberId', memberId),
      ttl: ttl ?? null,
      endsWith: access.expiresAt,
    };
    const { token, expiresAt } = granted(await createCustomerToken(db, access.tenantId, wanted), 'input');
    return { token, expiresAt };
  }
}
