import { Authorized, Ctx, Query, Resolver } from 'type-graphql';
import { findTenant } from '@licet/database';
import type { GatewayContext } from '../../context.js';
import { TenantType } from './tenant-type.js';

@Resolver()
export class TenantResolver {
  @Authorized('READER')
  @Query(() => TenantType)
  async tenant(@Ctx() { db, access }: GatewayContext): Promise<TenantType> {
    return { ...(await findTenant(db, access.tenantId)), approvalsFor: [] };
  }
}
