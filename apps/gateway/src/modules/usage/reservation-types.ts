import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { CustomerId, FeatureKey, Instant, IsoDuration, ReservationId } from '@licet/domain';
import {
  DateTime,
  Duration,
  JsonObjectScalar,
  Quantity,
  RevisionScalar,
  type JsonObject,
} from '../../scalars/index.js';
import { DecisionType } from '../check/decision-type.js';

@ObjectType('Reservation', { simpleResolvers: true })
export class ReservationType {
  @Field(() => ID)
  id!: ReservationId;
  @Field(() => ID)
  customerId!: CustomerId;
  @Field(() => String)
  feature!: FeatureKey;
  @Field(() => Quantity)
  quantity!: number;
  @Field(() => DateTime)
  expiresAt!: Instant;
}

@ObjectType('ReservationResult', { simpleResolvers: true })
export class ReservationResultType {
  @Field(() => DecisionType)
  decision!: DecisionType;
  @Field(() => ReservationType, { nullable: true })
  reservation!: ReservationType | null;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('ReserveInput')
export class ReserveInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => Quantity, { defaultValue: 1 })
  quantity!: number;
  @Field(() => Duration, { description: 'At most a day.' })
  ttl!: IsoDuration;
  @Field(() => String)
  idempotencyKey!: string;
  @Field(() => JsonObjectScalar, { nullable: true })
  context?: JsonObject | null;
  @Field(() => ID, {
    nullable: true,
    description: 'The person who reserves, where the feature needs a seat.',
  })
  memberId?: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'The machine that reserves, where the licence is bound to machines.',
  })
  fingerprint?: string | null;
}
