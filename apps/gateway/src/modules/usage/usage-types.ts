import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { CustomerId, FeatureKey, Instant } from '@licet/domain';
import {
  DateTime,
  JsonObjectScalar,
  Quantity,
  RevisionScalar,
  type JsonObject,
} from '../../scalars/index.js';
import { FOR_ROUTERS } from '../../schema/router-tag.js';
import { DecisionType } from '../check/decision-type.js';

@Directive(FOR_ROUTERS)
@ObjectType('UsageBucket', { simpleResolvers: true })
export class UsageBucketType {
  @Field(() => DateTime)
  start!: Instant;
  @Field(() => DateTime)
  end!: Instant;
  @Field(() => Quantity)
  used!: number;
}

/** `history` is a field of UsageResolver. */
@Directive(FOR_ROUTERS)
@ObjectType('FeatureUsage', {
  simpleResolvers: true,
  description: 'Window null for LIMIT features and credits.',
})
export class FeatureUsageType {
  readonly customerId!: CustomerId;
  @Field(() => String)
  feature!: FeatureKey;
  @Field(() => Quantity)
  used!: number;
  @Field(() => Quantity)
  reserved!: number;
  @Field(() => Quantity, { nullable: true })
  limit!: number | null;
  @Field(() => Boolean)
  unlimited!: boolean;
  @Field(() => Quantity, { nullable: true })
  remaining!: number | null;
  @Field(() => Quantity, { description: 'Carried over from earlier windows, part of `limit`.' })
  rolledOver!: number;
  @Field(() => DateTime, { nullable: true })
  windowStart!: Instant | null;
  @Field(() => DateTime, { nullable: true })
  windowEnd!: Instant | null;
}

@ObjectType('ConsumeResult', { simpleResolvers: true })
export class ConsumeResultType {
  @Field(() => DecisionType)
  decision!: DecisionType;
  @Field(() => Quantity)
  consumed!: number;
  @Field(() => Boolean, { description: 'The first answer to this idempotencyKey, again.' })
  replayed!: boolean;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('ConsumeInput')
export class ConsumeInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => Quantity, { defaultValue: 1 })
  quantity!: number;
  @Field(() => String)
  idempotencyKey!: string;
  @Field(() => JsonObjectScalar, { nullable: true })
  context?: JsonObject | null;
  @Field(() => ID, { nullable: true, description: 'The person who spends, where the feature needs a seat.' })
  memberId?: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'The machine that spends, where the licence is bound to machines.',
  })
  fingerprint?: string | null;
}

@InputType('ReleaseUsageInput', { description: 'Lowers the level of a LIMIT feature, never below 0.' })
export class ReleaseUsageInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => Quantity, { defaultValue: 1 })
  quantity!: number;
  @Field(() => String)
  idempotencyKey!: string;
}

@InputType('UsageEventInput', {
  description:
    'After the fact, never refused for being over a limit; CloudEvents `id` and `source` give the idempotency.',
})
export class UsageEventInput {
  @Field(() => ID)
  id!: string;
  @Field(() => String, { defaultValue: 'api' })
  source!: string;
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => Quantity, { defaultValue: 1 })
  quantity!: number;
  @Field(() => DateTime, { nullable: true, description: 'When it was used; now where it is left out.' })
  at?: Instant | null;
}

@ObjectType('RejectedItem', { simpleResolvers: true })
export class RejectedItemType {
  @Field(() => Int)
  index!: number;
  @Field(() => String)
  code!: string;
  @Field(() => String, { nullable: true })
  field!: string | null;
  @Field(() => String)
  message!: string;
}

@ObjectType('RecordUsageResult', { simpleResolvers: true })
export class RecordUsageResultType {
  @Field(() => Int)
  accepted!: number;
  @Field(() => Int)
  duplicates!: number;
  @Field(() => [RejectedItemType])
  rejected!: RejectedItemType[];
  @Field(() => RevisionScalar)
  revision!: string;
}
