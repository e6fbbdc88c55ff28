import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { CustomerId, Instant, PlanVersion } from '@licet/domain';
import { DateTime, Quantity, RevisionScalar } from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';

export const SubscriptionStatusEnum = {
  SCHEDULED: 'SCHEDULED',
  TRIALING: 'TRIALING',
  ACTIVE: 'ACTIVE',
  PAST_DUE: 'PAST_DUE',
  PAUSED: 'PAUSED',
  CANCELED: 'CANCELED',
  EXPIRED: 'EXPIRED',
} as const;
registerEnumType(SubscriptionStatusEnum, {
  name: 'SubscriptionStatus',
  description: 'PAST_DUE is the grace period. CANCELED and EXPIRED are final.',
});

@Directive(FOR_ROUTERS)
@ObjectType('SubscriptionAddOn', { simpleResolvers: true })
export class SubscriptionAddOnType {
  @Field(() => String)
  addOn!: string;
  @Field(() => Int, {
    description:
      'As it was bought. The number rises by one with each release that changes what the add-on gives.',
  })
  version!: number;
  @Field(() => Int)
  quantity!: number;
}

@Directive(FOR_ROUTERS)
@ObjectType('FeatureQuantity', { simpleResolvers: true })
export class FeatureQuantityType {
  @Field(() => String)
  feature!: string;
  @Field(() => Quantity)
  quantity!: number;
}

@Directive(FOR_ROUTERS)
@ObjectType('ScheduledChange', { simpleResolvers: true })
export class ScheduledChangeType {
  @Field(() => String)
  plan!: string;
  @Field(() => DateTime)
  at!: Instant;
  @Field(() => [SubscriptionAddOnType], {
    nullable: true,
    description: 'Those that there will be; null: as they are when the time comes.',
  })
  addOns!: SubscriptionAddOnType[] | null;
  @Field(() => [FeatureQuantityType], { nullable: true, description: 'Like `addOns`.' })
  quantities!: FeatureQuantityType[] | null;
}

/** `customer`, `plan` and `planVersion` are fields of SubscriptionFields. */
@Directive('@key(fields: "id")')
@Directive(FOR_ROUTERS)
@ObjectType('PlanSubscription', { simpleResolvers: true })
export class PlanSubscriptionType {
  @Field(() => ID)
  id!: string;
  readonly customerId!: CustomerId;
  readonly sold!: PlanVersion;
  @Field(() => [SubscriptionAddOnType])
  addOns!: SubscriptionAddOnType[];
  @Field(() => [FeatureQuantityType], {
    description: 'Units bought of features that the plan sells by number.',
  })
  quantities!: FeatureQuantityType[];
  @Field(() => SubscriptionStatusEnum)
  status!: keyof typeof SubscriptionStatusEnum;
  @Field(() => DateTime)
  startedAt!: Instant;
  @Field(() => DateTime)
  currentPeriodStart!: Instant;
  @Field(() => DateTime, { nullable: true })
  currentPeriodEnd!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  trialEndsAt!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  graceEndsAt!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  cancelAt!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  pausedAt!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  resumesAt!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  endedAt!: Instant | null;
  @Field(() => ScheduledChangeType, { nullable: true })
  scheduledChange!: ScheduledChangeType | null;
}

@ObjectType('SubscriptionResult', { simpleResolvers: true })
export class SubscriptionResultType {
  @Field(() => PlanSubscriptionType)
  subscription!: PlanSubscriptionType;
  @Field(() => RevisionScalar)
  revision!: string;
}
