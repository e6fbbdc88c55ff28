import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { CustomerId, FeatureKey, Instant, IsoDuration, LeaseId } from '@licet/domain';
import {
  DateTime,
  Duration,
  JsonObjectScalar,
  Quantity,
  RevisionScalar,
  type JsonObject,
} from '../../scalars/index.js';
import { DecisionType } from '../check/decision-type.js';

@ObjectType('QuotaLease', {
  simpleResolvers: true,
  description:
    'A block of units handed to one caller to spend without asking again; settled as spent when it expires.',
})
export class QuotaLeaseType {
  @Field(() => ID)
  id!: LeaseId;
  @Field(() => ID)
  customerId!: CustomerId;
  @Field(() => String)
  feature!: FeatureKey;
  @Field(() => Quantity, { description: 'May be less than asked for.' })
  quantity!: number;
  @Field(() => DateTime, { description: "Never after the window's end." })
  expiresAt!: Instant;
  @Field(() => RevisionScalar)
  revision!: string;
}

@ObjectType('QuotaLeaseResult', { simpleResolvers: true })
export class QuotaLeaseResultType {
  @Field(() => DecisionType)
  decision!: DecisionType;
  @Field(() => QuotaLeaseType, { nullable: true })
  lease!: QuotaLeaseType | null;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('LeaseQuotaInput')
export class LeaseQuotaInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => Quantity, { description: 'The most that is wanted.' })
  quantity!: number;
  @Field(() => Duration, { description: 'At most a year.' })
  ttl!: IsoDuration;
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
