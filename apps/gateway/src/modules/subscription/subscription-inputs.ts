import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import type { ChangeTiming, Instant } from '@licet/domain';
import { DateTime, Quantity } from '../../scalars/index.js';
import { ChangeTimingEnum } from './change-timing.js';

const PaymentOutcomeEnum = { SUCCEEDED: 'SUCCEEDED', FAILED: 'FAILED' } as const;
registerEnumType(PaymentOutcomeEnum, { name: 'PaymentOutcome' });

@InputType('AddOnInput')
export class AddOnInput {
  @Field(() => String)
  addOn!: string;
  @Field(() => Int, { defaultValue: 1 })
  quantity!: number;
}

@InputType('FeatureQuantityInput')
export class FeatureQuantityInput {
  @Field(() => String)
  feature!: string;
  @Field(() => Quantity)
  quantity!: number;
}

@InputType('SubscribeInput', {
  description:
    "`trial: true` gives the plan's trial unless the customer has had one in the plan's family. `startsAt` may lie ahead, or in the past for imports.",
})
export class SubscribeInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  plan!: string;
  @Field(() => [AddOnInput], { nullable: true })
  addOns?: AddOnInput[] | null;
  @Field(() => [FeatureQuantityInput], { nullable: true })
  quantities?: FeatureQuantityInput[] | null;
  @Field(() => Boolean, { defaultValue: true })
  trial!: boolean;
  @Field(() => DateTime, { nullable: true })
  startsAt?: Instant | null;
  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('ChangePlanInput', {
  description:
    "`timing`: what the catalog's transition says, where left out. `from`: CONFLICT where the subscription is on another plan. Replaces a scheduled change.",
})
export class ChangePlanInput {
  @Field(() => ID)
  subscriptionId!: string;
  @Field(() => String)
  plan!: string;
  @Field(() => String, { nullable: true })
  from?: string | null;
  @Field(() => [AddOnInput], { nullable: true })
  addOns?: AddOnInput[] | null;
  @Field(() => [FeatureQuantityInput], { nullable: true })
  quantities?: FeatureQuantityInput[] | null;
  @Field(() => ChangeTimingEnum, { nullable: true })
  timing?: ChangeTiming | null;
  @Field(() => DateTime, { nullable: true })
  at?: Instant | null;
  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('AdjustSubscriptionInput', { description: 'What is given replaces the whole list.' })
export class AdjustSubscriptionInput {
  @Field(() => ID)
  subscriptionId!: string;
  @Field(() => [AddOnInput], { nullable: true })
  addOns?: AddOnInput[] | null;
  @Field(() => [FeatureQuantityInput], { nullable: true })
  quantities?: FeatureQuantityInput[] | null;
  @Field(() => ChangeTimingEnum, { defaultValue: 'NOW' })
  timing!: ChangeTiming;
  @Field(() => DateTime, { nullable: true })
  at?: Instant | null;
  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('CancelInput')
export class CancelInput {
  @Field(() => ID)
  subscriptionId!: string;
  @Field(() => ChangeTimingEnum, { defaultValue: 'PERIOD_END' })
  timing!: ChangeTiming;
  @Field(() => DateTime, { nullable: true })
  at?: Instant | null;
  @Field(() => String, { nullable: true })
  reason?: string | null;
  @Field(() => String, {
    nullable: true,
    description:
      'Whoever may have to ask again gives one: where a cancellation now has led to another plan, a second one ends that.',
  })
  idempotencyKey?: string | null;
}

@InputType('ReportPaymentInput', {
  description: '`at`: when billing saw it; an outcome older than the last one reported changes nothing.',
})
export class ReportPaymentInput {
  @Field(() => ID)
  subscriptionId!: string;
  @Field(() => PaymentOutcomeEnum)
  outcome!: keyof typeof PaymentOutcomeEnum;
  @Field(() => DateTime, { nullable: true })
  at?: Instant | null;
  @Field(() => String)
  idempotencyKey!: string;
}
