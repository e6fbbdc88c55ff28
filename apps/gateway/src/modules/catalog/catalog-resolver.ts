import { Authorized, Ctx, Query, Resolver } from 'type-graphql';
import type { GatewayContext } from '../../context.js';
import { FeatureObject, toFeature } from '../feature/feature-type.js';
import { PlanType } from '../plan/plan-types.js';
import { toPlan } from '../plan/to-plan.js';

@Resolver()
export class CatalogResolver {
  @Authorized('READER')
  @Query(() => [PlanType])
  async plans(@Ctx() { states }: GatewayContext): Promise<PlanType[]> {
    const release = await states.release();
    return [...release.planVersions.values()].map((sold) => toPlan(sold, release));
  }

  @Authorized('READER')
  @Query(() => [FeatureObject])
  async features(@Ctx() { states }: GatewayContext): Promise<FeatureObject[]> {
    const release = await states.release();
    return [...release.catalog.features.values()].map(toFeature);
  }
}
