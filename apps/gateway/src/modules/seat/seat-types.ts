import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import type { OwnedSeat } from '@licet/database';
import {
  type CustomerId,
  type FeatureKey,
  type Instant,
  type IsoDuration,
  type MemberId,
  type SeatId,
  type SeatKind,
  withOneEnd,
} from '@licet/domain';
import { DateTime, Duration, RevisionScalar } from '../../scalars/index.js';
import { DecisionType } from '../check/decision-type.js';
import { connectionTypes } from '../connection/connection-types.js';

export const SeatKindEnum = { NAMED: 'NAMED', FLOATING: 'FLOATING' } as const satisfies Record<
  SeatKind,
  SeatKind
>;
registerEnumType(SeatKindEnum, { name: 'SeatKind' });

@ObjectType('Seat', {
  simpleResolvers: true,
  description: "Held in the customer's one pool for the feature, whatever sold it.",
})
export class SeatType {
  @Field(() => ID)
  id!: SeatId;
  @Field(() => ID)
  customerId!: CustomerId;
  @Field(() => String)
  feature!: FeatureKey;
  @Field(() => SeatKindEnum)
  kind!: SeatKind;
  @Field(() => ID)
  memberId!: MemberId;
  @Field(() => DateTime)
  assignedAt!: Instant;
  @Field(() => DateTime, { nullable: true })
  leaseExpiresAt!: Instant | null;
}

export function toSeat({ seat, customerId }: OwnedSeat): SeatType {
  const { id, feature, kind, memberId, assignedAt, leaseExpiresAt } = withOneEnd(seat);
  return { id, customerId, feature, kind, memberId, assignedAt, leaseExpiresAt };
}

export const SeatConnectionType = connectionTypes('Seat', SeatType, { counted: true });

@ObjectType('SeatResult', { simpleResolvers: true })
export class SeatResultType {
  @Field(() => DecisionType)
  decision!: DecisionType;
  @Field(() => SeatType, { nullable: true })
  seat!: SeatType | null;
  @Field(() => RevisionScalar)
  revision!: string;
}

@InputType('SeatInput')
export class SeatInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => ID)
  memberId!: string;
}

@InputType('LeaseSeatInput')
export class LeaseSeatInput {
  @Field(() => ID)
  customerId!: string;
  @Field(() => String)
  feature!: string;
  @Field(() => ID)
  memberId!: string;
  @Field(() => Duration, { nullable: true, description: "The feature's, where left out." })
  ttl?: IsoDuration | null;
  @Field(() => String, {
    nullable: true,
    description: 'The machine asking, where the licence is bound to machines.',
  })
  fingerprint?: string | null;
}
