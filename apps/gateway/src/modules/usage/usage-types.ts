import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { CustomerId, FeatureKey, Instant } from '@licet/domain';
import {
  DateTime,
  JsonObjectScalar,
  Quantity,
  RevisionScalar,
  type JsonObject,
} from '../../scalars/index.js';
import { DecisionType } from '../check/decision-type.js';

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
