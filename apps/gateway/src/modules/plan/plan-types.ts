import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Enforcement, PlanModel } from '@licet/domain';
import { Json, Quantity } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { FeatureObject } from '../feature/feature-type.js';

export const LicenseModelEnum = {
  PERPETUAL: 'PERPETUAL',
  SUBSCRIPTION: 'SUBSCRIPTION',
  USAGE: 'USAGE',
  SEATS: 'SEATS',
} as const satisfies Record<PlanModel, PlanModel>;
registerEnumType(LicenseModelEnum, { name: 'LicenseModel', description: "A plan's model." });

const EnforcementEnum = { HARD: 'HARD', SOFT: 'SOFT', NONE: 'NONE' } as const satisfies Record<
  Enforcement['kind'],
  Enforcement['kind']
>;
registerEnumType(EnforcementEnum, { name: 'Enforcement' });

@Directive(FOR_ROUTERS)
@ObjectType('PlanEntitlement', { simpleResolvers: true })
export class PlanEntitlementType {
  @Field(() => FeatureObject)
  feature!: FeatureObject;
  @Field(() => Json, { nullable: true })
  value!: string | null;
  @Field(() => Quantity, { nullable: true })
  limit!: number | null;
  @Field(() => Boolean)
  unlimited!: boolean;
  /** Null where there is nothing to enforce: the feature is not counted. */
  @Field(() => EnforcementEnum, { nullable: true })
  enforcement!: Enforcement['kind'] | null;
  @Field(() => Quantity, { nullable: true, description: 'How far beyond a soft limit.' })
  overage!: number | null;
}

@Directive('@key(fields: "key")')
@Directive(FOR_ROUTERS)
@ObjectType('Plan', { simpleResolvers: true, description: 'The plan as it is sold now.' })
export class PlanType {
  @Field(() => ID)
  key!: string;
  @Field(() => String)
  name!: string;
  @Field(() => String)
  family!: string;
  @Field(() => LicenseModelEnum)
  model!: PlanModel;
  @Field(() => Int)
  version!: number;
  @Field(() => [PlanEntitlementType])
  entitlements!: PlanEntitlementType[];
}

@Directive(FOR_ROUTERS)
@ObjectType('PlanVersion', {
  simpleResolvers: true,
  description: 'The plan as it was bought. The number rises by one with each release that changes the plan.',
})
export class PlanVersionType {
  @Field(() => PlanType)
  plan!: PlanType;
  @Field(() => Int)
  version!: number;
  @Field(() => [PlanEntitlementType])
  entitlements!: PlanEntitlementType[];
}
