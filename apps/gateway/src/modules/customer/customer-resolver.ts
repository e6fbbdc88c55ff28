import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { listCustomers, upsertCustomer } from '@licet/database';
import { parseCustomerId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput, granted } from '../../errors/api-error.js';
import { Cursor } from '../../scalars/index.js';
import { boundText, readCustomerId, requireStorable } from '../arguments.js';
import { parseFirst, toConnection, type Connection } from '../connection/connection-types.js';
import { PlanSubscriptionType } from '../subscription/subscription-types.js';
import { toSubscription } from '../subscription/to-subscription.js';
import {
  CustomerConnectionType,
  CustomerResultType,
  CustomerType,
  UpsertCustomerInput,
  toCustomer,
} from './customer-types.js';

const SEARCH_MAX = 255;

@Resolver(() => CustomerType)
export class CustomerResolver {
  @Authorized('READER')
  @Query(() => CustomerType, { nullable: true })
  async customer(
    @Arg('id', () => ID) text: string,
    @Ctx() context: GatewayContext,
  ): Promise<CustomerType | null> {
    const id = parseCustomerId(context.access.requireCustomer(text));
    const customer = id && (await context.loaders.customers.load(id));
    return customer && toCustomer(customer);
  }

  @Authorized('READER')
  @Query(() => CustomerConnectionType, { description: '`search`: beginning of id or name.' })
  async customers(
    @Arg('first', () => Int, { defaultValue: 20 }) first: number,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
    @Arg('search', () => String, { nullable: true }) search: string | null | undefined,
    @Ctx() { db, access }: GatewayContext,
  ): Promise<Connection<CustomerType> & { totalCount: null }> {
    if (search && search.length > SEARCH_MAX)
      throw badInput('search', `at most ${String(SEARCH_MAX)} characters`);
    if (search) requireStorable('search', search);
    const page = {
      first: parseFirst(first),
      after: after ?? null,
      search: search ?? null,
      only: access.only,
    };
    const listed = granted(await listCustomers(db, access.tenantId, page), '');
    return { ...toConnection(listed.page, toCustomer), totalCount: null };
  }

  @Authorized('SERVICE')
  @Mutation(() => CustomerResultType)
  async upsertCustomer(
    @Arg('input', () => UpsertCustomerInput) input: UpsertCustomerInput,
    @Ctx() { db, caller, access, states }: GatewayContext,
  ): Promise<CustomerResultType> {
    const wanted = {
      id: access.requireCustomer(readCustomerId('input.id', input.id)),
      ...(input.name === undefined ? {} : { name: boundText('input.name', input.name) }),
      ...(input.attributes === undefined ? {} : { attributes: input.attributes ?? {} }),
      ...(input.timeZone === undefined ? {} : { timeZone: input.timeZone }),
    };
    const { customer, revision } = granted(await upsertCustomer(db, caller, wanted), 'input');
    states.wrote(revision);
    return { customer: toCustomer(customer), revision };
  }

  @FieldResolver(() => [PlanSubscriptionType], {
    description: 'Those not ended, and on request the latest 100 ended.',
  })
  async subscriptions(
    @Root() customer: CustomerType,
    @Arg('ended', () => Boolean, { defaultValue: false }) ended: boolean,
    @Ctx() { loaders }: GatewayContext,
  ): Promise<PlanSubscriptionType[]> {
    const loader = ended ? loaders.allSubscriptions : loaders.liveSubscriptions;
    return (await loader.load(customer.id)).map(toSubscription);
  }
}
