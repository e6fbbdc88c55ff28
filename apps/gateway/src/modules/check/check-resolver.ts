import { Arg, Authorized, Ctx, Directive, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import type { GatewayContext } from '../../context.js';
import { notFound } from '../../errors/api-error.js';
import { type JsonObject, JsonObjectScalar, Quantity, RevisionScalar } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { boundList, readCustomerId } from '../arguments.js';
import { CustomerType } from '../customer/customer-types.js';
import { CheckInput } from './check-input.js';
import { checkMany, checkOne, decideOne, readCheck } from './check-many.js';
import { DecisionType } from './decision-type.js';
import { entitlementsIn, toEntitlementSet } from './entitlement-set.js';
import { EntitlementSetType } from './entitlement-types.js';

@Resolver(() => CustomerType)
export class CheckResolver {
  @Authorized('READER')
  @Directive(FOR_ROUTERS)
  @Query(() => DecisionType)
  check(
    @Arg('input', () => CheckInput) input: CheckInput,
    @Ctx() context: GatewayContext,
  ): DecisionType | Promise<DecisionType> {
    return checkOne(context, input, 'input');
  }

  @Authorized('READER')
  @Directive(FOR_ROUTERS)
  @Query(() => [DecisionType], {
    description: 'Answered in order; one release for all, one state for each customer.',
  })
  checkMany(
    @Arg('inputs', () => [CheckInput]) inputs: CheckInput[],
    @Ctx() context: GatewayContext,
  ): Promise<DecisionType[]> {
    return checkMany(context, boundList('inputs', inputs), (index) => `inputs.${String(index)}`);
  }

  @Authorized('READER')
  @Directive(FOR_ROUTERS)
  @Query(() => EntitlementSetType)
  async entitlements(
    @Arg('customerId', () => ID) text: string,
    @Arg('atLeast', () => RevisionScalar, { nullable: true }) atLeast: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<EntitlementSetType> {
    const customerId = context.access.requireCustomer(readCustomerId('customerId', text));
    if (atLeast != null) await context.states.reach(atLeast, 'atLeast', [customerId]);
    const stamped = await context.states.load(customerId);
    if (stamped.state.kind === 'UNKNOWN_CUSTOMER')
      throw notFound('customerId', `there is no customer \`${text}\``);
    return toEntitlementSet(stamped, entitlementsIn(stamped, context.access));
  }

  @Directive(FOR_ROUTERS)
  @FieldResolver(() => EntitlementSetType, { name: 'entitlements' })
  async entitlementsOfCustomer(
    @Root() customer: CustomerType,
    @Ctx() { states, access }: GatewayContext,
  ): Promise<EntitlementSetType> {
    const stamped = await states.load(customer.id);
    return toEntitlementSet(stamped, entitlementsIn(stamped, access));
  }

  @Directive(FOR_ROUTERS)
  @FieldResolver(() => DecisionType, { name: 'check' })
  async checkOfCustomer(
    @Root() customer: CustomerType,
    @Arg('feature', () => String) feature: string,
    @Arg('quantity', () => Quantity, { defaultValue: 1 }) quantity: number,
    @Arg('memberId', () => ID, { nullable: true }) asker: string | null | undefined,
    @Arg('context', () => JsonObjectScalar, { nullable: true }) facts: JsonObject | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<DecisionType> {
    const asked = { customerId: customer.id, feature, quantity, memberId: asker, context: facts };
    return decideOne(context, 'check', readCheck(context, asked, ''), await context.states.load(customer.id));
  }
}
