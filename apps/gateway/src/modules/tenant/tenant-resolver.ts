import { findTenant, updateTenant, type UpdateTenant } from '@licet/database';
import { Arg, Authorized, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { GatewayContext } from '../../context.js';
import { badInput, granted } from '../../errors/api-error.js';
import { boundText } from '../arguments.js';
import { TenantResultType, TenantType, toTenant, UpdateTenantInput } from './tenant-type.js';

const HAS_MORE = 'a tenant has more';

@Resolver()
export class TenantResolver {
  @Authorized('READER')
  @Query(() => TenantType)
  async tenant(@Ctx() { db, access }: GatewayContext): Promise<TenantType> {
    access.requireEveryCustomer(HAS_MORE);
    return toTenant(await findTenant(db, access.tenantId));
  }

  @Authorized('ADMIN')
  @Mutation(() => TenantResultType, {
    description: 'Another time zone moves the customers who name none, where the catalog names none either.',
  })
  async updateTenant(
    @Arg('input', () => UpdateTenantInput) input: UpdateTenantInput,
    @Ctx() { db, access, caller, states }: GatewayContext,
  ): Promise<TenantResultType> {
    access.requireEveryCustomer(HAS_MORE);
    const { tenant, revision } = granted(await updateTenant(db, caller, readUpdate(input)), 'input');
    await states.follow(revision);
    return { tenant: toTenant(tenant), revision };
  }
}

function readUpdate({ name, timeZone, decisionRetention }: UpdateTenantInput): UpdateTenant {
  if (name === null) throw badInput('input.name', 'a tenant has a name; leave it out to keep it');
  if (timeZone === null)
    throw badInput('input.timeZone', 'a tenant has a time zone; leave it out to keep it');
  if (decisionRetention === null)
    throw badInput('input.decisionRetention', 'decisions are kept for some time; leave it out to keep it');
  if (name?.trim() === '') throw badInput('input.name', 'at least one character that is no space');
  return {
    ...(name === undefined ? {} : { name: boundText('input.name', name) }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(decisionRetention === undefined ? {} : { decisionRetention }),
  };
}
